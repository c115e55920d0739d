"""``string.format`` against PUC Lua."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vm.state import State
from vlua.vm.table import LuaTable

Check = Callable[..., None]

MIN, MAX = -(2**63), 2**63 - 1
BYTES = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=20)
INTEGERS = st.one_of(st.integers(-300, 300), st.integers(MIN, MAX), st.sampled_from([0, MIN, MAX]))
NUMBERS = st.one_of(INTEGERS, st.floats(allow_nan=False))
FLAGS = st.text("-+ #0", max_size=3)
WIDTH = st.one_of(st.just(""), st.integers(1, 30).map(str))
PRECISION = st.one_of(st.just(""), st.just("."), st.integers(0, 25).map(lambda places: f".{places}"))


def specification(letters: str) -> st.SearchStrategy[str]:
    return st.tuples(st.just("%"), FLAGS, WIDTH, PRECISION, st.sampled_from(letters)).map("".join)


@settings(max_examples=600, deadline=None)
@given(text=specification("diouxXc"), value=INTEGERS)
def test_integers(same: Check, text: str, value: int) -> None:
    same("string.format", f"[{text}]", value)


@settings(max_examples=600, deadline=None)
@given(text=specification("eEfgGaA"), value=NUMBERS)
def test_floats(same: Check, text: str, value: float) -> None:
    same("string.format", f"[{text}]", value)


@settings(max_examples=400, deadline=None)
@given(text=specification("sq"), value=st.one_of(BYTES, NUMBERS, st.booleans(), st.none(), st.just("x" * 120)))
def test_strings(same: Check, text: str, value: Any) -> None:
    same("string.format", f"[{text}]", value)


@settings(max_examples=600, deadline=None)
@given(
    text=st.lists(
        st.one_of(specification("dsfgqxc%"), BYTES, st.text("%-+ #0123456789.dsqfgxaciuopnFl\0", max_size=6)),
        max_size=5,
    ).map("".join),
    args=st.lists(st.one_of(BYTES, NUMBERS, st.none(), st.booleans()), max_size=4),
)
def test_any_format(same: Check, text: str, args: list[Any]) -> None:
    same("string.format", text, *args)


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("", ()),
        ("%%", ()),
        ("%", ()),
        ("%", (1,)),
        ("%d", ()),
        ("%y", ()),
        ("%y", (1,)),
        ("%\xe9", (1,)),
        ("%\n", (1,)),
        ("%10", (1,)),
        ("%5%", (1,)),
        ("%100d", (1,)),
        ("%.100d", (1,)),
        ("%099.99d", (1,)),
        ("%-+ #0d", (1,)),
        ("%-+ #0-d", (1,)),
        ("%00000d", (1,)),
        ("%d", ("3",)),
        ("%d", ("3.0",)),
        ("%d", (3.5,)),
        ("%d", ("3.5",)),
        ("%d", ("x",)),
        ("%d", (None,)),
        ("%d", (True,)),
        ("%f", ("0x10",)),
        ("%f", ("x",)),
        ("%s %s", (1,)),
        ("%s", (1.0,)),
        ("%s", (None,)),
        ("%10s", ("a\0b",)),
        ("%s", ("a\0b",)),
        ("%.3s", ("a" * 200,)),
        ("%110s", ("a",)),
        ("%50s", ("a" * 99,)),
        ("%50s", ("a" * 100,)),
        ("%q", (float("inf"),)),
        ("%q", (-0.0,)),
        ("%q", (MIN,)),
        ("%q", ('\r\n\0001\x7f\x80"\\',)),
        ("%5.1f|%5d|%-5s|", (float("inf"), 3, "x")),
        ("%05d%05.1f", (3, float("-inf"))),
        ("%.99f", (1e308,)),
        ("%99.99f", (-1e308,)),
        ("{0} {} %(x)s %s {0.__class__}", ("%s{0}",)),
        ("%%d %s%%", ("%d",)),
    ],
)
def test_corner(same: Check, text: str, args: tuple[Any, ...]) -> None:
    same("string.format", text, *args)


def test_every_letter(same: Check) -> None:
    for code in range(256):
        for value in (1, "x"):
            same("string.format", f"%{chr(code)}", value)


def test_nan(ours: Callable[..., Any]) -> None:
    assert ours("string.format", "%5.1f|%G|%s", float("nan"), float("nan"), float("nan")) == (
        "results",
        ("str", "  nan|NAN|nan"),
    )


def test_no_literal_form(ours: Callable[..., Any]) -> None:
    assert ours("string.format", "%q", LuaTable()) == ("error", "bad argument #2 to '?' (value has no literal form)")


def test_tostring_is_called_once_for_each(state: State, ours: Callable[..., Any]) -> None:
    calls = []

    def tostring(value: Any, *_: Any) -> str:
        calls.append(value)
        return "text"

    value = LuaTable()
    value.meta = LuaTable({"__tostring": tostring})
    assert ours("string.format", "%s %5.1f %-6s|", value, float("inf"), value) == (
        "results",
        ("str", "text   inf text  |"),
    )
    assert calls == [value, value]


def test_tostring_must_return_a_string(ours: Callable[..., Any]) -> None:
    value = LuaTable()
    value.meta = LuaTable({"__tostring": lambda *_: None})
    assert ours("string.format", "%s", value) == ("error", "'__tostring' must return a string")
