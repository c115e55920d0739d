"""The tests of vlua."""
