"""The official test suite of Lua 5.3.6, run unchanged inside the virtual machine room."""
