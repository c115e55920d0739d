"""The table library, on plain tables and on ones with metamethods."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlua.vm.call import values
from vlua.vm.errors import LimitReached, LuaError
from vlua.vm.lib.table import open_table
from vlua.vm.meter import Meter
from vlua.vm.state import State
from vlua.vm.table import LuaTable

MAX = 2**63 - 1
MIN = -(2**63)


@pytest.fixture
def library() -> dict[Any, Any]:
    return open_table(State()).hash


def listed(*items: Any) -> LuaTable:
    return LuaTable({key: item for key, item in enumerate(items, 1) if item is not None})


def proxied(*items: Any) -> tuple[LuaTable, list[tuple[Any, Any]]]:
    """An empty table that passes every access on, and the record of its writes."""
    inner = listed(*items)
    written: list[tuple[Any, Any]] = []

    def index(_: Any, key: Any) -> Any:
        return inner.get(key)

    def newindex(_: Any, key: Any, value: Any) -> Any:
        written.append((key, value))
        inner.set(key, value)
        return ()

    def length(*_: Any) -> Any:
        return inner.length()

    table = LuaTable()
    table.meta = LuaTable({"__index": index, "__newindex": newindex, "__len": length})
    return table, written


def elements(library: dict[Any, Any], table: LuaTable) -> list[Any]:
    return list(values(library["unpack"](table)))


def fails(message: str, function: Any, *args: Any) -> None:
    with pytest.raises(LuaError) as caught:
        function(*args)
    assert message in str(caught.value.value)


class TestInsertAndRemove:
    def test_append(self, library: dict[Any, Any]) -> None:
        table = listed()
        for item in ("a", None, "b"):
            assert library["insert"](table, item) == ()
        assert elements(library, table) == ["a", "b"]

    @pytest.mark.parametrize("plain", [True, False])
    @pytest.mark.parametrize("place", [1, 2, 3, 4])
    def test_insert_at(self, library: dict[Any, Any], plain: bool, place: int) -> None:
        table = listed(1, 2, 3) if plain else proxied(1, 2, 3)[0]
        library["insert"](table, place, "x")
        expected = [1, 2, 3]
        expected.insert(place - 1, "x")  # type: ignore[arg-type]
        assert elements(library, table) == expected

    @pytest.mark.parametrize("plain", [True, False])
    @pytest.mark.parametrize("place", [1, 2, 3])
    def test_remove_at(self, library: dict[Any, Any], plain: bool, place: int) -> None:
        table = listed(1, 2, 3) if plain else proxied(1, 2, 3)[0]
        assert library["remove"](table, place) == place
        assert elements(library, table) == [item for item in (1, 2, 3) if item != place]

    def test_long_shift(self, library: dict[Any, Any]) -> None:
        table = listed(*range(10_000))
        library["insert"](table, 1, "first")
        assert elements(library, table) == ["first", *range(10_000)]
        assert library["remove"](table, 1) == "first"
        assert elements(library, table) == list(range(10_000))

    def test_remove_at_the_ends(self, library: dict[Any, Any]) -> None:
        assert library["remove"](LuaTable({0: "zero"})) == "zero"
        table = listed(1)
        assert library["remove"](table, 2) is None
        assert library["remove"](table) == 1
        assert library["remove"](table) is None
        assert table.hash == {}

    def test_errors(self, library: dict[Any, Any]) -> None:
        insert, remove = library["insert"], library["remove"]
        fails("wrong number of arguments to 'insert'", insert, listed())
        fails("wrong number of arguments to 'insert'", insert, listed(), 1, 2, 3)
        fails("bad argument #2 to 'table.insert' (position out of bounds)", insert, listed(), 2, 1)
        fails("bad argument #2 to 'table.insert' (position out of bounds)", insert, listed(), 0, 1)
        fails("number expected, got string", insert, listed(), "x", 1)
        fails("table expected, got no value", insert)
        fails("bad argument #1 to 'table.remove' (position out of bounds)", remove, listed(1), 5)
        fails("table expected, got number", remove, 1)


class TestMove:
    @given(st.lists(st.integers(), max_size=9), st.integers(-3, 12), st.integers(-3, 12), st.integers(-3, 12))
    def test_like_moving_one_by_one(self, items: list[int], low: int, high: int, goal: int) -> None:
        library = open_table(State()).hash
        expected = dict(enumerate(items, 1))
        block = [expected.get(key) for key in range(low, high + 1)]
        for key, item in enumerate(block, goal):
            expected.pop(key, None)
            if item is not None:
                expected[key] = item
        plain = listed(*items)
        assert library["move"](plain, low, high, goal) is plain
        assert plain.hash == expected
        other = listed(*items)
        assert library["move"](listed(*items), low, high, goal, other) is other
        assert other.hash == expected

    def test_long_overlap(self, library: dict[Any, Any]) -> None:
        items = list(range(9_000))
        table = library["move"](listed(*items), 1, 9_000, 11)
        assert elements(library, table) == items[:10] + items
        table = library["move"](listed(*items), 11, 9_000, 1)
        assert elements(library, table) == items[10:] + items[-10:]

    def test_fringes(self, library: dict[Any, Any]) -> None:
        move = library["move"]
        assert move(LuaTable({MAX: 100}), MAX, MAX, MIN).hash == {MIN: 100, MAX: 100}
        assert move(LuaTable({MIN: 100}), MIN, MIN, MAX).hash == {MIN: 100, MAX: 100}

    def test_errors(self, library: dict[Any, Any]) -> None:
        move = library["move"]
        fails("too many elements to move", move, listed(), 0, MAX, 1)
        fails("too many elements to move", move, listed(), MIN, MAX, 1)
        fails("destination wrap around", move, listed(), 1, MAX, 2)
        fails("destination wrap around", move, listed(), 1, 2, MAX)
        fails("table expected, got number", move, 1, 2, 3, 4)

    def test_charged(self) -> None:
        library = open_table(State(Meter(instructions=100_000))).hash
        with pytest.raises(LimitReached):
            library["move"](listed(1), 1, 2**62, 2)


class TestConcat:
    def test_values(self, library: dict[Any, Any]) -> None:
        concat = library["concat"]
        assert concat(listed()) == ""
        assert concat(listed("a", 1, 2.0), ", ") == "a, 1, 2.0"
        assert concat(listed("a", "b", "c"), "-", 2) == "b-c"
        assert concat(listed("a", "b", "c"), 0, 1, 2) == "a0b"
        assert concat(listed("a"), "x", 2, 1) == ""
        assert concat(LuaTable({MAX: "z", MAX - 1: "y"}), "", MAX - 1, MAX) == "yz"
        assert concat(proxied("a", "b")[0], ",") == "a,b"
        assert concat(listed(*"x" * 10_000), "") == "x" * 10_000

    def test_errors(self, library: dict[Any, Any]) -> None:
        concat = library["concat"]
        fails("invalid value (nil) at index 1 in table for 'concat'", concat, listed(), "", 1, 2**53)
        fails("invalid value (table) at index 2 in table for 'concat'", concat, listed(1, listed()))
        fails("invalid value (boolean) at index 1 in table for 'concat'", concat, listed(True))
        fails("invalid value (nil) at index -2147483648", concat, listed(), "", 2**31, 2**53)
        fails("table expected, got string", concat, "x")

    def test_limits(self) -> None:
        state = State(Meter(instructions=100_000))
        library = open_table(state).hash
        table = listed("x" * 1_000_000, "x" * 1_000_000)
        with pytest.raises(LimitReached):
            library["concat"](table)


class TestPackAndUnpack:
    def test_round_trip(self, library: dict[Any, Any]) -> None:
        table = library["pack"](1, None, 3, None)
        assert table.hash == {1: 1, 3: 3, "n": 4}
        assert library["unpack"](table, 1, 4) == (1, None, 3, None)
        assert library["pack"]().hash == {"n": 0}
        assert library["unpack"](LuaTable({MIN: 1}), MIN, MIN + 1) == (1, None)
        assert library["unpack"](proxied(1, 2)[0]) == (1, 2)
        assert library["unpack"](listed(1), MAX, MIN) == ()

    @pytest.mark.parametrize(("low", "high"), [(0, 2**31), (1, MAX), (MIN, MAX), (1, 10**6)])
    def test_too_many(self, library: dict[Any, Any], low: int, high: int) -> None:
        fails("too many results to unpack", library["unpack"], listed(), low, high)


class TestSort:
    @given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False))))
    def test_numbers(self, items: list[Any]) -> None:
        library = open_table(State()).hash
        table = listed(*items)
        library["sort"](table)
        assert elements(library, table) == sorted(items)

    @given(st.lists(st.text(st.characters(max_codepoint=255))))
    def test_strings(self, items: list[str]) -> None:
        library = open_table(State()).hash
        table = listed(*items)
        library["sort"](table)
        assert elements(library, table) == sorted(items, key=lambda item: item.encode("latin-1"))

    @given(st.lists(st.integers(0, 30), max_size=300))
    def test_with_a_function(self, items: list[int]) -> None:
        library = open_table(State()).hash
        table = listed(*items)
        library["sort"](table, lambda left, right: left > right)
        assert elements(library, table) == sorted(items, reverse=True)

    @given(st.lists(st.integers(), max_size=40), st.randoms(use_true_random=False))
    def test_nonsense_order_never_crashes(self, items: list[int], random: Any) -> None:
        library = open_table(State()).hash
        table = listed(*items)
        with suppress(LuaError):
            library["sort"](table, lambda *_: random.random() < 0.5)
        assert sorted(elements(library, table)) == sorted(items)

    @pytest.mark.parametrize("size", [4, 5, 6])
    def test_invalid_order(self, library: dict[Any, Any], size: int) -> None:
        fails("invalid order function for sorting", library["sort"], listed(*range(size)), lambda *_: True)

    def test_many_equal(self, library: dict[Any, Any]) -> None:
        library["sort"](listed(*[False] * 3_000), lambda *_: None)

    def test_metamethods(self, library: dict[Any, Any]) -> None:
        table, written = proxied(3, 1, 2)
        library["sort"](table)
        assert elements(library, table) == [1, 2, 3]
        assert {key for key, _ in written} == {1, 2, 3}

    def test_lt_metamethod(self, library: dict[Any, Any]) -> None:
        meta = LuaTable({"__lt": lambda left, right: left.get("v") < right.get("v")})
        items = [LuaTable({"v": value}) for value in (3, 1, 2)]
        for item in items:
            item.meta = meta
        table = listed(*items)
        library["sort"](table)
        assert [item.get("v") for item in elements(library, table)] == [1, 2, 3]

    def test_nan_does_not_crash(self, library: dict[Any, Any]) -> None:
        with suppress(LuaError):
            library["sort"](listed(2.0, float("nan"), 1.0, 3.0, float("nan"), 0.5))

    def test_errors(self, library: dict[Any, Any]) -> None:
        fails("attempt to compare", library["sort"], listed(1, "x"))
        fails("attempt to compare", library["sort"], listed(1, True))
        fails("function expected, got number", library["sort"], listed(1, 2), 1)
        huge = LuaTable()
        huge.meta = LuaTable({"__len": lambda *_: MAX})
        fails("array too big", library["sort"], huge)
        huge.meta = LuaTable({"__len": lambda *_: "abc"})
        fails("object length is not an integer", library["sort"], huge)
        huge.meta = LuaTable({"__len": lambda *_: -1})
        library["sort"](huge, lambda *_: True)

    def test_charged_before_it_starts(self) -> None:
        library = open_table(State(Meter(instructions=10_000))).hash
        huge = LuaTable()
        huge.meta = LuaTable({"__len": lambda *_: 2**30})
        with pytest.raises(LimitReached):
            library["sort"](huge)

    def test_comparator_ends_with_the_limit(self) -> None:
        state = State()
        library = open_table(state).hash

        def order(*_: Any) -> Any:
            raise LimitReached("instructions", 1)

        with pytest.raises(LimitReached):
            library["sort"](listed(1, 2, 3), order)
        assert state.non_yieldable == 0

    def test_nested(self, library: dict[Any, Any]) -> None:
        def order(left: Any, right: Any) -> Any:
            library["sort"](listed(2, 1))
            return left < right

        table = listed(3, 2, 1)
        library["sort"](table, order)
        assert elements(library, table) == [1, 2, 3]
