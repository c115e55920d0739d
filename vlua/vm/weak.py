"""Weak tables (manual §2.5.2), emptied when the script asks for a collection.

In: tables whose metatable has ``__mode``. Out: the same tables without the entries that only they kept alive.
Between collections a weak table holds on to its entries like any other; that costs nothing on any path.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple
from weakref import WeakSet, ref

from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

__all__ = ["WeakTables"]

# The field under which a key keeps its value alive during a collection; no Lua value is equal to it.
TIE = object()


class Entry(NamedTuple):
    """An entry taken out of a weak table: how to get at its key and its value, if they still exist."""

    table: LuaTable
    key: Callable[[], Any]
    value: Callable[[], Any]
    tied: bool


def collectable(value: Any) -> bool:
    """Whether a value is an object that can be removed from a weak table; strings and numbers never are."""
    return type(value) in (LuaTable, FunctionType) or isinstance(value, Userdata) or type(value).__name__ == "Coroutine"


def strong(value: Any) -> Callable[[], Any]:
    """A reference that keeps its value."""
    return lambda: value


class WeakTables:
    """The weak tables of one runtime."""

    def __init__(self, tick: Callable[[int], Any]) -> None:
        self.tick = tick
        self.tables: WeakSet[LuaTable] = WeakSet()

    def watch(self, table: LuaTable) -> None:
        """Remember a table that has been given a metatable with ``__mode``."""
        self.tables.add(table)

    def collect(self, full: bool = True) -> None:
        """Drop the entries whose weak keys or values are garbage; only ``full`` looks for garbage in cycles."""
        entries = [entry for table in list(self.tables) for entry in self.take_out(table)]
        if full:
            gc.collect()
        for entry in entries:
            key = entry.key()
            if entry.tied and key is not None:
                value = key.hash[TIE].pop(0)
                if not key.hash[TIE]:
                    del key.hash[TIE]
            else:
                value = entry.value()
            if key is not None and value is not None:
                entry.table.hash[key] = value

    def take_out(self, table: LuaTable) -> list[Entry]:
        """Empty a weak table; its entries with references as weak as its mode says."""
        mode = table.meta.hash.get("__mode") if table.meta is not None else None
        if type(mode) is not str or not ("k" in mode or "v" in mode):
            return []
        self.tick(len(table.hash))
        table.order = []
        entries = []
        for key, value in table.hash.items():
            weak_key = "k" in mode and collectable(key)
            weak_value = "v" in mode and collectable(value)
            # An ephemeron: its key alone keeps its value alive.
            tied = weak_key and not weak_value and type(key) is LuaTable
            if tied:
                key.hash.setdefault(TIE, []).append(value)
            entries.append(
                Entry(
                    table,
                    ref(key) if weak_key else strong(key),
                    ref(value) if weak_value else strong(None if tied else value),
                    tied,
                )
            )
        table.hash.clear()
        return entries
