"""Strategies for Lua values and expressions, as source text."""

from __future__ import annotations

import hypothesis.strategies as st

from tests.differential.judge import quoted

__all__ = ["expressions", "floats", "integers", "literals", "numbers", "strings", "texts"]

_INTEGER_EDGES = [
    *("math.maxinteger", "math.mininteger", "math.maxinteger - 1", "math.mininteger + 1", "0x7fffffff", "-0x80000000"),
    *("0", "-1", "1", "2", "63", "64", "-64", "1 << 53", "(1 << 53) + 1", "0xffffffffffffffff"),
]
_FLOAT_EDGES = [
    *("0.0", "-0.0", "1 / 0", "-1 / 0", "0 / 0", "0.5", "-1.5", "2.0 ^ 53", "-2.0 ^ 63", "2.0 ^ 63", "1e308", "5e-324"),
    *("1e15", "1e16", "0.1", "3.0", "-7.0", "1e100", "123456789.125"),
]
_STRING_EDGES = ["", "0", "10", "-3", "0x10", "1e2", " 5 ", "abc", "1.5", "0x1p4", "a\0b", "z", "9223372036854775808"]

integers = st.one_of(st.sampled_from(_INTEGER_EDGES), st.integers(-(2**63) + 1, 2**63 - 1).map(str)).map("({})".format)
floats = st.one_of(
    st.sampled_from(_FLOAT_EDGES),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: f"{x!r}" if "e" in f"{x!r}" else f"{x!r} * 1.0"),
).map("({})".format)
numbers = st.one_of(integers, floats)
texts = st.one_of(st.sampled_from([s.encode() for s in _STRING_EDGES]), st.binary(max_size=6))
strings = texts.map(quoted)
literals = st.one_of(integers, floats, strings, st.sampled_from(["nil", "true", "false", "{}", "print", "undefined"]))

_BINARY = "+ - * / // % ^ & | ~ << >> .. == ~= < <= > >= and or".split()
_UNARY = ["-", "not ", "#", "~"]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from(_BINARY), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    flat = st.tuples(inner, st.sampled_from(_BINARY), inner, st.sampled_from(_BINARY), inner).map(" ".join)
    unary = st.tuples(st.sampled_from(_UNARY), inner).map("({0[0]}{0[1]})".format)
    return st.one_of(binary, binary, unary, flat.map("({})".format))


expressions = st.recursive(literals, _larger, max_leaves=6)
