"""``debug.sethook``: the events of PUC Lua, at the same lines, and nothing left behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines import Engine, puc, vlua
from vlua import LimitExceeded, LuaError, LuaRuntime, Policy

TRACE = """
local source, mask = [==[
%s]==], "%s"
local out = {}
local f = assert(load(source, "=t"))
local function hook(e, l) out[#out + 1] = e .. (l and (":" .. l) or "") end
debug.sethook(hook, mask) f() debug.sethook()
return table.concat(out, " ")
"""

TRACES = {
    "function": ("local function f()\n  return 1\nend\nf()\nf()\n", "l"),
    "branches": (
        "for i = 1, 3 do\n  if i == 1 then\n    x = 1\n  elseif i == 2 then\n    x = 2\n  else\n    x = 3\n  end\n"
        "end\n",
        "l",
    ),
    "then on a line of its own": ("if\nmath.sin(1)\nthen\n  x = 1\nelse\n  x = 2\nend\n", "l"),
    "while": ("local i = 0\nwhile i < 2 do\n  i = i + 1\nend\n", "l"),
    "endless loop": ("local i = 0\nwhile true do\n  i = i + 1\n  if i > 2 then break end\nend\nreturn\n", "l"),
    "repeat": ("local i = 2\nrepeat\n  local z = i\n  i = i - 1\nuntil z < 2\n", "l"),
    "loops": (
        "for k, v in pairs{1,2} do\n  x = k\nend\nfor k in pairs{} do x = 1 end\nfor i = 1, 0 do x = 1 end\n"
        "local s = 0\nfor i = 3, 1, -1 do s = s + i end\n",
        "l",
    ),
    "one-line loop": ("for i = 1, 4 do a = 1 end\n", "l"),
    "goto": ("local i = 0\n::top::\ni = i + 1\nif i < 3 then goto top end\ndo local a = 1 end\n", "l"),
    "only a return": (" do\n  return\nend\n", "l"),
    "no code at the start": ("--\nif nil then\n  a = 1\nelse\n  a = 2\nend\n", "l"),
    "calls": (
        "local function f(x) return x end\nlocal function g(x) return f(x) end\nlocal y = f(1)\ny = g(2)\npcall(f)\n"
        "pcall(error)\ny = tostring(1)\nreturn f(1)\n",
        "cr",
    ),
    "metamethods": ("local t = setmetatable({}, {__index = function(t, k) return k end})\nlocal y = t.foo\n", "cr"),
    "everything": ("local function f(x) local a = x return a end\nf(1)\n", "crl"),
}

PROGRAMS = {
    "gethook": """
        local function h() end
        print(debug.gethook()) debug.sethook(h, "rlc", 5)
        local f, mask, count = debug.gethook() print(f == h, mask, count)
        debug.sethook(h, "") print(debug.gethook())
    """,
    "error in a hook goes to pcall, and the hook stays": """
        local count = 0
        debug.sethook(function(e, l) count = count + 1 if l == 6 then error("boom", 0) end end, "l")
        local ok, text = pcall(function()
          local a = 1
          local b = 2
          local c = 3
        end)
        local before = count
        local x = 1
        local y = 2
        debug.sethook()
        print(ok, text, count > before)
    """,
    "hook within a hook": """
        local log = {}
        debug.sethook(function()
          log[#log + 1] = "A"
          debug.sethook(function() log[#log + 1] = "B" debug.sethook() end, "l")
        end, "l")
        local a = 1
        local b = 2
        local c = 3
        print(table.concat(log))
    """,
    "no yield from a hook": """
        coroutine.wrap(function()
          debug.sethook(function() print(pcall(coroutine.yield, 1)) end, "l")
          local x = 1
          debug.sethook()
        end)()
    """,
    "of one coroutine": """
        local log = {}
        local co = coroutine.create(function()
          local a = 1
          coroutine.yield(a)
          error("oops")
        end)
        debug.sethook(co, function(e, l) log[#log + 1] = e .. (l or "") end, "crl")
        local function f() local z = 1 end
        print(coroutine.resume(co)) f() print(coroutine.resume(co)) f() print(coroutine.resume(co))
        print(table.concat(log, " "))
        print(debug.gethook() == nil, debug.gethook(co) ~= nil)
    """,
    "locals in a hook": """
        local function target()
          local v = 1
          local w = v
          return w
        end
        local function hook(e, line)
          if debug.getinfo(2, "f").func == target and line == 4 then debug.setlocal(2, 1, 50) end
        end
        debug.sethook(hook, "l")
        local result = target()
        debug.sethook()
        print(result)
    """,
    "names in a hook": """
        local info
        debug.sethook(function() info = debug.getinfo(1, "n") end, "l")
        local a = 1
        debug.sethook()
        print(info.name, info.namewhat)
    """,
    "upvalues of the hook are the watched function's locals": """
        local n = 0
        debug.sethook(function() n = n + 1 end, "l")
        local a = 1
        local b = n
        debug.sethook()
        print(n, b)
    """,
    "count ends endless loops": """
        for _, body in ipairs{"while true do end", "for i = 1, 1e15 do end", "::a:: goto a", "repeat until false"} do
          print(pcall(function()
            debug.sethook(function() error("timeout", 0) end, "", 1000)
            load(body)()
          end))
          debug.sethook()
        end
    """,
}


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    return puc(), vlua()


@pytest.fixture(autouse=True)
def _no_trace_left() -> Iterator[None]:
    before = sys.gettrace()
    yield
    assert sys.gettrace() == before


@pytest.mark.parametrize("name", TRACES)
def test_events(engines: tuple[Engine, Engine], name: str) -> None:
    source = TRACE % TRACES[name]
    expected, found = (engine.run(source) for engine in engines)
    assert found == expected


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_puc(engines: tuple[Engine, Engine], name: str) -> None:
    expected, found = (engine.run(PROGRAMS[name]) for engine in engines)
    assert found == expected


def test_counts_are_about_as_many() -> None:
    source = """
        local n = 0
        debug.sethook(function() n = n + 1 end, "", 100)
        for i = 1, 10000 do end
        debug.sethook()
        return n
    """
    assert 90 < LuaRuntime().execute(source) < 150


def test_hooks_outlive_a_run_and_tracing_does_not() -> None:
    lua = LuaRuntime()
    lua.execute("n = 0 debug.sethook(function() n = n + 1 end, 'l')")
    assert sys.gettrace() is None or "Hooks" not in repr(sys.gettrace())
    lua.execute("local a = 1\nlocal b = 2\nlocal c = 3")
    assert lua.eval("n") >= 3


def test_the_hosts_own_trace_function_comes_back() -> None:
    seen: list[str] = []

    def watch(frame: Any, event: str, argument: Any) -> Any:
        seen.append(event)
        return None

    lua = LuaRuntime()
    before = sys.gettrace()
    sys.settrace(watch)
    try:
        lua.execute("debug.sethook(function() end, 'l') local a = 1")
        assert sys.gettrace() is watch
        with pytest.raises(LuaError):
            lua.execute("debug.sethook(function() error('x') end, 'l')\nlocal a = 1")
        assert sys.gettrace() is watch
    finally:
        sys.settrace(before)


def test_limits_reach_through_hooks() -> None:
    lua = LuaRuntime(Policy().evolve(instructions=100_000))
    with pytest.raises(LimitExceeded):
        lua.execute("debug.sethook(function() while true do end end, 'l')\nlocal a = 1\nlocal b = 2")
