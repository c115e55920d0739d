"""Attacks on the sandbox, one file for each theme, named after the classes of the threat model."""
