"""The table library and table borders of sequences."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from tests.differential.judge import Judge
from tests.differential.values import literals, numbers

_SMALL = st.integers(-4, 8).map(str)
_ITEMS = st.lists(st.integers(-5, 5).map(str), max_size=6).map(lambda items: "{" + ", ".join(items) + "}")
# Any border will do where a table has several (manual 3.4.7): see that it is one, and print it for sequences only.
_BORDER = "local function border(t) local n = #t return (n == 0 or t[n] ~= nil) and t[n + 1] == nil end "
_SHOW = (
    _BORDER
    + "local function show(t) for i = -4, 12 do if t[i] ~= nil then print(i, t[i]) end end print(border(t)) end "
)


@given(items=_ITEMS, position=_SMALL, value=_SMALL)
def test_insert_and_remove(judge: Judge, items: str, position: str, value: str) -> None:
    judge.same(
        f"{_SHOW} local t = {items} print(pcall(table.insert, t, {position}, {value})) show(t)"
        f" print(pcall(table.remove, t, {position})) show(t) print(pcall(table.remove, t)) show(t)"
    )


@given(items=_ITEMS, first=_SMALL, last=_SMALL, target=_SMALL)
def test_move_unpack_concat(judge: Judge, items: str, first: str, last: str, target: str) -> None:
    judge.same(
        f"{_SHOW} local t = {items} print(table.unpack(t, {first}, {last}))"
        f" print(pcall(table.concat, t, '-', {first}, {last}))"
        f" print(pcall(function() show(table.move(t, {first}, {last}, {target})) end))"
        f" print(pcall(function() show(table.move(t, {first}, {last}, {target}, {{}})) end))"
    )


@given(items=st.lists(st.one_of(numbers, literals), max_size=8))
def test_sort(judge: Judge, items: list[str]) -> None:
    values = ", ".join(item for item in items if item not in ("(0 / 0)", "nil", "undefined"))
    # Equal numbers of different types may come in any order: show all of them as floats.
    shown = "for i = 1, ok and #t or 0 do print(tonumber(t[i]) and t[i] + 0.0 or t[i]) end return ok"
    judge.same(f"local t = {{{values}}} local ok, e = pcall(table.sort, t) {shown}")


@given(keys=st.lists(literals, max_size=6))
def test_keys(judge: Judge, keys: list[str]) -> None:
    stores = " ".join(f"print(pcall(rawset, t, {key}, {index})) print(t[{key}])" for index, key in enumerate(keys))
    judge.same(
        f"{_BORDER} local t = {{}} {stores} local n = 0 for k, v in pairs(t) do n = n + 1 print(t[k] == v) end"
        " return n, border(t)"
    )


@given(
    operations=st.lists(
        st.sampled_from(["t[#t + 1] = #t", "t[#t] = nil", "table.insert(t, 1, 0)", "table.remove(t, 1)"]), max_size=20
    )
)
def test_length_of_sequences(judge: Judge, operations: list[str]) -> None:
    judge.same("local t = {} " + " ".join(f"{operation} print(#t, t[#t])" for operation in operations))
