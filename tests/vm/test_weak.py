"""Weak tables lose what only they hold, when garbage is collected."""

from __future__ import annotations

from typing import Any

import pytest

from vlua.vm.meter import Meter
from vlua.vm.table import LuaTable
from vlua.vm.weak import WeakTables


@pytest.fixture
def weak() -> WeakTables:
    return WeakTables(Meter().charge)


def table_of(weak: WeakTables, mode: str, entries: dict[Any, Any]) -> LuaTable:
    table = LuaTable(entries)
    table.meta = LuaTable({"__mode": mode})
    weak.watch(table)
    return table


def test_values(weak: WeakTables) -> None:
    kept = LuaTable()
    table = table_of(weak, "v", {1: LuaTable(), 2: kept, "text": "stays", LuaTable(): 7})
    weak.collect()
    assert set(map(str, table.hash.values())) == {str(kept), "stays", "7"}
    assert 1 not in table.hash


def test_keys_and_ephemerons(weak: WeakTables) -> None:
    kept = LuaTable()
    gone = LuaTable()
    value = LuaTable({1: gone})
    table = table_of(weak, "k", {gone: value, kept: LuaTable({1: kept}), "x": LuaTable()})
    del gone, value
    weak.collect()
    assert list(table.hash) == [kept, "x"]
    assert table.hash[kept].hash == {1: kept}
    assert kept.hash == {}


def test_chain_of_ephemerons(weak: WeakTables) -> None:
    first, second = LuaTable(), LuaTable()
    table = table_of(weak, "k", {first: second, second: "end"})
    del second
    weak.collect()
    assert len(table.hash) == 2
    del first
    weak.collect()
    assert not table.hash


def test_one_key_in_several_tables(weak: WeakTables) -> None:
    key = LuaTable()
    tables = [table_of(weak, "k", {key: number}) for number in range(3)]
    weak.collect()
    assert [table.hash[key] for table in tables] == [0, 1, 2]
    assert key.hash == {}


def test_both_and_functions(weak: WeakTables) -> None:
    def kept() -> None: ...

    table = table_of(weak, "kv", {1: lambda: None, kept: kept, LuaTable(): 1})
    weak.collect()
    assert table.hash == {kept: kept}


def test_strong_tables_are_left_alone(weak: WeakTables) -> None:
    table = table_of(weak, "", {1: LuaTable()})
    weak.collect()
    assert 1 in table.hash
