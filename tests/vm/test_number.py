"""Numbers as text against PUC Lua: ``tonumber``, ``tostring``, ``math.tointeger`` and the float formats."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vm.number import (
    MAX_INTEGER,
    MIN_INTEGER,
    float_to_integer,
    format_float,
    number_text,
    parse_number,
    to_integer,
    to_number,
    wrap,
)

lupa = pytest.importorskip("lupa.lua53")

NUMERAL_CHARACTERS = "0123456789abcdefxXpPeE+-. \t\n\v\f\r\0nNiI_\xa0\x85\xb2\xbd"


@pytest.fixture(scope="module")
def puc() -> Any:
    return lupa.LuaRuntime(encoding="latin-1")


def describe(value: Any) -> str:
    """A value with its type and, for floats, its exact bits (all NaN alike)."""
    if type(value) is float:
        return "nan" if value != value else value.hex()
    return f"{type(value).__name__} {value}"


NUMERALS = [
    *("0", "-0", "+0", "1", "-1", "007", " 12 ", "\t1\n", "1 2", "", " ", "+", "-", "+-1", "- 1", "1_000"),
    *("0x", "0X1", "-0x1", "0x1g", "0xg", "0x.8", "0x8.", "0x.", "0x1p4", "0x1P-4", "0x1p", "0x1p+", "0xA.8p1", "0x-1"),
    *("1.", ".5", ".", "1e5", "1E+5", "1e-5", "1e", "1e+", "e5", "1.5.5", "1e5.5", "1e5e5", "0x1e5", "0x.p1"),
    *("inf", "-inf", "nan", "NaN", "infinity", "0xinf", "1\0", "\0", "1\0002"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
    *("0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "0x1ffffffffffffffff", "-0xffffffffffffffff"),
    *("1e308", "1e309", "-1e309", "5e-324", "1e-400", "0x1p1023", "0x1p1024", "-0x1p1024", "0x1p-1074", "0x1p-1075"),
    *("0x1.8p-1075", "0x1p-2000", "0x0p99999999999999999999", "0x1p99999999999999999999", "0x1p-99999999999999999999"),
    *("1e99999999999999999999", "1e-99999999999999999999", "0e99999999999999999999"),
    *("0" * 40 + "7", "0x" + "0" * 300 + "1", "1" * 400, "0." + "0" * 400 + "1", "0x" + "f" * 300 + ".0"),
    *("\xa01", "1\x85", "\x1c1", "\xb2", "1\xb2", "\xbd"),
]


@pytest.mark.parametrize("text", NUMERALS)
def test_parse_number_like_puc(puc: Any, text: str) -> None:
    assert describe(parse_number(text)) == describe(puc.globals().tonumber(text))


@settings(max_examples=400, deadline=None)
@given(st.text(NUMERAL_CHARACTERS, max_size=12))
def test_parse_number_like_puc_for_any_text(text: str) -> None:
    assert describe(parse_number(text)) == describe(RUNTIME.globals().tonumber(text))


RUNTIME = lupa.LuaRuntime(encoding="latin-1")
BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
FLOATS = st.one_of(
    st.floats(), BITS, st.integers(-(10**17), 10**17).map(float), st.integers(-99, 99).map(lambda n: n / 7)
)


def test_huge_numerals_are_quick() -> None:
    assert parse_number("9" * 1_000_000) == math.inf
    assert parse_number("0x" + "f" * 1_000_000) == -1
    assert parse_number("0x" + "f" * 1_000_000 + "p0") == math.inf
    assert parse_number(" " * 1_000_000 + "x") is None
    assert parse_number("1" * 1_000_000 + "x") is None
    assert parse_number("0." + "0" * 1_000_000 + "1") == 0.0


@settings(max_examples=300, deadline=None)
@given(FLOATS)
def test_number_text_like_puc(value: float) -> None:
    expected = RUNTIME.globals().tostring(value)
    text = number_text(value)
    if value != value:
        text, expected = text.lstrip("-"), expected.lstrip("-")
    assert text == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1e14, "1e+14"),
        (1e15, "1e+15"),
        (99999999999999.0, "99999999999999.0"),
        (3.0000000000000004, "3.0"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.copysign(math.nan, 1), "nan"),
        (math.copysign(math.nan, -1), "-nan"),
        (MIN_INTEGER, "-9223372036854775808"),
        (0.1, "0.1"),
        (2.0**63, "9.2233720368548e+18"),
    ],
)
def test_number_text(value: float, text: str) -> None:
    assert number_text(value) == text


@given(st.integers(-(2**200), 2**200))
def test_wrap_is_twos_complement(value: int) -> None:
    wrapped = wrap(value)
    assert MIN_INTEGER <= wrapped <= MAX_INTEGER
    assert (wrapped - value) % 2**64 == 0


@pytest.mark.parametrize(
    ("value", "integer"),
    [
        (3.0, 3),
        (-0.0, 0),
        (3.5, None),
        (2.0**63, None),
        (-(2.0**63), MIN_INTEGER),
        (math.nextafter(2.0**63, 0), 2**63 - 1024),
        (math.inf, None),
        (math.nan, None),
    ],
)
def test_float_to_integer(value: float, integer: int | None) -> None:
    assert float_to_integer(value) == integer
    assert to_integer(value) == integer


@pytest.mark.parametrize(
    ("value", "integer"),
    [(7, 7), ("7", 7), ("7.0", 7), ("0x10", 16), ("7.5", None), ("x", None), (True, None), (None, None), ("1e2", 100)],
)
def test_to_integer(value: Any, integer: int | None) -> None:
    assert to_integer(value) == integer


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), (1.5, 1.5), ("1.5", 1.5), (True, None), (None, None), ((), None)]
)
def test_to_number(value: Any, number: float | None) -> None:
    assert to_number(value) == number


@settings(max_examples=600, deadline=None)
@given(
    FLOATS,
    st.text("-+ #0", max_size=3),
    st.one_of(st.just(0), st.integers(1, 40)),
    st.one_of(st.none(), st.integers(0, 30)),
    st.sampled_from("eEfgGaA"),
)
def test_format_float_like_puc(value: float, flags: str, width: int, precision: int | None, conversion: str) -> None:
    spec = f"%{flags}{width or ''}{'' if precision is None else f'.{precision}'}{conversion}"
    expected = RUNTIME.globals().string.format(spec, value)
    text = format_float(flags, width, precision, conversion, value)
    if value != value:
        text, expected = text.replace("-", " "), expected.replace("-", " ")
        text, expected = text.replace("+", " "), expected.replace("+", " ")
        text, expected = text.strip(), expected.strip()
    assert text == expected
