"""T-GROW, T-CORO, T-CLOCK: what piles up is limited, in tables, files, chains and coroutines, and no clock helps it."""

from __future__ import annotations

import gc
import io
import time
import tracemalloc
from typing import Any

import pytest

from tests.child import run_in_child
from tests.security.room import outcome, runtime
from vlua import LimitExceeded, Limits, LuaError, LuaRuntime, Policy

MIB = 1 << 20

_GROWERS = {
    "table by appending": "local t = {} while true do t[#t + 1] = 1 end",
    "table by keys": "local t, i = {}, 0 while true do i = i + 1 t['k' .. i] = i end",
    "tables in tables": "local t = {} while true do t = {t} end",
    "big constructors": "local t = {} while true do t[#t + 1] = {1, 2, 3, 4, 5, 6, 7, 8} end",
    "closures": "local t = {} while true do local x t[#t + 1] = function() return x end end",
    "strings": "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
    "concatenations": "local s = '' while true do s = s .. 'xxxxxxxxxxxxxxxx' end",
    "upvalue chain": "local f = print while true do local g = f f = function() return g end end",
    "coroutines": "local t = {} while true do local c = coroutine.wrap(coroutine.yield) c() t[#t + 1] = c end",
    "metatables": "local t = {} while true do t = setmetatable({}, {__index = t, __newindex = t}) end",
    "files in memory": "local i = 0 while true do i = i + 1 "
    "local f = io.open('/' .. i, 'w') f:write(('x'):rep(9999)) f:close() end",
    "one file": "local f = io.open('/f', 'w') while true do f:write(('x'):rep(10000)) end",
    "open files": "local t = {} while true do t[#t + 1] = io.open('/f', 'w') or error('full') end",
    "temporary files": "local t = {} while true do t[#t + 1] = io.tmpfile() or error('full') end",
    "holes": "local f = io.open('/f', 'w') while true do assert(f:seek('cur', 1 << 28)) assert(f:write('x')) end",
    "error messages": "local m = 'x' while true do m = select(2, pcall(error, m .. m)) end",
    "tracebacks": "local s = '' while true do s = debug.traceback(s .. s) end",
    "loaded chunks": "local t = {} while true do t[#t + 1] = load('return ' .. #t) end",
    "string.format": "local s = 'x' while true do s = ('%s%s%s'):format(s, s, s) end",
    "arguments": "local function f(...) return f(1, ...) end f()",
    "results": "local t = {1} while true do t = {table.unpack(t)} for i = 1, #t do t[#t + 1] = 1 end end",
    "weak tables": "local t, k = setmetatable({}, {__mode = 'k'}), {} while true do k[#k + 1] = {} t[k[#k]] = 1 end",
    "finalizers": "while true do setmetatable({}, {__gc = function(o) kept = {kept, o} end}) end",
}


_SLOW = ("loaded chunks", "upvalue chain", "metatables", "tables in tables", "arguments", "finalizers")


@pytest.mark.parametrize("grower", _GROWERS)
def test_t_grow_what_piles_up_reaches_its_limit(grower: str) -> None:
    limit = "file_bytes" if "file" in grower else "memory"
    # What takes long to fill the memory gets less of it.
    allowed = 4 * MIB if grower in _SLOW else 16 * MIB
    ending = run_in_child(_GROWERS[grower], timeout=300, wall_time=240, **{limit: allowed})
    assert ending.kind == "LuaError" or (ending.kind == "LimitExceeded" and limit in ending.text), ending.text


@pytest.mark.parametrize("grower", _GROWERS)
def test_t_grow_nothing_that_piles_up_is_free_of_charge(grower: str) -> None:
    instructions = 10_000 if grower in _SLOW else 100_000
    ending = run_in_child(_GROWERS[grower], timeout=300, wall_time=240, instructions=instructions)
    assert ending.kind in ("LimitExceeded", "LuaError"), ending.text


def test_t_grow_output_is_limited() -> None:
    for source in (
        "while true do print('x') end",
        "while true do io.write('x') end",
        "while true do io.stderr:write('x') end",
    ):
        out = io.BytesIO()
        lua = LuaRuntime(Policy(limits=Limits(output=10_000, wall_time=20)), stdout=out, stderr=out)
        with pytest.raises(LimitExceeded) as caught:
            lua.execute(source)
        assert caught.value.limit == "output"
        assert len(out.getvalue()) <= 10_000


@pytest.mark.parametrize("event", ["__index", "__newindex"])
def test_t_grow_chains_of_metatables_end(event: str) -> None:
    cyclic = f"local t = setmetatable({{}}, {{}}) getmetatable(t).{event} = t t.x = t.x return t.x"
    assert isinstance(outcome(cyclic, wall_time=20), LuaError | type(None))
    long = f"""
    local t = {{}} for i = 1, 20000 do t = setmetatable({{}}, {{{event} = t}}) end
    return pcall(function() t.x = 1 return t.x end)
    """
    ending = run_in_child(long, timeout=60, wall_time=30)
    assert ending.kind in ("results", "LimitExceeded", "LuaError"), ending.text


def test_t_coro_a_loop_in_a_coroutine_is_stopped() -> None:
    for source in (
        "coroutine.wrap(function() while true do end end)()",
        "local c = coroutine.create(function() while true do end end) while true do coroutine.resume(c) end",
        "local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end",
    ):
        assert isinstance(outcome(source, instructions=100_000), LimitExceeded)
        assert isinstance(outcome(source, instructions=None, wall_time=0.1), LimitExceeded)


def test_t_coro_many_coroutines_are_limited_or_counted() -> None:
    million = "local t = {} for i = 1, 1000000 do local c = coroutine.wrap(coroutine.yield) c() t[i] = c end"
    ending = run_in_child(million, timeout=300, coroutines=1_000, wall_time=240)
    assert ending.kind in ("LimitExceeded", "LuaError"), ending.text
    assert "coroutine" in ending.text
    fine = (
        "for i = 1, 2000 do coroutine.wrap(function() coroutine.yield() end)() collectgarbage('step') end return 'done'"
    )
    assert run_in_child(fine, timeout=300, wall_time=240).kind in ("results", "LuaError")


@pytest.mark.parametrize(
    "source",
    [
        "local function f() return coroutine.wrap(f)() end f()",
        "local function f(n) local c = coroutine.create(f) return coroutine.resume(c, n) end return f(1)",
        "local c c = coroutine.wrap(function() return c() end) return c()",
        "local function f() coroutine.wrap(function() pcall(f) end)() end f()",
        "local function f() for _ in coroutine.wrap(f) do end end f()",
    ],
)
def test_t_coro_chains_of_coroutines_end_as_errors(source: str) -> None:
    ending = run_in_child(source, timeout=60, wall_time=20, instructions=5_000_000)
    assert ending.kind in ("results", "LuaError", "LimitExceeded"), ending.text


def test_t_coro_dead_coroutines_keep_no_memory() -> None:
    lua = runtime(instructions=None)
    batch = lua.compile("""
    for i = 1, 2000 do
      local c = coroutine.create(function(s) coroutine.yield(s) end)
      coroutine.resume(c, ("x"):rep(1000))
      if i % 2 == 0 then coroutine.resume(c) end
    end
    collectgarbage()
    """)
    batch()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(3):
            batch()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 2 * MIB
    finally:
        tracemalloc.stop()


def _clock(kind: str) -> dict[str, Any]:
    clocks = {
        "frozen": {"kind": "frozen", "start": "2020-01-01"},
        "ticking": {"kind": "ticking", "step": "1 s"},
        "slow": {"kind": "scaled", "scale": 0.001},
        "fast": {"kind": "scaled", "scale": 1000.0},
    }
    return clocks[kind]


@pytest.mark.parametrize("kind", ["frozen", "ticking", "slow", "fast"])
def test_t_clock_the_wall_clock_limit_keeps_real_time(kind: str) -> None:
    lua = LuaRuntime(Policy(clock=_clock(kind), wall_time=0.2))
    for source in (
        "while true do end",
        "while true do os.time() os.clock() os.date() end",
        "local t = os.clock() repeat until os.clock() - t > 1e9",
        "os.time = function() return 0 end while true do pcall(os.clock) end",
    ):
        start = time.monotonic()
        with pytest.raises(LimitExceeded) as caught:
            lua.execute(source)
        assert caught.value.limit == "wall_time"
        assert time.monotonic() - start < 20  # the machine may be busy; without a limit this never ends


def test_t_clock_a_fast_clock_takes_no_time_away() -> None:
    lua = LuaRuntime(Policy(clock=_clock("fast"), wall_time=30.0))
    assert lua.execute("local t = os.clock() local n = 0 for i = 1, 100000 do n = n + 1 end return n") == 100_000
