"""Values that no variable of the script holds count against the memory limit as well."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from vlua import LimitExceeded, Limits, LuaRuntime, Policy

# Runs a script under a memory limit in a process that could not take the machine down if that failed.
_CHILD = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from vlua import LimitExceeded, Limits, LuaRuntime, Policy
from vlua.sandbox.memory import process_bytes
lua = LuaRuntime(Policy(limits=Limits(memory="32 MiB", wall_time=40)))
before = process_bytes()
largest = before
try:
    end = repr(lua.execute(sys.stdin.read()))
except LimitExceeded as stop:
    end = stop.limit
except Exception as error:
    end = str(error)
from vlua.isolate.rlimits import peak_memory
peak = peak_memory()
print(json.dumps([end, peak - before]))
"""
# What each level of a recursion holds while the next one runs: `big()` is a new string of a megabyte, `list()` a table
# of about as much, `r(n - 1)` goes on.
_HIDING = {
    "operand of a chain": "return #(big() .. r(n - 1)) .. ''",
    "operand of a long chain": "return #('a' .. n .. 'b' .. n .. 'c' .. n .. big() .. r(n - 1)) .. ''",
    "method of a literal": "return #((('x'):rep(1 << 20)) .. r(n - 1)) .. ''",
    "argument": "keep(list(), r(n - 1)) return ''",
    "argument of one value": "keep(one(), r(n - 1)) return ''",
    "argument joined": "keep(big() .. n, r(n - 1)) return ''",
    "argument before all values": "keep(one(), r(n - 1), r(0)) keep(one(), (r(n - 1))) return ''",
    "argument made here": "keep({list()}, r(n - 1)) return ''",
    "argument behind pending calls": "keep(tailed(200), r(n - 1)) return ''",
    "item": "local t = {one(), r(n - 1)} return ''",
    "named item": "local t = {a = one(), b = r(n - 1), c = 1} return ''",
    "computed key": "local t = {[one()] = r(n - 1), r(0)} return ''",
    "operand with a metamethod": "return '' .. #tostring(one() + r(n - 1))",
    "compared": "return (one() == r(n - 1)) and '' or ''",
    "indexed": "local t = (one())[r(n - 1)] return ''",
    "results": "if n > 0 then return one(), r(n - 1) end",
    "several locals": "local a, b = nil, keep(one(), r(n - 1)) return ''",
    "function called": "(function(t) return function() return t end end)(list())(r(n - 1)) return ''",
    "method of a temporary": "thing():use(r(n - 1)) return ''",
    "later argument is a field": "down = n keep(one(), field.x) return ''",
    "later argument is a global": "down = n keep(one(), missing) return ''",
    "unused arguments": "keep(r, one(), (r(n - 1))) return ''",
    "traversal": "for k in pairs(wide) do r(n - 1) break end return ''",
    "traversal of pairs": "for k, v in pairs(wide) do r(n - 1) break end return ''",
    "iterator": "for k in each(list()) do r(n - 1) break end return ''",
    "iterator of pairs": "for k, v in each(list()) do r(n - 1) break end return ''",
    "iterator of triples": "for k, v, w in each(list()) do r(n - 1) break end return ''",
    "matches": "for w in (big() .. 'y'):gmatch('.') do r(n - 1) break end return ''",
    "logic": "return (one() and r(n - 1)) or ''",
    "varargs": "return (function(...) return r(n - 1) end)(one()) or ''",
    "substitution": "local s = big():gsub('^x', function() r(n - 1) end) return ''",
    "sorting": "table.sort(list(), function(a, b) r(n - 1) error() end) return ''",
    "protected": "pcall(r, n - 1, one()) return ''",
    "handler": "xpcall(function() local t = list() error(t) end, function() r(n - 1) end) return ''",
    "coroutine": "return coroutine.wrap(function(t) return r(n - 1) end)(one())",
}
_LIBRARY = """
local function big() return ("x"):rep(1 << 20) end
local function list() return table.pack(table.unpack(wide)) end
local meta = {__add = function() return 1 end, __len = function() return 1 end}
local function one() local t = setmetatable(list(), meta) return t end
local function tailed(n) if n == 0 then return list() end return tailed(n - 1) end
local function keep() end
local function thing() local t = list() t.use = keep return t end
local function each(t) return function(_, k) if not k then return #t end end end
wide = {} for i = 1, 1 << 15 do wide[i] = i end
local r
field = setmetatable({}, {__index = function() return r(down - 1) end})
setmetatable(_G, {__index = function(_, k) if k == "missing" then return r(down - 1) end end})
function r(n) if n == 0 then return "" end %s end
return r(%d)
"""


@pytest.mark.parametrize("hiding", _HIDING)
def test_t_grow_values_in_no_variable_are_counted(hiding: str) -> None:
    levels = 190 if hiding in ("substitution", "sorting", "protected", "handler", "coroutine") else 1_000
    source = _LIBRARY % (_HIDING[hiding], levels)
    command = [sys.executable, "-c", _CHILD]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True, timeout=60)
    end, grown = json.loads(done.stdout)
    assert end == "memory"
    assert grown < 128 << 20


_UNCHARGED = {
    "arguments": "local function h() end local function g(...) while true do h(...) end end g(unpack(t))",
    "items": "local function g(...) while true do local x = {...} end end g(unpack(t))",
    "count": "local function g(...) while true do local x = select('#', ...) end end g(unpack(t))",
    "tail calls": "local function f(...) return f(1, ...) end f(unpack(t))",
    "traversals": "while true do for k in pairs(t) do break end end",
}


@pytest.mark.parametrize("work", _UNCHARGED)
def test_t_clock_long_rows_of_values_are_charged(work: str) -> None:
    lua = LuaRuntime(Policy(limits=Limits(instructions=2_000_000)))
    lua.execute("t, rounds = {}, 0 for i = 1, 100000 do t[i] = i end unpack = table.unpack")
    with pytest.raises(LimitExceeded):
        lua.execute(_UNCHARGED[work].replace(" do ", " do rounds = rounds + 1 ", 2))
    assert lua.globals().rounds < 2_000


@pytest.mark.parametrize("call", ["pcall(f)", "xpcall(f, print)"])
def test_t_clock_results_passed_on_by_protected_calls_are_charged(call: str) -> None:
    lua = LuaRuntime(Policy(limits=Limits(instructions=2_000_000)))
    with pytest.raises(LimitExceeded):
        lua.execute(f"local function f() return {call} end f()")


def test_sleeping_coroutines_at_the_end_of_the_process_are_no_news() -> None:
    source = """
from vlua import LuaRuntime
lua = LuaRuntime()
lua.execute("M = coroutine.create(function() coroutine.yield(M) end) coroutine.resume(M)")
kept = lua.execute("T = {} for i = 1, 5 do T[i] = coroutine.wrap(coroutine.yield) T[i]() end return function() end")
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
