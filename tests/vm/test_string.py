"""``string`` functions other than patterns and formats, against PUC Lua."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vm.call import values
from vlua.vm.errors import LimitReached, LuaError
from vlua.vm.lib.string import open_string
from vlua.vm.meter import Meter
from vlua.vm.state import State

Check = Callable[..., None]

ALL_BYTES = "".join(map(chr, range(256)))
MIN, MAX = -(2**63), 2**63 - 1

BYTES = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=20)
POSITIONS = st.one_of(st.integers(-25, 25), st.sampled_from([MIN, MIN + 1, MAX, MAX - 1]))
VALUES = st.one_of(
    BYTES,
    POSITIONS,
    st.none(),
    st.booleans(),
    st.floats(-30, 30).map(lambda value: round(value * 2) / 2),
    st.sampled_from(["1", " 0x10 ", "1e1", "1.5", "abc", "nan", 2.0**53, 2.0**63, float("inf"), float("nan")]),
)
FUNCTIONS = ["byte", "char", "len", "lower", "reverse", "sub", "upper", "rep"]


@pytest.mark.parametrize("name", ["lower", "upper", "reverse", "len"])
def test_all_bytes(same: Check, name: str) -> None:
    same(f"string.{name}", ALL_BYTES)
    for char in ALL_BYTES:
        same(f"string.{name}", char)


def test_byte_and_char_of_all_bytes(same: Check) -> None:
    same("string.byte", ALL_BYTES, 1, -1)
    same("string.char", *range(256))
    for code in range(-2, 258):
        same("string.char", 65, code)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(["sub", "byte"]), args=st.tuples(BYTES, POSITIONS, POSITIONS))
def test_ranges(same: Check, name: str, args: tuple[Any, ...]) -> None:
    same(f"string.{name}", *args)


@settings(max_examples=300, deadline=None)
@given(args=st.tuples(BYTES, st.integers(-3, 40), st.one_of(st.none(), BYTES)))
def test_rep(same: Check, args: tuple[Any, ...]) -> None:
    same("string.rep", *args)


@settings(max_examples=500, deadline=None)
@given(name=st.sampled_from(FUNCTIONS[:-1]), args=st.lists(VALUES, max_size=4))
def test_any_arguments(same: Check, name: str, args: list[Any]) -> None:
    same(f"string.{name}", *args)


@pytest.mark.parametrize(
    "args",
    [
        ("x", 2**31),
        ("x", MAX),
        ("xy", 2**30, ""),
        ("", MAX, "x"),
        ("x", 2**30, "x"),
        ("x", MIN),
        ("x", "3"),
        ("x", 1.5),
    ],
)
def test_rep_of_too_many(same: Check, args: tuple[Any, ...]) -> None:
    same("string.rep", *args)


def test_rep_of_nothing_is_quick(ours: Callable[..., Any]) -> None:
    assert ours("string.rep", "", MAX) == ("results", ("str", ""))


def test_byte_refuses_what_the_stack_cannot_hold(same: Check) -> None:
    same("string.byte", "x" * 1_200_000, 1, -1)


def test_dump_refuses(state: State, same: Check) -> None:
    same("string.dump", 1)
    dump = state.globals.get("string").get("dump")
    with pytest.raises(LuaError, match="unable to dump given function"):
        dump(dump)


def test_strings_have_the_library_as_metatable(state: State) -> None:
    meta = state.getmetatable("x")
    assert meta is not None
    assert meta is state.string_meta
    assert meta.get("__index") is state.globals.get("string")


def test_two_states_share_nothing() -> None:
    one, two = State(), State()
    assert open_string(one) is not open_string(two)
    assert one.string_meta is not two.string_meta


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("rep", ("x", 2**30)),
        ("rep", ("", 2, "x" * 2**24)),
        ("reverse", ("x" * 2**24,)),
        ("upper", ("x" * 2**24,)),
        ("sub", ("x" * 2**24, 2)),
        ("format", ("%s", "x" * 2**24)),
        ("format", ("%q", "\n" * 2**24)),
        ("pack", ("c2000000000", "")),
        ("pack", ("z", "x" * 2**24)),
        ("unpack", ("c16000000", "x" * 2**24)),
        ("gsub", ("x" * 2**22, "x", "y" * 400)),
        ("gsub", ("x" * 2**22, ".", "%0%0%0%0")),
        ("gsub", ("x" * 2**22, "", "-")),
        ("gsub", ("x" * 2**20, ".+", "%0" * 2**16)),
        ("find", ("x" * 2**22, "%w-y")),
        ("find", ("x" * 2**22, ".-.-.-y")),
        ("find", ("(" * 2**20, "%b()")),
        ("match", ("x" * 2**20, "^(x*)*y")),
        ("gmatch", ("x" * 2**22, "x*x*y")),
    ],
)
def test_work_is_charged_before_it_is_done(name: str, args: tuple[Any, ...]) -> None:
    state = State(Meter(instructions=20_000))
    function = open_string(state).get(name)

    def work() -> None:
        for _ in range(50):
            for result in values(function(*args)):
                if callable(result):
                    result()

    with pytest.raises(LimitReached):
        work()
