"""The string library over all 256 bytes: positions, patterns, formats, packing."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from tests.differential.judge import Judge, quoted
from tests.differential.values import literals, numbers

_BYTES = st.binary(max_size=12)
_SUBJECT = st.one_of(
    st.binary(max_size=16), st.text("ab1 ([%-]).^$\0\xff", max_size=24).map(lambda s: s.encode("latin-1"))
)
_POSITION = st.one_of(
    st.integers(-14, 14).map(str), st.sampled_from(["math.mininteger", "math.maxinteger", "2.0", "'3'", "nil", "1.5"])
)
_ITEMS = (
    "a b . %a %d %s %w %p %% [ab] [^a] [%d%s] [a-z] [^%w] [] ( ) () (a) (.) (a*) %1 %2 %b() %bxx %f[a] %f[%w]"
    " $ ^ * + - ? [ ] % %f [a"
)
_ITEM = st.sampled_from(_ITEMS.split())
_PATTERN = st.lists(st.one_of(_ITEM, _ITEM.map(lambda i: i + "*"), _ITEM.map(lambda i: i + "-")), max_size=6).map(
    "".join
)
_REPLACEMENT = st.one_of(
    st.text("ab%012 ", max_size=6).map(lambda s: quoted(s.encode())),
    st.sampled_from(["{a = 'A', b = false, [1] = 'one'}", "string.upper", "function(...) return ... end", "5", "nil"]),
)


@given(subject=_BYTES, i=_POSITION, j=_POSITION)
def test_positions(judge: Judge, subject: bytes, i: str, j: str) -> None:
    calls = " ".join(f"print(pcall(string.{name}, s, {i}, {j}))" for name in ("sub", "byte"))
    judge.same(
        f"local s = {quoted(subject)} {calls} print(pcall(utf8.len, s, {i}, {j}), pcall(utf8.offset, s, {i}, {j}))"
    )


@given(subject=_BYTES, other=_BYTES)
def test_whole_strings(judge: Judge, subject: bytes, other: bytes) -> None:
    judge.same(
        f"local s, o = {quoted(subject)}, {quoted(other)} return s:upper(), s:lower(), s:reverse(), #s, s < o, s <= o,"
        " s == o, s .. o, s:rep(3), s:rep(2, o), s:find(o, 1, true), pcall(utf8.codepoint, s, 1, -1)"
    )


@given(subject=_SUBJECT, pattern=_PATTERN, start=_POSITION)
def test_find_and_match(judge: Judge, subject: bytes, pattern: str, start: str) -> None:
    judge.same(
        f"local s, p = {quoted(subject)}, {quoted(pattern.encode())} "
        f"print(pcall(string.find, s, p, {start})) print(pcall(string.match, s, p, {start}))"
    )


@given(
    subject=_SUBJECT, pattern=_PATTERN, replacement=_REPLACEMENT, count=st.sampled_from(["nil", "0", "1", "2", "-1"])
)
def test_gsub(judge: Judge, subject: bytes, pattern: str, replacement: str, count: str) -> None:
    judge.same(f"return pcall(string.gsub, {quoted(subject)}, {quoted(pattern.encode())}, {replacement}, {count})")


@given(subject=_SUBJECT, pattern=_PATTERN)
def test_gmatch(judge: Judge, subject: bytes, pattern: str) -> None:
    judge.same(
        f"local n = 0 for a, b in ({quoted(subject)}):gmatch({quoted(pattern.encode())}) do "
        "print(a, b) n = n + 1 if n > 30 then break end end"
    )


_CONVERSION = st.tuples(
    st.text("-+ #0", max_size=3),
    st.sampled_from(["", "1", "5", "20", "99", "100"]),
    st.sampled_from(["", ".", ".0", ".3", ".20", ".99", ".100"]),
    st.sampled_from("diucxXoeEfgGaAsqp%z"),
).map(lambda p: "%" + "".join(p))


@given(conversion=_CONVERSION, value=literals)
def test_format(judge: Judge, conversion: str, value: str) -> None:
    judge.same(f"return pcall(string.format, '<{conversion}>', {value})")


@given(conversion=_CONVERSION.filter(lambda c: c[-1] in "diuxXoeEfgGaAc"), value=numbers)
def test_format_of_numbers(judge: Judge, conversion: str, value: str) -> None:
    judge.same(f"return pcall(string.format, '<{conversion}>', {value})")


_PACK_ITEMS = (
    "b B h H i I l L j J T f d n i1 i3 i7 i8 i9 i16 I2 I16 s s1 s2 z c3 x X Xi4 Xd < > = ! !1 !4 !8 !16 i0 i17 q c"
)
_PACK_ITEM = st.sampled_from(_PACK_ITEMS.split())
_PACK_FORMAT = st.lists(_PACK_ITEM, max_size=5).map(" ".join)


@given(layout=_PACK_FORMAT, values=st.lists(st.one_of(numbers, _BYTES.map(quoted)), max_size=5))
def test_pack(judge: Judge, layout: str, values: list[str]) -> None:
    arguments = ", ".join(["string.pack", f"'{layout}'", *values])
    judge.same(
        f"print(pcall(string.packsize, '{layout}')) local ok, s = pcall({arguments}) print(ok, s)"
        f" if ok then print(pcall(string.unpack, '{layout}', s)) end"
    )


@given(layout=_PACK_FORMAT, data=st.binary(max_size=40), position=_POSITION)
def test_unpack(judge: Judge, layout: str, data: bytes, position: str) -> None:
    judge.same(f"return pcall(string.unpack, '{layout}', {quoted(data)}, {position})")


@given(data=st.one_of(st.binary(max_size=10), st.text(max_size=6).map(lambda s: s.encode("utf-8", "surrogatepass"))))
def test_utf8(judge: Judge, data: bytes) -> None:
    judge.same(
        f"local s = {quoted(data)} print(utf8.len(s)) print(pcall(utf8.codepoint, s, 1, -1))"
        " print(pcall(function() for p, c in utf8.codes(s) do print(p, c) end end))"
        " for i = -3, 3 do print(pcall(utf8.offset, s, i)) end"
    )


@given(value=literals)
def test_quoted_text_loads_back(judge: Judge, value: str) -> None:
    judge.same(f"local ok, q = pcall(string.format, '%q', {value}) return ok, q, ok and load('return ' .. q)()")
