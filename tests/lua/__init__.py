"""Lua tests written in Lua, with what they print in comments."""
