"""T-SWALLOW: nothing that Lua or a host function does outlives a limit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.security.room import outcome, runtime
from vlua import LimitExceeded, LuaRuntime

_LOOPS = {
    "while": "while true do end",
    "while with body": "local n = 0 while n >= 0 do n = n + 1 end",
    "repeat": "repeat until false",
    "goto": "::top:: goto top",
    "goto out of block": "::top:: do local x = 1 goto top end",
    "goto continue": "while true do if true then goto continue end ::continue:: end",
    "numeric for": "for i = 1, math.huge do end",
    "numeric for backwards": "for i = 1, math.mininteger, -1 do end",
    "float for": "for x = 1.0, math.huge, 0.0001 do end",
    "wrapping for": "for i = math.maxinteger - 1, math.maxinteger do end",
    "generic for": "for _ in function() return 1 end do end",
    "pairs": "while true do for _ in pairs(_G) do end end",
    "ipairs": "for _ in ipairs(setmetatable({}, {__index = function() return 1 end})) do end",
    "recursion": "local function f(n) if n > 0 then f(n - 1) f(n - 1) end end f(100)",
    "mutual recursion": "local g local function f(n) if n > 0 then g(n - 1) g(n - 1) end end g = f f(60)",
    "tail call": "local function f() return f() end f()",
    "tail call of a global": "function f() return f() end f()",
    "tail call of a method": "local o = {} function o:m() return self:m() end o:m()",
    "tail call by pcall": "local function f() return pcall(f) end while true do f() end",
    "tail calls around": "local a, b function a() return b() end function b() return a() end a()",
    "call metamethod": "local t = setmetatable({}, {__call = function(self) return self() end}) t()",
    "index metamethod": "while true do local x = setmetatable({}, {__index = function() return 1 end}).x end",
    "coroutines": "while true do coroutine.wrap(function() coroutine.yield() end)() end",
    "one coroutine": "local c = coroutine.wrap(function() while 1 do coroutine.yield() end end) while true do c() end",
    "generators": "for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end",
    "sort": "table.sort({3, 2, 1}, function() while true do end end)",
    "sorts": "while true do table.sort({3, 1, 2}) end",
    "gsub": "('x'):gsub('x', function() while true do end end)",
    "gmatch": "while true do for _ in ('xxx'):gmatch('x') do end end",
    "load": "while true do load('return 1')() end",
    "reader": "load(function() return 'x = 1 ' end)",
    "tostring": "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
    "next": "local t = {1, 2, 3} local k while true do k = next(t, k) end",
    "rep": "while true do local s = ('x'):rep(1000) end",
    "require": "package.preload.m = function() while true do end end require('m')",
    "error loop": "while true do pcall(error) end",
    "concat": "local s = '' while true do s = ('x'):rep(100) .. 1 end",
}

# How an attacker wraps a loop so that the limit might be caught; %s stands for the loop.
_WRAPPERS = {
    "plain": "%s",
    "pcall": "while true do pcall(function() %s end) end",
    "pcall of pcall": "while true do pcall(pcall, pcall, function() %s end) end",
    "xpcall": "while true do xpcall(function() %s end, function() while true do end end) end",
    "handler that fails": "while true do xpcall(function() %s end, function() error('x') end) end",
    "handler that loops": "xpcall(error, function() %s end)",
    "coroutine": "while true do coroutine.resume(coroutine.create(function() %s end)) end",
    "wrap in pcall": "while true do pcall(coroutine.wrap(function() pcall(function() %s end) end)) end",
    "nested coroutines": "while true do pcall(coroutine.wrap(function() coroutine.wrap(function() %s end)() end)) end",
    "__index": "while true do pcall(function() return setmetatable({}, {__index = function() %s end}).x end) end",
    "__eq": "local m = {__eq = function() %s end} "
    "while true do pcall(function() return setmetatable({}, m) == setmetatable({}, m) end) end",
    "__concat": "local m = {__concat = function() %s end} "
    "while true do pcall(function() return setmetatable({}, m) .. 1 end) end",
    "__gc": "setmetatable({}, {__gc = function() pcall(function() %s end) end}) "
    "while true do collectgarbage() pcall(function() %s end) end",
    "sort comparator": "while true do pcall(table.sort, {3, 2, 1}, function() pcall(function() %s end) end) end",
    "gsub callback": "while true do pcall(string.gsub, 'xx', 'x', function() pcall(function() %s end) end) end",
    "load reader": "while true do pcall(load, function() pcall(function() %s end) return nil end) end",
    "iterator": "while true do pcall(function() for _ in function() %s end do end end) end",
    "__tostring": "while true do pcall(tostring, setmetatable({}, {__tostring = function() %s end})) end",
    "__pairs": "while true do pcall(pairs, setmetatable({}, {__pairs = function() %s end})) end",
    "preload": "while true do package.preload.x = function() %s end pcall(require, 'x') end",
    "error object": "while true do pcall(error, setmetatable({}, {__tostring = print})) pcall(function() %s end) end",
    "host function": "while true do pcall(host, function() %s end) end",
    "host function that catches": "while true do pcall(catching, function() %s end) end",
    "host function that catches, in a coroutine": (
        "while true do pcall(coroutine.wrap(function() catching(function() %s end) end)) end"
    ),
}


def _host(function: Any) -> Any:
    return function()


def _catching(function: Any) -> Any:
    try:
        return function()
    except Exception:
        return "swallowed"


def _stopped(source: str, **limits: Any) -> LimitExceeded:
    lua = runtime(**limits)
    lua.globals()["host"] = _host
    lua.globals()["catching"] = _catching
    with pytest.raises(LimitExceeded) as caught:
        lua.execute(source)
    return caught.value


@pytest.mark.parametrize("loop", _LOOPS)
def test_t_swallow_loops_reach_the_instruction_limit(loop: str) -> None:
    error = _stopped(_LOOPS[loop], instructions=50_000)
    assert (error.limit, error.allowed) == ("instructions", 50_000)


@pytest.mark.parametrize("loop", _LOOPS)
def test_t_swallow_loops_reach_the_wall_clock_limit(loop: str) -> None:
    assert _stopped(_LOOPS[loop], instructions=None, wall_time=0.05).limit == "wall_time"


@pytest.mark.parametrize("wrapper", _WRAPPERS)
@pytest.mark.parametrize("loop", ["while", "goto", "tail call", "recursion", "coroutines", "rep"])
def test_t_swallow_wrapped_loops_are_stopped(wrapper: str, loop: str) -> None:
    source = _WRAPPERS[wrapper].replace("%s", f"do {_LOOPS[loop]} end")
    assert _stopped(source, instructions=50_000).limit == "instructions"


@pytest.mark.parametrize("wrapper", _WRAPPERS)
def test_t_swallow_wrapped_loops_are_stopped_by_the_clock(wrapper: str) -> None:
    source = _WRAPPERS[wrapper].replace("%s", "while true do end")
    assert _stopped(source, instructions=None, wall_time=0.05).limit == "wall_time"


@pytest.mark.parametrize(
    "function", ["execute", "eval", "function", "coroutine", "iteration", "__index", "__tostring", "require"]
)
def test_t_swallow_every_way_into_lua_is_metered(function: str) -> None:
    lua = runtime(instructions=20_000, wall_time=10)
    lua.execute("""
    function spin() while true do end end
    local function meta() spin() end
    looping = setmetatable({}, {__index = meta, __tostring = meta, __len = meta})
    package.preload.spin = spin
    """)
    enter = {
        "execute": lambda: lua.execute("spin()"),
        "eval": lambda: lua.eval("spin()"),
        "function": lambda: lua.globals()["spin"](),
        "coroutine": lambda: lua.execute("return coroutine.wrap(spin)")(),
        "iteration": lambda: len(lua.globals()["looping"]),
        "__index": lambda: lua.globals()["looping"]["x"],
        "__tostring": lambda: str(lua.globals()["looping"]),
        "require": lambda: lua.require("spin"),
    }[function]
    if function in ("iteration", "__index", "__tostring"):
        try:
            enter()  # the host's view of a table may be a raw one
        except LimitExceeded:
            pass
    else:
        with pytest.raises(LimitExceeded):
            enter()


def test_t_swallow_instructions_are_counted_over_the_whole_life() -> None:
    lua = runtime(instructions=100_000)
    for _ in range(9):
        lua.execute("for i = 1, 10000 do end")
    with pytest.raises(LimitExceeded):
        lua.execute("for i = 1, 20000 do end")
    for _ in range(3):
        with pytest.raises(LimitExceeded):
            lua.execute("for i = 1, 20000 do end")


def test_t_swallow_a_runtime_that_was_stopped_stays_limited() -> None:
    source = "while true do end"
    lua = runtime(instructions=10_000, wall_time=None)
    for _ in range(3):
        with pytest.raises(LimitExceeded):
            lua.execute(source)
    # The clock starts anew with each call: what was stopped once can be stopped again.
    lua = runtime(instructions=None, wall_time=0.05)
    for _ in range(3):
        with pytest.raises(LimitExceeded):
            lua.execute("for i = 1, 100000000 do end")


def test_t_swallow_a_caught_limit_leaves_the_runtime_sound() -> None:
    lua = runtime(instructions=None, wall_time=0.5)
    lua.execute("t = {}")
    with pytest.raises(LimitExceeded):
        lua.execute("while true do t[#t + 1] = #t end")
    assert lua.execute("return #t == t[#t] + 1") is True
    with pytest.raises(LimitExceeded):
        lua.execute("coroutine.wrap(function() while true do end end)()")
    assert lua.execute("return select(2, coroutine.running())") is True


def test_t_swallow_the_meter_counts_what_happens() -> None:
    lua = runtime(instructions=None, wall_time=None)
    before = lua.instructions
    lua.execute("for i = 1, 10000 do end")
    spent = lua.instructions - before
    assert 10_000 <= spent < 11_000
    before = lua.instructions
    lua.execute("local function f() end for i = 1, 10000 do f() end")
    assert 20_000 <= lua.instructions - before < 22_000


def test_t_swallow_limits_are_exact_enough() -> None:
    assert isinstance(outcome("for i = 1, 9000 do end", instructions=10_000), type(None))
    assert isinstance(outcome("for i = 1, 11000 do end", instructions=10_000), LimitExceeded)


def test_t_swallow_library_calls_are_charged() -> None:
    for call in (
        "('x'):rep(100000)",
        "table.concat(big)",
        "table.unpack(big)",
        "('x'):rep(1e5):find('y')",
        "table.sort(big)",
    ):
        lua = runtime(instructions=3_000_000, wall_time=30)
        lua.execute("big = {} for i = 1, 10000 do big[i] = i end")
        with pytest.raises(LimitExceeded):
            lua.execute(f"while true do local x = {call} end" if "sort" not in call else f"while true do {call} end")


def test_t_swallow_a_host_callback_cannot_swallow_the_limit() -> None:
    lua = runtime(instructions=20_000)
    calls = []

    def stubborn(function: Any) -> str:
        calls.append(1)
        try:
            function()
        except Exception:
            pass
        return "went on"

    lua.globals()["stubborn"] = stubborn
    with pytest.raises(LimitExceeded):
        lua.execute("local r = stubborn(function() while true do end end) while true do end return r")
    assert len(calls) == 1


def test_t_swallow_runtimes_have_meters_of_their_own() -> None:
    spent = LuaRuntime()
    lua = runtime(instructions=10_000)
    with pytest.raises(LimitExceeded):
        lua.execute("while true do end")
    assert spent.execute("local n = 0 for i = 1, 50000 do n = n + 1 end return n") == 50_000
