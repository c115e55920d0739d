"""The ``utf8`` library against PUC Lua."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vm.call import values
from vlua.vm.errors import LuaError
from vlua.vm.state import State

Check = Callable[..., None]

MIN, MAX = -(2**63), 2**63 - 1
VALID = st.text(st.characters(exclude_categories=()), max_size=8).map(
    lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1")
)
SEQUENCES = (
    "61 00 7f 80 bf c080 c1bf c280 dfbf e08080 e0a080 eda080 efbfbf f0808080 f0908080 f48fbfbf f4908080 f888808080"
    " fc8480808080 fe ff e282 c3 f09f98"
)
FRAGMENTS = st.lists(
    st.sampled_from([bytes.fromhex(digits).decode("latin-1") for digits in SEQUENCES.split()]), max_size=6
).map("".join)
BYTES = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=10)
TEXTS = st.one_of(VALID, FRAGMENTS, BYTES)
POSITIONS = st.one_of(st.integers(-14, 14), st.sampled_from([MIN, MAX, None]))


@settings(max_examples=500, deadline=None)
@given(text=TEXTS, start=POSITIONS, end=POSITIONS)
def test_len_and_codepoint(same: Check, text: str, start: int | None, end: int | None) -> None:
    same("utf8.len", text, start, end)
    same("utf8.codepoint", text, start, end)
    same("utf8.len", text)
    same("utf8.codepoint", text, 1, -1)


@settings(max_examples=500, deadline=None)
@given(text=TEXTS, count=st.integers(-10, 10), start=POSITIONS)
def test_offset(same: Check, text: str, count: int, start: int | None) -> None:
    same("utf8.offset", text, count, start)
    same("utf8.offset", text, count)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, position=st.one_of(POSITIONS, st.just("x"), st.just("2"), st.just(1.5), st.just(2.0)))
def test_iterator_of_codes(state: State, text: str, position: Any) -> None:
    lupa = pytest.importorskip("lupa.lua53")
    theirs = lupa.LuaRuntime(encoding="latin-1").eval("function(s, i) return pcall((utf8.codes('')), s, i) end")
    step = values(state.globals.get("utf8").get("codes")(""))[0]
    expected = theirs(text, position)
    try:
        result: Any = (True, *values(step(text, position)))
    except LuaError as error:
        result = (False, error.value)
    assert result == (expected if isinstance(expected, tuple) else (expected,))


@settings(max_examples=100, deadline=None)
@given(
    codes=st.lists(
        st.one_of(st.integers(0, 0x10FFFF), st.sampled_from([-1, 0x110000, MAX, 1.0, "65", "x"])), max_size=4
    )
)
def test_char(same: Check, codes: list[Any]) -> None:
    same("utf8.char", *codes)


@pytest.mark.parametrize("code", [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xDFFF, 0xFFFF, 0x10000, 0x10FFFF])
def test_boundaries(same: Check, puc: Callable[..., Any], code: int) -> None:
    same("utf8.char", code)
    same("utf8.codepoint", puc("utf8.char", code)[1][1])


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("len", ()),
        ("len", ("abc", 5)),
        ("len", ("abc", 0)),
        ("len", ("abc", 4)),
        ("len", ("abc", 1, 4)),
        ("codepoint", ("abc", 4)),
        ("codepoint", ("abc", 0)),
        ("codepoint", ("",)),
        ("offset", ("abc",)),
        ("offset", ("abc", 1, 5)),
        ("offset", ("\x80", 1)),
        ("codes", ()),
        ("char", (None,)),
    ],
)
def test_errors(same: Check, name: str, args: tuple[Any, ...]) -> None:
    same(f"utf8.{name}", *args)


def test_charpattern(state: State) -> None:
    assert state.globals.get("utf8").get("charpattern") == "[\0-\x7f\xc2-\xf4][\x80-\xbf]*"
