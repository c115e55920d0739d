"""``string.pack``, ``packsize`` and ``unpack`` against PUC Lua."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Check = Callable[..., None]

MIN, MAX = -(2**63), 2**63 - 1
BYTES = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=24)
INTEGERS = st.one_of(st.integers(-300, 300), st.integers(MIN, MAX), st.sampled_from([0, -1, MIN, MAX, 2**31, 2**32]))
SIZE = st.one_of(st.just(""), st.integers(1, 16).map(str))
INTEGER_OPTIONS = st.one_of(st.sampled_from("bBhHlLjJT"), st.tuples(st.sampled_from("iI"), SIZE).map("".join))
OPTIONS = st.one_of(
    INTEGER_OPTIONS,
    st.sampled_from(["<", ">", "=", " ", "f", "d", "n", "z", "x", "Xi4", "Xd", "Xi16", "c0", "c3", "c10", "!", "!4"]),
    st.tuples(st.sampled_from("s!X"), SIZE).map("".join),
)
FORMATS = st.lists(OPTIONS, max_size=6).map("".join)


@settings(max_examples=500, deadline=None)
@given(order=st.sampled_from(["", "<", ">", "=", "!", "!4>", "!8<", "!2"]), option=INTEGER_OPTIONS, value=INTEGERS)
def test_integers(same: Check, puc: Callable[..., Any], order: str, option: str, value: int) -> None:
    text = f"{order}b{option}"
    same("string.pack", text, 1, value)
    same("string.packsize", text)
    outcome = puc("string.pack", text, 1, value)
    if outcome[0] == "results":
        same("string.unpack", text, outcome[1][1])


@settings(max_examples=300, deadline=None)
@given(text=st.sampled_from(["f", "d", "n", ">f", ">d", "!bd", "!>bf"]), value=st.floats(allow_nan=False))
def test_floats(same: Check, text: str, value: float) -> None:
    args = (1, value) if "b" in text else (value,)
    same("string.pack", text, *args)


@pytest.mark.parametrize("value", [3.4028235677973366e38, 3.4028234663852886e38, -1e300, 1e-50, 5e-324, -0.0])
def test_single_precision(same: Check, value: float) -> None:
    same("string.pack", "<f", value)


@settings(max_examples=500, deadline=None)
@given(text=FORMATS, args=st.lists(st.one_of(INTEGERS, BYTES, st.floats(allow_nan=False), st.none()), max_size=6))
def test_pack(same: Check, text: str, args: list[Any]) -> None:
    same("string.pack", text, *args)
    same("string.packsize", text)


@settings(max_examples=700, deadline=None)
@given(text=FORMATS, data=BYTES, init=st.one_of(st.integers(-30, 30), st.none(), st.sampled_from([MIN, MAX])))
def test_unpack(same: Check, text: str, data: str, init: int | None) -> None:
    # a size read from the data may make PUC add beyond its size_t, and read where it should not
    if not any(letter in text for letter in "s"):
        same("string.unpack", text, data, init)


@settings(max_examples=200, deadline=None)
@given(text=st.sampled_from(["s1", "s2", ">s2", "s4", "s1z", "zs1", "bs2"]), data=BYTES)
def test_unpack_strings(same: Check, text: str, data: str) -> None:
    same("string.unpack", text, data)


@settings(max_examples=400, deadline=None)
@given(text=st.text("bBhHlLjJTfdniIsczxX<>=! 0123456789q\0\xe9", max_size=6), args=st.lists(INTEGERS, max_size=3))
def test_any_format(same: Check, text: str, args: list[Any]) -> None:
    if "c" not in text:
        same("string.pack", text, *args)
        same("string.packsize", text)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("pack", ("i0", 1)),
        ("pack", ("i17", 1)),
        ("pack", ("i99999999999999", 1)),
        ("pack", ("!17", 1)),
        ("pack", ("c", "x")),
        ("pack", ("c3", "long")),
        ("pack", ("z", "a\0b")),
        ("pack", ("s1", "x" * 256)),
        ("pack", ("b", 128)),
        ("pack", ("B", -1)),
        ("pack", ("B", 256)),
        ("pack", ("i7", 2**55)),
        ("pack", ("J", -1)),
        ("pack", ("I16", -1)),
        ("pack", ("i16", -1)),
        ("pack", ("!3i3", 1)),
        ("pack", ("!4i3", 1)),
        ("pack", ("X",)),
        ("pack", ("XX",)),
        ("pack", ("Xz",)),
        ("pack", ("Xc1",)),
        ("pack", ("X i4",)),
        ("pack", ("!bXi8", 1)),
        ("pack", ("b\0q", 1)),
        ("pack", ("\xe9", 1)),
        ("pack", ("r",)),
        ("pack", ("i4", "x")),
        ("pack", ("i4",)),
        ("pack", ("i4", 1.5)),
        ("pack", ("d", "0x10")),
        ("pack", (5,)),
        ("packsize", ("s",)),
        ("packsize", ("z",)),
        ("packsize", ("c2147483647",)),
        ("packsize", ("c2147483647b",)),
        ("packsize", ("c214748364c214748364" * 6,)),
        ("unpack", ("i4", "abc")),
        ("unpack", ("z", "abc")),
        ("unpack", ("zz", "abc")),
        ("unpack", ("z", "abc\0def", 5)),
        ("unpack", ("s4", "\5\0\0\0abc")),
        ("unpack", ("", "abc", 4)),
        ("unpack", ("", "abc", 5)),
        ("unpack", ("", "abc", 0)),
        ("unpack", ("", "abc", -1)),
        ("unpack", ("", "abc", -4)),
        ("unpack", ("i9", "\0" * 8 + "\1")),
        ("unpack", ("i9", "\xff" * 9)),
        ("unpack", ("I9", "\xff" * 9)),
        ("unpack", ("I9", "\xff" * 8 + "\0")),
        ("unpack", ("i9", "\xff" * 8 + "\0")),
        ("unpack", (">i16", "\xff" * 16)),
    ],
)
def test_corner(same: Check, name: str, args: tuple[Any, ...]) -> None:
    same(f"string.{name}", *args)


def test_absurd_string_length(ours: Callable[..., Any]) -> None:
    assert ours("string.unpack", "s8", "\xff" * 12) == ("error", "bad argument #2 to '?' (data string too short)")


@pytest.mark.parametrize("text", ["bhij", "!bhij", ">!8bxXdz", "<!4 i3 Xi4 b"])
def test_alignment_round_trip(same: Check, puc: Callable[..., Any], text: str) -> None:
    args = (1, 2, 3, 4) if text.endswith("bhij") else (1, "z") if "z" in text else (1, 2)
    same("string.pack", text, *args)
    same("string.unpack", text, puc("string.pack", text, *args)[-1][1])
