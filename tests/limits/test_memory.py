"""The memory limit: the figure is true, growth is stopped, runtimes do not pay for each other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from vlua import LimitExceeded, Limits, LuaRuntime, Policy
from vlua.sandbox.memory import process_bytes

_MAKERS = {
    "tables": ("for i = 1, n do T[i] = {i} end", 400),
    "records": ("for i = 1, n do T[i] = {x = i, y = i + 0.5, name = 'name'} end", 400),
    "numbers": ("for i = 1, n do T[i] = i + 0.5 end", 110),
    "strings": ("for i = 1, n do T[i] = 'string ' .. i end", 150),
    "large strings": ("for i = 1, n do T[i] = ('x'):rep(20000) .. i end", 20_060),
    "closures": ("for i = 1, n do T[i] = function() return i end end", 340),
    "coroutines": ("for i = 1, n do T[i] = coroutine.wrap(function() coroutine.yield() end) T[i]() end", 8_000),
    "deep coroutines": (
        "local function f(k) if k == 0 then coroutine.yield() end return 1 + f(k - 1) end "
        "for i = 1, n do T[i] = coroutine.wrap(f) T[i](200) end",
        50_000,
    ),
}
# Prints how much the process has grown while a script made its values, and what the runtime says that they take.
_CHILD = """
import gc, json, sys
from vlua import LuaRuntime
from vlua.sandbox.memory import process_bytes
lua = LuaRuntime()
make = lua.compile("local n = ... T = {} " + sys.argv[1])
make(3)
lua.usage
gc.collect()
process, figure = process_bytes(), lua.usage.memory
make(int(sys.argv[2]))
gc.collect()
grown = process_bytes() - process
print(json.dumps([grown, lua.usage.memory - figure]))
"""


@pytest.mark.parametrize("kind", _MAKERS)
@pytest.mark.parametrize(
    "size", [16, pytest.param(64, marks=pytest.mark.slow), pytest.param(256, marks=pytest.mark.slow)]
)
def test_the_figure_is_true(kind: str, size: int) -> None:
    source, each = _MAKERS[kind]
    count = (size << 20) // each
    command = [sys.executable, "-c", _CHILD, source, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    grown, figure = json.loads(done.stdout)
    assert grown > size * 0.6e6, "the test makes less than it says"
    assert 0.75 < figure / grown < 1.25


_GROWERS = {
    "tables": "local t = {} for i = 1, 1e9 do t[i] = {i} end",
    "list": "local t = {} for i = 1, 1e9 do t[i] = i end",
    "nested": "local t = {} while true do t = {t} end",
    "strings": "local t = {} for i = 1, 1e9 do t[i] = 'x' .. i end",
    "doubling": "local s = 'x' while true do s = s .. s end",
    "appending": "local s = '' while true do s = s .. 'some more of it' end",
    "closures": "local t = {} for i = 1, 1e9 do t[i] = function() return i end end",
    "coroutines": "local t = {} for i = 1, 1e9 do t[i] = coroutine.wrap(coroutine.yield) t[i]() end",
    "recursion": "local function f(n) local a, b, c, d = {}, {}, {}, {} return 1 + f(n + 1) end f(1)",
    "recursion in coroutines": """
        local function f(n) if n == 0 then coroutine.yield() end return 1 + f(n - 1) end
        T = {} for i = 1, 1e9 do T[i] = coroutine.wrap(f) T[i](1000) end""",
    "globals": "for i = 1, 1e9 do _G['g' .. i] = i end",
    "upvalues": "local f = function() end for i = 1, 1e9 do local g = f f = function() return g, i end end",
    "concat": "local t = {} for i = 1, 1e9 do t[i] = table.concat({'a', i}, ('b'):rep(1000)) end",
    "file-like": "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100000) end",
}


@pytest.mark.parametrize("grower", _GROWERS)
def test_t_grow_is_stopped(grower: str) -> None:
    lua = LuaRuntime(Policy(limits=Limits(memory="8 MiB", wall_time=240)))  # the time is for a busy machine
    before = process_bytes()
    with pytest.raises(LimitExceeded) as caught:
        lua.execute(_GROWERS[grower])
    assert caught.value.limit == "memory"
    assert lua.usage.peak < 80 << 20  # much of it where memory was free in the process before
    assert process_bytes() - before < 128 << 20


def test_a_huge_string_is_refused_before_it_is_made() -> None:
    before = process_bytes()
    for script in ("('x'):rep(1 << 30)", "('%99d'):rep(1 << 26):format()", "table.concat({}, 'x', 1, 1 << 30)"):
        with pytest.raises((LimitExceeded, Exception)):
            LuaRuntime(Policy(limits=Limits(memory="16 MiB", wall_time=240))).execute(f"local s = {script}")
    assert process_bytes() - before < 64 << 20


def test_garbage_costs_nothing() -> None:
    lua = LuaRuntime(Policy(limits=Limits(memory="8 MiB", wall_time=240)))
    assert lua.execute("local s for i = 1, 2000 do s = ('x'):rep(1000000) end return #s") == 1_000_000
    assert lua.execute("local t for i = 1, 300000 do t = {i, {i}} end return t[1]") == 300_000
    assert lua.execute("for i = 1, 100000 do local t = {} t.self = t end return 1") == 1


def test_coroutines_that_nobody_can_reach_are_freed_before_the_limit_is_called_passed() -> None:
    lua = LuaRuntime(Policy(limits=Limits(memory="8 MiB", wall_time=240)))
    script = """
    for i = 1, 5000 do
      local co
      co = coroutine.create(function() local itself = co coroutine.yield(itself) return itself end)
      coroutine.resume(co)
    end
    return 'fine'
    """
    assert lua.execute(script) == "fine"


def test_runtimes_do_not_pay_for_each_other() -> None:
    big = LuaRuntime()
    small = LuaRuntime(Policy(limits=Limits(memory="4 MiB", wall_time=240)))

    def grow() -> None:
        big.execute("T = T or {} for i = 1, 50000 do T[#T + 1] = {i} end")

    small.globals().grow = grow
    assert small.execute("for i = 1, 4 do grow() for j = 1, 20000 do end end return 'fine'") == "fine"
    assert big.usage.memory > 40 << 20
    assert small.usage.memory < 2 << 20


def test_growth_over_many_calls_is_seen() -> None:
    lua = LuaRuntime(Policy(limits=Limits(memory="8 MiB", wall_time=240)))
    add = lua.execute("local t = {} return function() for i = 1, 500 do t[#t + 1] = {i} end end")

    def grow() -> None:
        for _ in range(1_000):
            add()

    with pytest.raises(LimitExceeded):
        grow()
