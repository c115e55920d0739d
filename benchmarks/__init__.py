"""Benchmarks: the same program under vlua, under PUC Lua 5.3 and as a twin written by hand in Python."""
