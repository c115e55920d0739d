"""T-DEEP, T-CORO: recursion on every way through the machine ends as a Lua error, not as a crash of the process.

All cases run in one child process, one after the other; where it dies, that case and those behind it fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_OVERFLOW = "stack overflow"

_CASES = {
    "recursion": "local function f(n) return 1 + f(n + 1) end return f(0)",
    "recursion in coroutine": "local function f(n) return 1 + f(n + 1) end return coroutine.resume(coroutine.create(f), 0)",
    "coroutine chain": "local function f() return coroutine.wrap(f)() end f()",
    "resume chain": "local function f() local r = table.pack(coroutine.resume(coroutine.create(f))) if not r[1] then error(r[2], 0) end end f()",
    "iterator for1": "local function f() for x in f do end end f()",
    "iterator for2": "local function f() for x, y in f do end end f()",
    "iterator for3": "local function f() for x, y, z in f do end end f()",
    "iterator callable": "local t = setmetatable({}, {}) getmetatable(t).__call = function() for x in t do end end for x in t do end",
    "pairs": "local t = setmetatable({}, {}) getmetatable(t).__pairs = function() for k in pairs(t) do end end for k in pairs(t) do end",
    "ipairs __index": "local t = setmetatable({}, {}) getmetatable(t).__index = function() for k in ipairs(t) do end end for k in ipairs(t) do end",
    "__index": "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]",
    "__newindex": "local t = setmetatable({}, {__newindex = function(t, k, v) t[k + 1] = v end}) t[1] = 1",
    "__index chain": "local t = {} for i = 1, 1e5 do t = setmetatable({}, {__index = t}) end return t.x",
    "__call": "local t = setmetatable({}, {}) getmetatable(t).__call = function(self, n) return 1 + t(n + 1) end t(0)",
    "__call chain": "local t = {} for i = 1, 1e5 do t = setmetatable({}, {__call = t}) end t()",
    "__tostring": "local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return tostring(t) end tostring(t)",
    "__concat": "local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return a .. b end return t .. t",
    "__eq": "local m = {} m.__eq = function(a, b) return a == b end local a, b = setmetatable({}, m), setmetatable({}, m) return a == b",
    "__lt": "local m = {} m.__lt = function(a, b) return a < b end local a, b = setmetatable({}, m), setmetatable({}, m) return a < b",
    "__le": "local m = {} m.__le = function(a, b) return a <= b end local a, b = setmetatable({}, m), setmetatable({}, m) return a <= b",
    "__add": "local m = {} m.__add = function(a, b) return a + b end local a = setmetatable({}, m) return a + a",
    "__unm": "local m = {} m.__unm = function(a) return -a end return -setmetatable({}, m)",
    "__len": "local m = {} m.__len = function(a) return #a end return #setmetatable({}, m)",
    "__band": "local m = {} m.__band = function(a, b) return a & b end local a = setmetatable({}, m) return a & a",
    "__gc": "local function f() setmetatable({}, {__gc = f}) collectgarbage() end f()",
    "sort": "local function f(a, b) table.sort({3, 2, 1}, f) return false end f()",
    "gsub": "local function f() return (string.gsub('a', 'a', f)) end f()",
    "gsub __index": "local t = setmetatable({}, {}) getmetatable(t).__index = function() return (string.gsub('a', 'a', t)) end string.gsub('a', 'a', t)",
    "gmatch": "local function f() for w in string.gmatch('a', 'a') do f() end end f()",
    "pcall": "local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f()",
    "pcall args": "local function f(...) local ok, e = pcall(f, 1, 2, 3, 4, 5, 6, 7) if not ok then error(e, 0) end end f()",
    "pcall pcall": "local function f() local ok, e, e2 = pcall(pcall, f) if not ok then error(e, 0) end if not e then error(e2, 0) end end f()",
    "xpcall": "local function f() local ok, e = xpcall(f, function(e) return e end) if not ok then error(e, 0) end end f()",
    "handler": "local function h(e) return h(e) .. 'x' end return xpcall(error, h)",
    "load": "f = load('f() return 1') f()",
    "load in load": "local function r() local h, e = load(r) if not h then error(e, 0) end end r()",
    "varargs": "local function f(...) return 1 + f(1, ...) end f()",
    "many arguments": "local function f(a, b, c, d, e, g, h, i, ...) return 1 + f(1, 2, 3, 4, 5, 6, 7, 8, ...) end f()",
    "unpack": "local t = {} for i = 1, 100 do t[i] = i end local function f(...) return 1 + f(table.unpack(t)) end f()",
    "select": "local function f(...) return select('#', f(...)) end f()",
    "print": "local t = setmetatable({}, {}) getmetatable(t).__tostring = function() print(t) return '' end print(t)",
    "concat": "local t = setmetatable({}, {}) getmetatable(t).__index = function() return table.concat(t, '', 1, 2) end table.concat(t, '', 1, 2)",
    "table.insert": "local t = setmetatable({}, {}) getmetatable(t).__len = function() table.insert(t, 1) return 1 end table.insert(t, 1)",
    "unpack __index": "local t = setmetatable({}, {}) getmetatable(t).__index = function() return table.unpack(t, 1, 2) end table.unpack(t, 1, 2)",
    "format": "local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return string.format('%s', t) end string.format('%s', t)",
    "coroutine in metamethod": "local t = setmetatable({}, {}) getmetatable(t).__index = function() return coroutine.wrap(function() return t.x end)() end return t.x",
    "wrap iterator": "local function f() for x in coroutine.wrap(f) do end end f()",
    "method": "local t = {} function t:m(n) return 1 + self:m(n + 1) end t:m(0)",
    "mixed": "local m = {} m.__index = function(t, k) return (string.gsub('a', '.', function() return (t[k]) end)) end return setmetatable({}, m).x",
    "iterator in a coroutine": "local function f() for x in f do end end return coroutine.resume(coroutine.create(f))",
    "iterators and coroutines": "local function f() for x in coroutine.wrap(function() for y in f do end end) do end end f()",
    "sleeping deep in iterators": "local function f(n) for x in function() if n == 0 then coroutine.yield() else f(n - 1) end end do end end\nlocal all = {}\nfor i = 1, 50 do all[i] = coroutine.create(f) coroutine.resume(all[i], 150) end\nlocal function g(i) for x in function() coroutine.resume(all[i]) g(i % 50 + 1) end do end end g(1)",
    "load of deep source": "return load(('('):rep(100000) .. '1' .. (')'):rep(100000))",
}

# What the error says where it is no overflow.
_MESSAGES = {
    "__index chain": "'__index' chain too long; possible loop",
    "__call chain": "attempt to call a table value",
    "handler": "error in error handling",
    "load of deep source": "overflow",
}
# What must work although it is deep.
_WORKING = {
    "deep in a coroutine": (
        "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end "
        "return select(2, coroutine.resume(coroutine.create(f), 150000))",
        "150000",
    ),
    "deep": ("local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(180000)", "180000"),
    "tail calls": (
        "local f, g function f(n) if n == 0 then return 7 end return g(n - 1) end "
        "function g(n) return f(n) end return f(1000000)",
        "7",
    ),
    "iterators": (
        "local function f(n) for x in function(_, i) if not i then if n > 0 then f(n - 1) end return 1 end end do end end "
        "for i = 1, 20 do f(190) end return 'done'",
        "done",
    ),
    "loops in loop bodies": (
        "local function f(n) for _, x in ipairs {1} do for y in next, {1} do if n > 0 then f(n - 1) end end end end "
        "f(20000) return 'done'",
        "done",
    ),
    "failing iterators": (
        "for i = 1, 1000 do pcall(function() for x in error do end end) end return 'done'",
        "done",
    ),
    "chain of dead coroutines": (
        "local co for i = 1, 20000 do local p = co "
        "co = coroutine.create(function() local q = p coroutine.yield() return q end) coroutine.resume(co) end "
        "co = nil collectgarbage() return 'done'",
        "done",
    ),
}

_CHILD = """
import json, sys
from vlua import LuaError, LuaRuntime
for name, source in json.load(sys.stdin).items():
    print(json.dumps([name, "start"]), flush=True)
    lua = LuaRuntime(stdout=sys.stderr)
    try:
        result = lua.execute(source)
        ending = str(result[-1] if isinstance(result, tuple) else result)
    except LuaError as error:
        ending = str(error)
    print(json.dumps([name, ending[-500:]]), flush=True)
"""


@cache
def endings() -> dict[str, str]:
    """What came of each case: the error's text or the last result; for a crash, how the process ended."""
    jobs = _CASES | {name: source for name, (source, _) in _WORKING.items()}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], cwd=_ROOT, input=json.dumps(jobs), capture_output=True, text=True, timeout=300
    )
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    return {name: f"exit status {done.returncode}" if text == "start" else text for name, text in found.items()}


@pytest.mark.parametrize("name", _CASES)
def test_t_deep_recursion_is_a_lua_error(name: str) -> None:
    assert _MESSAGES.get(name, _OVERFLOW) in endings()[name]


@pytest.mark.parametrize("name", _WORKING)
def test_t_deep_what_is_deep_but_finite_works(name: str) -> None:
    assert endings()[name] == _WORKING[name][1]
