"""Numbers to text and back: literals, tonumber, tostring, math functions."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from tests.differential.judge import Judge, quoted
from tests.differential.values import floats, literals, numbers

_NUMERAL = st.text("0123456789abcdefxXpPeE.+- _nif\t\n\0", max_size=12).map(lambda s: s.encode())
_SHAPED = st.from_regex(rb"\A[ \t]?[-+]?(0[xX])?[0-9a-fA-F]{0,20}(\.[0-9]{0,20})?([eEpP][-+]?[0-9]{1,4})?[ \n]?\Z")


@given(text=st.one_of(_NUMERAL, _SHAPED))
def test_tonumber(judge: Judge, text: bytes) -> None:
    judge.same(f"return tonumber({quoted(text)})")


@given(text=st.one_of(_NUMERAL, _SHAPED), base=st.integers(2, 36))
def test_tonumber_with_base(judge: Judge, text: bytes, base: int) -> None:
    judge.same(f"return tonumber({quoted(text)}, {base})")


@given(text=_SHAPED.filter(lambda t: b"\n" not in t))
def test_literals(judge: Judge, text: bytes) -> None:
    judge.same(f"return {text.decode()}")


@given(value=numbers)
def test_tostring_and_back(judge: Judge, value: str) -> None:
    judge.same(f"local v = {value} return tostring(v), v .. '', tonumber(tostring(v)), math.type(v)")


@given(value=floats, digits=st.integers(0, 20))
def test_rounding(judge: Judge, value: str, digits: int) -> None:
    judge.same(
        f"local v = {value} return ('%.{digits}g'):format(v), ('%.{digits}f'):format(v), ('%.{digits}e'):format(v)"
    )


@given(a=st.one_of(numbers, literals), b=st.one_of(numbers, literals))
def test_math_functions(judge: Judge, a: str, b: str) -> None:
    names = "floor ceil abs tointeger type sqrt modf ult max min fmod"
    calls = " ".join(f"print('{name}', pcall(math.{name}, a, b))" for name in names.split())
    judge.same(f"local a, b = {a}, {b} {calls}")


@given(value=st.integers(-(2**80), 2**80), style=st.sampled_from(["{}", "{:#x}", "{}.0", "{}e0"]))
def test_integers_of_any_size(judge: Judge, value: int, style: str) -> None:
    judge.same(f"return {style.format(value)}, tonumber('{style.format(value)}')")
