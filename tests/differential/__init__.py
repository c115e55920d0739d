"""Differential tests: the same text under vlua and under PUC Lua, with the same outcome."""
