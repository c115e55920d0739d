"""Lua's standard libraries that need nothing of the host (manual §6), one module each.

In: a ``State``. Out: the library's table, from the module's ``open_<name>(state)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["open_libraries"]


def open_libraries(state: State) -> None:
    """Open every library of this package in a state: globals, and entries of ``package.loaded``."""
    from vlua.vm.lib.base import open_base
    from vlua.vm.lib.coroutine import open_coroutine
    from vlua.vm.lib.debug import open_debug
    from vlua.vm.lib.math import open_math
    from vlua.vm.lib.string import open_string
    from vlua.vm.lib.table import open_table
    from vlua.vm.lib.utf8 import open_utf8

    loaded = state.registry.hash["_LOADED"].hash
    loaded["_G"] = open_base(state)
    for name, opener in (
        ("coroutine", open_coroutine),
        ("debug", open_debug),
        ("math", open_math),
        ("string", open_string),
        ("table", open_table),
        ("utf8", open_utf8),
    ):
        loaded[name] = state.globals.hash[name] = opener(state)
