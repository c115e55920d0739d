"""T-PATTERN, T-SIZE, T-DEEP, T-HASH: work and memory that grow out of proportion are stopped or refused."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.child import run_in_child
from tests.security.room import ALLOWED, outcome, runtime
from vlua import LimitExceeded, LuaError

_BLOWUPS = [
    ("('a'):rep(3000)", ".-.-.-.-b"),
    ("('a'):rep(3000)", ".*.*.*.*b"),
    ("('a'):rep(3000)", "a*a*a*a*a*b"),
    ("('a'):rep(3000)", "a-a-a-a-a-b"),
    ("('a'):rep(3000)", "a?" * 30 + "a*" * 5 + "b"),
    ("('a'):rep(3000)", "(a*)(a*)(a*)(a*)%1%2%3%4b"),
    ("('a'):rep(2000) .. 'x'", "(.-)(.-)%1%2x."),
    ("('a'):rep(2000) .. 'x'", "(.-)(.-)(.-)%1%2%3x."),
    ("('('):rep(200000)", "%b()"),
    ("('('):rep(3000)", ".-%b().-%b()"),
    ("('a b '):rep(3000)", "%f[%a].-%f[%A].-%f[%a].-%f[%A].-x"),
    ("('x'):rep(100000)", "[%s%S]*[%s%S]*[%s%S]*y"),
    ("('ab'):rep(5000)", ".-b.-b.-b.-b.-c"),
]


@pytest.mark.parametrize("call", ["find", "match", "gsub", "gmatch"])
@pytest.mark.parametrize(("subject", "pattern"), _BLOWUPS)
def test_t_pattern_blow_up_is_stopped(subject: str, pattern: str, call: str) -> None:
    uses = {
        "find": "s:find(p)",
        "match": "s:match(p)",
        "gsub": "s:gsub(p, 'x')",
        "gmatch": "s:gmatch(p)()",
    }
    # What is not stopped runs for hours: processor seconds, and many of them, so that a slow machine is no failure.
    start = time.thread_time()
    outcome(f"local s, p = {subject}, '{pattern}' return {uses[call]}", instructions=None, wall_time=0.2)
    assert time.thread_time() - start < 20


def test_t_pattern_blow_up_costs_instructions() -> None:
    search = "local s, p = ('a'):rep(2000) .. 'x', '(.-)(.-)%1%2x.'"
    assert isinstance(outcome(f"{search} return s:find(p)", instructions=100_000), LimitExceeded)
    assert isinstance(outcome(f"{search} pcall(string.find, s, p)", instructions=100_000), LimitExceeded)


@pytest.mark.parametrize(
    "pattern", ["'(' .. ('('):rep(40)", "('%b()'):rep(1000)", "('a?'):rep(100000)", "('[a]'):rep(50000) .. 'b'"]
)
def test_t_pattern_large_patterns_are_errors_or_fine(pattern: str) -> None:
    ending = run_in_child(f"return pcall(string.find, ('a'):rep(1000), {pattern})", wall_time=10)
    assert ending.kind in ("results", "LimitExceeded")


_GIANTS = [
    "('x'):rep(1 << 40)",
    "('x'):rep(1 << 62)",
    "('x'):rep(math.maxinteger)",
    "('xx'):rep(1 << 62, ',')",
    "(''):rep(math.maxinteger, 'x')",
    "(''):rep(math.maxinteger)",
    "string.format('%99999d', 1)",
    "string.format('%.99999f', 1)",
    "string.format(('%99d'):rep(1000000), 1)",
    "table.concat({}, 'x', 1, math.maxinteger)",
    "table.concat(setmetatable({}, {__index = function() return 'x' end}), 'y', 1, math.maxinteger)",
    "table.concat(setmetatable({}, {__index = function() return 'xxx' end, __len = function() return 1 << 40 end}))",
    "table.unpack({}, 1, math.maxinteger)",
    "table.unpack({}, math.mininteger, math.maxinteger)",
    "table.unpack({}, 1, 1 << 31)",
    "table.unpack(setmetatable({}, {__len = function() return 1 << 40 end}))",
    "table.move({}, 1, 1 << 40, 2)",
    "table.move({1}, 1, math.maxinteger - 1, 2)",
    "table.insert(setmetatable({}, {__len = function() return 1 << 40 end}), 1, 'x')",
    "table.remove(setmetatable({}, {__len = function() return 1 << 40 end}), 1)",
    "table.sort(setmetatable({}, {__len = function() return 1 << 40 end}))",
    "table.sort(setmetatable({}, {__len = function() return (1 << 31) - 2 end, __index = math.abs}))",
    "string.pack('c2147483647', '')",
    "string.pack('!16 c1000000000', '')",
    "string.packsize('c2147483647')",
    "string.pack(('i16'):rep(100000), 1)",
    "('x'):rep(1e9):rep(1e9)",
    "(('x'):rep(100000)):gsub('', ('y'):rep(100000))",
    "(('x'):rep(100000)):gsub('x', ('%0'):rep(100000))",
    "load(function() return ('x'):rep(1e6) end)",
    "utf8.char(table.unpack({}, 1, 1 << 24))",
    "string.char(table.unpack({}, 1, 1 << 24))",
    "select(-1, table.unpack({}, 1, 1 << 24))",
    "tonumber(('9'):rep(1e6)) + 0",
    "tonumber('0x' .. ('f'):rep(1e6))",
    "tonumber(('z'):rep(1e6), 36)",
    "load('return ' .. ('9'):rep(1e5))()",
    "load('return 0x' .. ('f'):rep(1e5) .. 'p-400000')()",
    "load('return 1e' .. ('9'):rep(1e5))()",
    "2 ^ 1e308, 10 ^ 308 * 10, (1 << 63) ^ 1000",
    "os.date(('%c'):rep(1e6))",
    "os.date('%Y', 1 << 60)",
    "io.read(1 << 60)",
    "io.tmpfile():seek('set', 1 << 40)",
    "string.rep('x', 1e8):upper():lower():reverse():byte(-1)",
]


@pytest.mark.parametrize("expression", _GIANTS)
def test_t_size_giants_are_refused_before_they_are_made(expression: str) -> None:
    source = f"""
    local ok, message = pcall(function() return select('#', {expression}) end)
    return ok
    """
    ending = run_in_child(source, timeout=200, wall_time=2, instructions=20_000_000)
    assert ending.kind in ("results", "LimitExceeded"), ending.text


_GROWERS = {
    "doubling": "local s = 'x' while true do s = s .. s end",
    "doubling by rep": "local s = 'x' while true do s = s:rep(2) end",
    "doubling by format": "local s = 'x' while true do s = ('%s%s'):format(s, s) end",
    "doubling by gsub": "local s = 'x' while true do s = s:gsub('.', '%0%0') end",
    "doubling by concat": "local s = 'x' while true do s = table.concat({s, s}) end",
    "doubling in pcall": "local s = 'x' while true do pcall(function() s = s .. s end) end",
    "error messages": "local s = 'x' while true do local _, m = pcall(error, s .. s) s = m end",
    "chunk names": "local s = 'x' while true do s = select(2, load('x', '=' .. s .. s)) .. s end",
}


@pytest.mark.parametrize("grower", _GROWERS)
def test_t_size_growth_ends_before_memory_does(grower: str) -> None:
    ending = run_in_child(_GROWERS[grower], timeout=200, wall_time=10, instructions=2_000_000)
    assert ending.kind in ("LimitExceeded", "LuaError"), ending.text


_DEEP_SOURCES = {
    "parentheses": "'return ' .. ('('):rep(100000)",
    "balanced parentheses": "'return ' .. ('('):rep(100000) .. 1 .. (')'):rep(100000)",
    "tables": "'return ' .. ('{'):rep(100000)",
    "functions": "('function f() '):rep(100000)",
    "blocks": "('do '):rep(100000) .. ('end '):rep(100000)",
    "ifs": "('if x then '):rep(100000)",
    "else ifs": "'if x then ' .. ('else if x then '):rep(100000)",
    "loops": "('while x do '):rep(100000)",
    "repeats": "('repeat '):rep(100000)",
    "unary": "'return ' .. ('not '):rep(100000) .. 'x'",
    "minus": "'return ' .. ('- '):rep(100000) .. 'x'",
    "powers": "'return ' .. ('2^'):rep(100000) .. '2'",
    "concatenations": "'return ' .. ('x..'):rep(100000) .. 'x'",
    "indexes": "'return ' .. ('x['):rep(100000)",
    "index chain": "'return x' .. ('[1]'):rep(5000)",
    "field chain": "'return x' .. ('.y'):rep(5000)",
    "call chain": "'return x' .. ('()'):rep(5000)",
    "method chain": "'return x' .. (':y()'):rep(5000)",
    "string call chain": "'return x' .. ('\"\"'):rep(5000)",
    "calls": "'return ' .. ('f('):rep(100000)",
    "labels": "('::a'):rep(100000)",
    "assignments": "('a.'):rep(100000) .. 'b = 1'",
    "targets": "('a,'):rep(100000) .. 'a = 1'",
    "long strings": "('['):rep(100000) .. ('='):rep(100000)",
    "sum": "'return x' .. (' + x'):rep(3000)",
    "ands": "'return x' .. (' and x'):rep(3000)",
}


@pytest.mark.parametrize("kind", _DEEP_SOURCES)
def test_t_deep_sources_are_syntax_errors_or_fine(kind: str) -> None:
    ending = run_in_child(f"local f, m = load({_DEEP_SOURCES[kind]}) return f == nil, m and #m < 500", timeout=200)
    assert ending.kind == "results", ending.text


def test_t_deep_cyclic_tables_at_the_boundary() -> None:
    lua = runtime()
    cyclic = lua.execute("local t = {} t.t = t t[1] = t return t")
    repr(cyclic), str(cyclic), list(cyclic), len(cyclic)
    assert cyclic["t"]["t"][1] == cyclic
    nested: list[object] = []
    nested.append(nested)
    try:
        lua.table_from(nested)
    except (ValueError, *ALLOWED):
        pass
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    try:
        lua.execute("return type(...)", deep)
        lua.table_from(deep)
    except (ValueError, *ALLOWED):
        pass


def _filling(make_key: str, count: int) -> Callable[[], float]:
    """A function that fills a table, empties it, and tells the processor seconds that this took."""
    lua = runtime(instructions=None, wall_time=600)
    fill, clear = (f"for i = 1, {count} do t[{make_key}] = {value} end" for value in ("i", "nil"))
    chunk = lua.compile(f"local t = {{}} {fill} {clear} return next(t)")

    def seconds() -> float:
        start = time.thread_time()
        chunk()
        return time.thread_time() - start

    return seconds


@pytest.mark.parametrize(
    "key",
    [
        "(i + 0.5) * 2.0 ^ 61",
        "i * 2.0 ^ 122",
        "(i * 2 + 1) * 2.0 ^ -61",
        "i * ((1 << 61) - 1)",
        "-i * ((1 << 61) - 1)",
        "i << 40",
        "(i * ((1 << 61) - 1)) | 1",
        "2.0 ^ (61 * (i % 30) - 900) * (2 * (i // 30) + 1)",
    ],
)
def test_t_hash_keys_with_equal_hashes_are_no_slower(key: str) -> None:
    fair, unfair = _filling("i + 0.5", 16_000), _filling(key, 16_000)
    # Comparing every key with every other is a hundred times slower. In turns: both meet the same load.
    assert min(unfair() / fair() for _ in range(5)) < 20


@pytest.mark.parametrize("error", [LuaError, LimitExceeded])
def test_t_size_number_literals(error: type) -> None:
    assert not isinstance(outcome(f"return {'9' * 100_000}"), error)
    assert not isinstance(outcome(f"return 0x{'9' * 100_000}"), error)
    assert not isinstance(outcome(f"return 0.{'9' * 100_000}"), error)
    assert not isinstance(outcome(f"return {'9' * 5000}"), error)
