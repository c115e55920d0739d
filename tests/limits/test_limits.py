"""Every limit: it fires, exactly where it says; a script that stays below never feels it; nothing swallows it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from vlua import LimitExceeded, Limits, LuaError, LuaRuntime, Policy


def runtime(**limits: Any) -> LuaRuntime:
    """A runtime that is stopped by the limits under test, or else by the clock."""
    figures = {"wall_time": 60, **limits}
    return LuaRuntime(Policy(limits=Limits(**figures)), stdout=io.BytesIO(), stderr=io.BytesIO())


_DEPTH = "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end"
_APPEND = "local s = '' for i = 1, {0} do s = s .. 'x' end return #s"

# limit, its figure, a script with a number in it, the largest number that passes.
_EXACT: list[tuple[str, int, str, int]] = [
    ("instructions", 1_000, "for i = 1, {0} do end return 1", 999),
    ("instructions", 1_000, "local n = 0 while n < {0} do n = n + 1 end return n", 998),
    ("call_depth", 100, _DEPTH + " return (f({0}))", 98),
    ("call_depth", 100, _DEPTH + " return (coroutine.wrap(function() return (f({0})) end)())", 97),
    ("call_depth", 100, _DEPTH + " local ok, n = pcall(f, {0}) return n", 98),
    (
        "call_depth",
        100,
        "local n = 0 local t = setmetatable({{}}, {{__index = function(t, k) n = n + 1 if k == 0 then return 0 "
        "end return (t[k - 1]) end}}) local v = t[{0}] return v",
        98,
    ),
    (
        "nesting",
        20,
        "local function f(n) if n == 0 then return 'x' end return (('x'):gsub('x', function() return f(n - 1) "
        "end)) end return (f({0}))",
        19,
    ),
    ("string_bytes", 5_000, _APPEND, 5_000),
    ("string_bytes", 100, _APPEND, 100),
    ("string_bytes", 100_000, "local a = ('x'):rep({0} - 10) return #(a .. '0123456789')", 100_000),
    ("string_bytes", 100, "local a, b = ('x'):rep({0} - 90), ('y'):rep(80) return #(a .. '0123456789' .. b)", 100),
    ("string_bytes", 5_000, "return #('x'):rep({0})", 5_000),
    ("string_bytes", 5_000, "return #('x'):rep(({0} + 1) // 2, 'y')", 5_000),
    ("string_bytes", 5_000, "local t = {{}} for i = 1, {0} do t[i] = 'x' end return #table.concat(t)", 5_000),
    ("string_bytes", 5_000, "local t = {{}} for i = 1, {0} do t[i] = 'x' end return #table.concat(t, 'y')", 2_500),
    ("string_bytes", 5_000, "return #('%99d'):format(1) + #(('%s'):format(('x'):rep(10)):rep({0} // 10))", 5_009),
    ("string_bytes", 90, "return #('%{0}d'):format(1)", 90),
    ("string_bytes", 5_000, "return #(('x'):rep(50):gsub('x', ('y'):rep({0} // 50)))", 5_049),
    ("string_bytes", 5_000, "return #(('x'):rep(50):gsub('x', function() return ('y'):rep({0} // 50) end))", 5_049),
    ("string_bytes", 50, "return #string.char(('x'):rep(40):byte(1, {0} - 10), ('x'):rep(10):byte(1, 10))", None),
    ("table_entries", 100, "local t = {{}} for i = 1, {0} do t[i] = i end return #t", 100),
    ("table_entries", 100, "local t = {{}} for i = 1, {0} do t['k' .. i] = i end return 1", 100),
    ("table_entries", 100, "local t = {{}} for i = 1, {0} do t[i + 0.5] = i end return 1", 100),
    ("table_entries", 100, "local t = {{}} for i = 1, {0} do rawset(t, i, i) end return 1", 100),
    ("table_entries", 100, "local t = {{}} for i = 1, {0} do table.insert(t, i) end return 1", 100),
    ("table_entries", 100, "local t = {{}} for i = 1, {0} do table.insert(t, 1, i) end return 1", 100),
    ("table_entries", 100, "return #{{table.unpack({{}}, 1, {0} - 1), 1}} + #{{(' '):rep({0}):byte(1, -1)}}", 100),
    ("table_entries", 100, "return #table.move({{1, 2, 3, 4, 5}}, 1, 5, {0} - 4, {{}})", None),
    (
        "coroutines",
        10,
        "local t = {{}} for i = 1, {0} do t[i] = coroutine.wrap(function() coroutine.yield() end) t[i]() end return #t",
        10,
    ),
    ("output", 1_000, "for i = 1, {0} do io.write('x') end return 1", 1_000),
    ("output", 1_000, "for i = 1, {0} do print('xxx') end return 1", 250),
    ("output", 1_000, "io.stderr:write(('x'):rep({0})) return 1", 1_000),
    ("open_files", 10, "t = {{}} for i = 1, {0} do t[i] = io.open('f' .. i, 'w') end return 1", 10),
    ("file_bytes", 1_000, "local f = io.open('f', 'w') f:write(('x'):rep({0})) f:close() return 1", 1_000),
    ("file_bytes", 1_000, "local f = io.open('f', 'w') f:seek('set', {0} - 1) f:write('x') f:close() return 1", 1_000),
    ("files", 10, "for i = 1, {0} do io.open('f' .. i, 'w'):close() end return 1", 10),
]
_FIRING = [case for case in _EXACT if case[3] is not None]


@pytest.mark.parametrize(("limit", "figure", "script", "most"), _FIRING, ids=lambda value: str(value)[:60])
def test_a_limit_is_exact(limit: str, figure: int, script: str, most: int) -> None:
    assert runtime(**{limit: figure}).execute(script.format(most)) is not None
    lua = runtime(**{limit: figure})
    with pytest.raises(LimitExceeded) as caught:
        lua.execute(
            script.format(most + 1) if "// 50" not in script and "// 10" not in script else script.format(most + 50)
        )
    assert (caught.value.limit, caught.value.allowed) == (limit, figure)


def test_tail_calls_are_no_depth() -> None:
    lua = runtime(call_depth=10)
    assert (
        lua.execute("local function f(n) if n == 0 then return 'end' end return f(n - 1) end return f(10000)") == "end"
    )


def test_what_is_freed_does_not_count() -> None:
    assert runtime(coroutines=5).execute(
        "for i = 1, 1000 do local co = coroutine.wrap(function() coroutine.yield() end) co() end return 1"
    )
    assert runtime(table_entries=5).execute("local t = {} for i = 1, 1000 do t[i] = 1 t[i - 3] = nil end return 1")
    assert runtime(open_files=2).execute("for i = 1, 100 do io.open('f', 'w'):close() end return 1")
    assert runtime(file_bytes=100).execute(
        "for i = 1, 100 do local f = io.open('f', 'w') f:write(('x'):rep(90)) f:close() os.remove('f') end return 1"
    )
    assert runtime(files=2).execute("for i = 1, 100 do io.open('f' .. i, 'w'):close() os.remove('f' .. i) end return 1")


def test_pattern_steps() -> None:
    slow = "return (('a'):rep(3000):find('.-.-.-.-[bc]'))"
    with pytest.raises(LimitExceeded) as caught:
        runtime(pattern_steps=100_000).execute(slow)
    assert caught.value.limit == "pattern_steps"
    many = "local n = 0 for i = 1, 200 do if ('a'):rep(3000):find('a-[bc]') then n = n + 1 end end return n"
    assert runtime(pattern_steps=100_000).execute(many) == 0
    for use in ("s:match('.-.-.-.-[bc]')", "s:gsub('.-.-.-.-[bc]', '')", "s:gmatch('.-.-.-.-[bc]')()"):
        with pytest.raises(LimitExceeded):
            runtime(pattern_steps=100_000).execute(f"local s = ('a'):rep(3000) local x = {use}")


@pytest.mark.parametrize("limit", ["wall_time", "cpu_time"])
def test_time(limit: str) -> None:
    lua = runtime(**{limit: 0.1})
    with pytest.raises(LimitExceeded) as caught:
        lua.execute("while true do end")
    assert caught.value.limit == limit
    assert lua.execute("return 'the next call has time of its own'")


_SWALLOWERS = {
    "pcall": "repeat pcall(hit) until false",
    "xpcall": "repeat xpcall(hit, function(e) return hit() end) until false",
    "handler": "repeat xpcall(error, hit) until false",
    "coroutine": "repeat coroutine.resume(coroutine.create(hit)) until false",
    "wrap": "repeat pcall(coroutine.wrap(hit)) until false",
    "gc": "repeat setmetatable({}, {__gc = hit}) collectgarbage() until false",
    "sort": "repeat pcall(table.sort, {3, 2, 1}, function(a, b) hit() return a < b end) until false",
    "gsub": "repeat pcall(string.gsub, 'x', 'x', hit) until false",
    "load": "repeat pcall(load, function() hit() end) until false",
    "index": "repeat pcall(function() return setmetatable({}, {__index = hit}).x end) until false",
    "tostring": "repeat pcall(tostring, setmetatable({}, {__tostring = hit})) until false",
    "iterator": "repeat pcall(function() for _ in hit do end end) until false",
    "host": "repeat host(hit) until false",
}
_HITS = {
    "instructions": (20_000, "while true do end"),
    "wall_time": (0.05, "while true do end"),
    "cpu_time": (0.05, "while true do end"),
    "memory": (4 << 20, "local t = {} for i = 1, 1e9 do t[i] = {} end"),
    "call_depth": (50, "local function f() return 1 + f() end return f()"),
    "string_bytes": (10_000, "return ('x'):rep(10001)"),
    "table_entries": (100, "local t = {} for i = 1, 101 do t[i] = i end"),
    "coroutines": (20, "local t = {} for i = 1, 21 do t[i] = coroutine.wrap(coroutine.yield) t[i]() end"),
    "pattern_steps": (50_000, "return ('a'):rep(3000):find('.-.-.-.-[bc]')"),
    "output": (100, "io.write(('x'):rep(101))"),
    "open_files": (3, "local t = {} for i = 1, 4 do t[i] = io.open('f' .. i, 'w') end"),
    "file_bytes": (100, "local f = io.open('f', 'w') f:write(('x'):rep(101)) f:close()"),
    "files": (3, "for i = 1, 4 do io.open('f' .. i, 'w'):close() end"),
    "nesting": (30, "local function f() return (('x'):gsub('x', f)) end return f()"),
}


@pytest.mark.parametrize("swallower", _SWALLOWERS)
@pytest.mark.parametrize("limit", _HITS)
def test_t_swallow_no_limit_can_be_caught(limit: str, swallower: str) -> None:
    figure, script = _HITS[limit]
    lua = runtime(**{limit: figure})

    def host(function: Any) -> None:
        try:
            function()
        except Exception:
            return

    lua.globals().host = host
    with pytest.raises(LimitExceeded) as caught:
        lua.execute(f"local function hit() {script} end {_SWALLOWERS[swallower]}")
    assert caught.value.limit == limit


def test_well_behaved_scripts_feel_nothing() -> None:
    everything = Limits(
        instructions=10_000_000, wall_time=60, cpu_time=60, memory="64 MiB", call_depth=200, nesting=100,
        string_bytes="1 MiB", table_entries=10_000, coroutines=100, pattern_steps=1_000_000, output="1 MiB",
        open_files=10, file_bytes="1 MiB", files=10,
    )  # fmt: skip
    script = """
    local words, out = {}, {}
    for i = 1, 2000 do words[#words + 1] = ('w%d'):format(i % 97) end
    table.sort(words)
    for w in table.concat(words, ' '):gmatch('%a%d+') do out[w] = (out[w] or 0) + 1 end
    local f = assert(io.open('out', 'w'))
    for k, v in pairs(out) do f:write(k, ' ', v, '\\n') end
    f:close()
    local n = 0
    for line in io.lines('out') do n = n + #line end
    local function fib(k) return k < 2 and k or fib(k - 1) + fib(k - 2) end
    local co = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(fib(i)) end end)
    for i = 1, 10 do n = n + co() end
    return n
    """
    limited = LuaRuntime(Policy(limits=everything), stdout=io.BytesIO())
    assert limited.execute(script) == LuaRuntime(stdout=io.BytesIO()).execute(script)


def test_the_instruction_limit_as_an_error() -> None:
    lua = runtime(instructions=10_000, on_limit="error")
    with pytest.raises(LuaError, match="instruction limit exceeded"):
        lua.execute("while true do end")
    lua = runtime(instructions=10_000, on_limit="error")
    assert lua.execute("return pcall(function() while true do end end)") == (False, "instruction limit exceeded")


def test_after_the_instruction_error_nothing_is_left() -> None:
    for loop in (
        "while true do pcall(function() while true do end end) end",
        "local function f() pcall(f) f() end f()",
    ):
        lua = runtime(instructions=10_000, on_limit="error")
        with pytest.raises(LuaError, match="instruction limit exceeded"):
            lua.execute(loop)
        assert lua.usage.instructions <= 11_000


def test_numbers_of_straight_code_are_charged() -> None:
    lua = runtime()
    function = lua.compile("local a, b, t = 1, 2, {} " + "t[a] = a + b * (a - b) " * 2_000)
    before = lua.usage.instructions
    function()
    assert lua.usage.instructions - before > 50
    function = lua.compile("local a = 1 return " + " + ".join(["(a * a) % 7"] * 2_000))
    before = lua.usage.instructions
    function()
    assert lua.usage.instructions - before > 20


def test_a_sleeping_coroutines_calls_count_when_it_is_resumed() -> None:
    script = """
    local function sleep(n) if n == 0 then coroutine.yield() return 0 end return 1 + sleep(n - 1) end
    local co = coroutine.create(sleep)
    coroutine.resume(co, 60)
    local function resume(n)
      if n > 0 then return 1 + resume(n - 1) end
      assert(coroutine.resume(co))
      return (function() return 0 end)() + 0
    end
    return resume({0})
    """
    assert runtime(call_depth=100).execute(script.replace("{0}", "30")) == 30
    deep = script.replace("coroutine.yield() return 0", "coroutine.yield() return (function() return 0 end)() + 0")
    assert runtime(call_depth=100).execute(deep.replace("{0}", "30")) == 30
    with pytest.raises(LimitExceeded):
        runtime(call_depth=100).execute(deep.replace("{0}", "60"))
