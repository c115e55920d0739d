"""Lua's standard libraries that need nothing of the host (manual §6), one module each.

In: a ``State``. Out: the library's table, from the module's ``open_<name>(state)``.
"""
