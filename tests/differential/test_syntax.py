"""Programs that may not be programs: the same verdict, in the same words."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from tests.differential.judge import Judge, quoted

_TOKEN = st.sampled_from(
    "and break do else elseif end false for function goto if in local nil not or repeat return then true until while"
    " + - * / % ^ # & ~ | << >> // == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ... a b c 1 2.5 0x 'str' \"q\" [[long]]"
    " f(x) a.b a:m() x=1 --c --[[c]] 3e 'open [[open \\ @ $ ! ?".split(" ")
)
_PROGRAM = st.lists(_TOKEN, max_size=8).map(" ".join)
_VALID = st.sampled_from(
    [
        "local a, b = 1, 2",
        "for i = 1, 10 do print(i) end",
        "if a then b() elseif c then d() else e() end",
        "function a.b.c:d(x, ...) return x, ... end",
        "repeat local x = f() until x == nil",
        "t = {1, 2; x = 3, [4] = 5, f = function() end}",
        "goto done do local s = 'a\\n\\065\\x41\\u{41}\\z  b' end ::done::",
        "while true do break end return a and b or not c",
        "x = [==[ long ]] string ]==] .. 0xA.8p1 .. 1e-3",
        "f{a}'s'[1].b:c[[d]] = 5",
    ]
)


def _loaded(source: bytes) -> str:
    return f"local f, m = load({quoted(source)}, '=x') return f and 'fine', m"


@given(program=_PROGRAM)
def test_token_soup(judge: Judge, program: str) -> None:
    judge.same(_loaded(program.encode()))


@given(program=_VALID, cut=st.integers(0, 60), other=_TOKEN, drop=st.integers(0, 3))
def test_damaged_programs(judge: Judge, program: str, cut: int, other: str, drop: int) -> None:
    cut %= len(program) + 1
    judge.same(_loaded(f"{program[:cut]} {other} {program[cut + drop :]}".encode()))
    judge.same(_loaded(program[:cut].encode()))


@given(source=st.binary(max_size=10))
def test_arbitrary_bytes(judge: Judge, source: bytes) -> None:
    judge.same(_loaded(source.replace(b"\x1b", b"e")))


@given(text=st.one_of(st.binary(max_size=8), st.text("\\abnxuz{}0123456789\"'\n\rAF ", max_size=10).map(str.encode)))
def test_string_literals(judge: Judge, text: bytes) -> None:
    judge.same(_loaded(b"return '" + text + b"'"))


@given(name=st.one_of(st.binary(max_size=8), st.text('@=abc\n"]', max_size=70).map(str.encode)))
def test_chunk_names(judge: Judge, name: bytes) -> None:
    judge.same(f"local f, m = load('x =', {quoted(name)}) return m")
