"""Programs out of two grammars, a small one here and that of ``grammar``: each ends, and prints what it does."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, seed, settings

from tests.differential.grammar import programs
from tests.differential.judge import Judge

_NAME = st.sampled_from("a b c g h".split())
_ATOM = st.one_of(
    _NAME,
    st.sampled_from(
        "0 1 2 3 1.5 -1 nil true false 'x' '10' t t.a t.b t[1] t[a] ... f(1) f() (f(2)) o:m(1) o.v".split()
    ),
)
_OPERATOR = st.sampled_from("+ - * // % .. == ~= < <= and or & |".split())


def _expression(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, _OPERATOR, inner).map("({0[0]} {0[1]} {0[2]})".format),
        inner.map("not {}".format),
        inner.map("{{{}}}".format),
        inner.map("f({})".format),
        inner.map("(function(a, ...) b = a return a, {} end)(1, 2)".format),
    )


_EXPRESSION = st.recursive(_ATOM, _expression, max_leaves=4)
_LIST = st.lists(_EXPRESSION, min_size=1, max_size=3).map(", ".join)
_TARGETS = st.lists(
    st.one_of(_NAME, st.sampled_from(["t.a", "t[1]", "t[a]", "o.v", "t.b"])), min_size=1, max_size=3
).map(", ".join)
_SIMPLE = st.one_of(
    st.tuples(_TARGETS, _LIST).map(" = ".join),
    st.tuples(st.lists(_NAME, min_size=1, max_size=3).map(", ".join), _LIST).map("local {0[0]} = {0[1]}".format),
    _LIST.map("print({})".format),
    _LIST.map("f({})".format),
    _EXPRESSION.map("o:m({})".format),
    _EXPRESSION.map("fs[#fs + 1] = function(...) a = {} return a end".format),
    st.just("for i = 1, #fs do print(pcall(fs[i], i)) end"),
    _EXPRESSION.map("print(pcall(function(...) return {} end, 1, 2))".format),
)


def _block(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, max_size=3).map(" ".join)
    loop_body = st.tuples(
        body, st.sampled_from(["", "break", "if a then break end", "goto continue", "if b then goto continue end"])
    )
    looped = loop_body.map(lambda p: f"do {p[0]} end do {p[1]} end ::continue::")
    return st.one_of(
        body.map("do {} end".format),
        st.tuples(_EXPRESSION, body, body).map("if {0[0]} then {0[1]} else {0[2]} end".format),
        st.tuples(_EXPRESSION, body, _EXPRESSION, body).map(
            "if {0[0]} then {0[1]} elseif {0[2]} then {0[3]} end".format
        ),
        st.tuples(_NAME, looped).map("for {0[0]} = 1, 3 do {0[1]} end".format),
        st.tuples(_NAME, looped).map("for _, {0[0]} in ipairs {{3, 'y', 1.5}} do {0[1]} end".format),
        looped.map("do local n = 0 while n < 3 do n = n + 1 {} end end".format),
        looped.map("do local n = 0 repeat n = n + 1 do {} end until n > 2 end".format),
        body.map("do local function k(a) {} return a end print(k(5)) end".format),
        body.map("do local n = 0 ::top:: n = n + 1 do {} end if n < 3 then goto top end end".format),
        body.map("print(pcall(function(...) {} end, 7))".format),
        body.map(
            "do local co = coroutine.wrap(function(...) {} coroutine.yield(a) return b end)"
            " print(pcall(co, 1), pcall(co)) end".format
        ),
    )


_STATEMENT = st.recursive(_SIMPLE, _block, max_leaves=8)
_PRELUDE = """local a, b, c = 1, "x", nil
local t, fs = {1, 2, a = 3}, {}
local function f(...) return ... end
local o = {v = 0}
function o:m(x) self.v = x return x, self end
"""
_EPILOGUE = "\nprint(a, b, c, g, h, t[1], t[2], t.a, o.v) return a, b, c"


@given(statements=st.lists(_STATEMENT, min_size=1, max_size=6))
def test_programs(judge: Judge, statements: list[str]) -> None:
    judge.same(_PRELUDE + "\n".join(statements).replace("{{", "{ {") + _EPILOGUE)


@given(statements=st.lists(_STATEMENT, min_size=1, max_size=4))
def test_programs_as_functions(judge: Judge, statements: list[str]) -> None:
    body = "\n".join(statements)
    judge.same(
        f"local function main(...)\n{_PRELUDE}{body}{_EPILOGUE}\nend\nprint(pcall(main, 1, 2)) print(pcall(main))"
    )


# What PUC's limits end is no matter of comparison: vlua's are others, see docs/compatibility.md.
_LIMITS = ("not enough memory", "stack overflow", "error in error handling")


def _same_program(judge: Judge, program: str) -> None:
    outcome = judge.of_puc(program)
    assume(not any(limit in text for limit in _LIMITS for text in (outcome.values, *outcome.lines)))
    judge.same(program)


@given(program=programs)
def test_whole_programs(judge: Judge, program: str) -> None:
    _same_program(judge, program)


# Forty times 500 programs, for several processes to share; the same ones each time, others for other seeds.
@pytest.mark.slow
@pytest.mark.parametrize("shard", range(40))
def test_many_whole_programs(judge: Judge, shard: int) -> None:
    run = 0

    @seed(shard)
    @settings(max_examples=500)
    @given(program=programs)
    def compare(program: str) -> None:
        nonlocal run
        _same_program(judge, program)
        run += 1

    compare()
    assert run >= 500


def test_whole_programs_do_something(judge: Judge) -> None:
    """The grammar is worth its name: programs differ, most print something, and many run to their end."""
    outcomes = []

    @settings(max_examples=200)
    @given(program=programs)
    def collect(program: str) -> None:
        outcomes.append(judge.of_puc(program))

    collect()
    assert len({outcome.lines for outcome in outcomes}) > 120
    assert sum(outcome.status == "results" for outcome in outcomes) > 30
    assert sum(outcome.status == "syntax error" for outcome in outcomes) < 30
