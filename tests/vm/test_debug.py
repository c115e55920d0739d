"""The debug library on running Lua code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines import puc, vlua
from vlua.vm.call import values
from vlua.vm.errors import LuaError
from vlua.vm.lib.base import open_base
from vlua.vm.lib.coroutine import open_coroutine
from vlua.vm.lib.debug import open_debug
from vlua.vm.lib.table import open_table
from vlua.vm.state import State
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata


@pytest.fixture
def state() -> Any:
    state = State()
    loaded = state.registry.hash["_LOADED"].hash
    fields = open_base(state).hash
    loaded["_G"] = state.globals
    for name, opener in (("debug", open_debug), ("coroutine", open_coroutine), ("table", open_table)):
        fields[name] = loaded[name] = opener(state)
    return state


def run(state: State, source: str) -> Any:
    with state.entry():
        results = values(state.load(source, "@test.lua", state.globals)())
    return results[0] if len(results) == 1 else results


def text(*lines: str) -> str:
    return "\n".join(lines)


class TestTraceback:
    def test_names(self, state: State) -> None:
        source = text(
            "local function inner() local t = debug.traceback('m') return t end",
            "function outer() local t = inner() return t end",
            "local object = {} function object:method() local t = outer() return t end",
            "local t = object:method() return t",
        )
        assert run(state, source) == text(
            "m",
            "stack traceback:",
            "\ttest.lua:1: in upvalue 'inner'",
            "\ttest.lua:2: in function 'outer'",
            "\ttest.lua:3: in method 'method'",
            "\ttest.lua:4: in main chunk",
        )

    def test_level_and_message(self, state: State) -> None:
        assert run(state, "local t = debug.traceback('m', 0) return t") == text(
            "m", "stack traceback:", "\t[C]: in function 'debug.traceback'", "\ttest.lua:1: in main chunk"
        )
        assert run(state, "local t = debug.traceback(nil, 9) return t") == "stack traceback:"
        assert run(state, "local t = {} local r = debug.traceback(t) return r == t") is True
        assert run(state, "local t = debug.traceback(12) return t").startswith("12\nstack")

    def test_long_stack(self, state: State) -> None:
        source = text(
            "local function f(n) if n == 0 then local t = debug.traceback() return t end",
            "  local r = f(n - 1) return r end",
            "local r = f(60) return r",
        )
        lines = run(state, source).split("\n")
        assert len(lines) == 1 + 10 + 1 + 11
        assert lines[11] == "\t..."

    def test_in_message_handler(self, state: State) -> None:
        source = text(
            "local function fail() error('oops') end",
            "local ok, trace = xpcall(fail, debug.traceback) return trace",
        )
        assert run(state, source) == text(
            "test.lua:1: oops",
            "stack traceback:",
            "\t[C]: in function 'error'",
            "\ttest.lua:1: in function <test.lua:1>",
            "\t[C]: in function 'xpcall'",
            "\ttest.lua:2: in main chunk",
        )

    def test_of_coroutines(self, state: State) -> None:
        source = text(
            "local co = coroutine.create(function() coroutine.yield() error('x') end)",
            "local a = debug.traceback(co) coroutine.resume(co)",
            "local b = debug.traceback(co) coroutine.resume(co)",
            "return a, b, debug.traceback(co)",
        )
        before, asleep, failed = run(state, source)
        assert before == "stack traceback:"
        assert asleep == text(
            "stack traceback:", "\t[C]: in function 'coroutine.yield'", "\ttest.lua:1: in function <test.lua:1>"
        )
        assert failed == text(
            "stack traceback:", "\t[C]: in function 'error'", "\ttest.lua:1: in function <test.lua:1>"
        )


class TestGetinfo:
    def test_level(self, state: State) -> None:
        source = text(
            "local function f(a, b, ...)",
            "  local i = debug.getinfo(1)",
            "  return i.name, i.namewhat, i.what, i.currentline, i.linedefined, i.lastlinedefined,",
            "    i.nparams, i.isvararg, i.short_src, i.source, i.func",
            "end",
            "return f, f()",
        )
        function, *found, itself = run(state, source)
        assert found == ["f", "local", "Lua", 2, 1, 5, 2, True, "test.lua", "@test.lua"]
        assert itself is function

    def test_right_closure_is_found(self, state: State) -> None:
        source = text(
            "local made = {}",
            "for i = 1, 3 do made[i] = function() local f = debug.getinfo(1, 'f').func return f, i end end",
            "return made[1]() == made[1], made[2]() == made[2], made[3]() == made[3]",
        )
        assert run(state, source) == (True, True, True)

    def test_library_function(self, state: State) -> None:
        source = "local i = debug.getinfo(print) return i.what, i.short_src, i.currentline, i.nups, i.func == print"
        assert run(state, source) == ("C", "[C]", -1, 0, True)

    def test_metamethods_and_iterators(self, state: State) -> None:
        source = text(
            "local seen = {}",
            "local function note() local i = debug.getinfo(2, 'n') seen[#seen + 1] = i.namewhat .. ' ' .. i.name end",
            "local t = setmetatable({}, {__index = function() note() end, __add = function() note() return 1 end,",
            "  __lt = function() note() return true end, __concat = function() note() return '' end})",
            "local _ = t.x, t + 1, t < t, t .. 'x'",
            "for _ in function() note() end do end",
            "return table.concat(seen, ',')",
        )
        expected = "metamethod __index,metamethod __add,metamethod __lt,metamethod __concat,for iterator for iterator"
        assert run(state, source) == expected

    def test_active_lines(self, state: State) -> None:
        source = "local function f()\n  local a = 1\n\n  return a\nend return debug.getinfo(f, 'L').activelines"
        assert set(run(state, source).hash) == {2, 4, 5}

    @pytest.mark.parametrize("call", ["1, 'X'", "'x'", "", "print, '>S'"])
    def test_errors(self, state: State, call: str) -> None:
        with pytest.raises(LuaError, match="bad argument"):
            run(state, f"local x = debug.getinfo({call})")

    def test_no_such_level(self, state: State) -> None:
        assert run(state, "return debug.getinfo(50), debug.getinfo(-1)") == (None, None)


class TestVariables:
    def test_locals(self, state: State) -> None:
        source = text(
            "local function f(a, b, ...) local c = 3",
            "  local n1, v1 = debug.getlocal(1, 1) local n3, v3 = debug.getlocal(1, 3)",
            "  local n, v = debug.getlocal(1, -2) return n1, v1, n3, v3, n, v end",
            "return f('A', 'B', 'x', 'y')",
        )
        assert run(state, source) == ("a", "A", "c", 3, "(*vararg)", "y")
        assert run(state, "return debug.getlocal(function(p, q) end, 2)") == "q"

    def test_upvalues(self, state: State) -> None:
        source = text(
            "local u = 5 local function f() u = u + 1 return u end",
            "local name, value = debug.getupvalue(f, 1)",
            "return name, value, debug.setupvalue(f, 1, 10), f(), u",
        )
        assert run(state, source) == ("u", 5, "u", 11, 11)

    def test_upvalues_of_loops(self, state: State) -> None:
        source = text(
            "local made = {} for i = 1, 2 do local j = i made[i] = function() j = j + 1 return j end end",
            "debug.setupvalue(made[1], 1, 100)",
            "return made[1](), made[2](), debug.upvalueid(made[1], 1) == debug.upvalueid(made[2], 1),",
            "  debug.upvalueid(made[1], 1) == debug.upvalueid(made[1], 1)",
        )
        assert run(state, source) == (101, 3, False, True)

    def test_environment(self, state: State) -> None:
        source = "local f = load('return x') debug.setupvalue(f, 1, {x = 42}) return f(), debug.getupvalue(f, 1)"
        assert run(state, source)[:2] == (42, "_ENV")

    def test_chunks_that_assign_variables_take_any_type(self, state: State) -> None:
        source = "local n = 2 local function f() n = n * 3 return n end debug.setupvalue(f, 1, '7') return f()"
        assert run(state, source) == 21

    def test_other_chunks_keep_the_types_they_rely_on(self, state: State) -> None:
        state.globals.hash["f"] = run(state, "local n = 2 return function() n = n * 3 return n end")
        assert run(state, "return debug.setupvalue(f, 1, 5), f()") == ("n", 15)
        with pytest.raises(LuaError, match="cannot change the type of variable 'n'"):
            run(state, "debug.setupvalue(f, 1, 'xxx')")
        state.globals.hash["g"] = run(state, "return function(call) local n = 2 call() return n + 1 end")
        assert run(state, "return g(function() debug.setlocal(2, 2, 7) end)") == 8
        with pytest.raises(LuaError, match="cannot change the type of variable 'n'"):
            run(state, "return g(function() debug.setlocal(2, 2, 'seven') end)")

    def test_assignment_reaches_the_shadow_of_a_table(self, state: State) -> None:
        source = "local t = {x = 1} local n = 0 return function() for i = 1, 9 do n = n + t.x end return n end"
        state.globals.hash["f"] = run(state, source)
        assert run(state, "debug.setupvalue(f, 2, {x = 3}) return debug.getupvalue(f, 2), f()")[-1] == 27

    def test_library_functions_are_closed(self, state: State) -> None:
        for name in ("print", "pcall", "debug.getinfo"):
            assert run(state, f"return select('#', debug.getupvalue({name}, 1))") == 0
            assert run(state, f"return select('#', debug.setupvalue({name}, 1, 1))") == 0
            assert run(state, f"return debug.getlocal({name}, 1)") is None
        with pytest.raises(LuaError, match="invalid upvalue index"):
            run(state, "local x = debug.upvalueid(print, 1)")


class TestMetatables:
    @pytest.mark.parametrize("value", ["nil", "1", "1.5", "true", "print", "coroutine.create(print)", "{}"])
    def test_basic_types(self, state: State, value: str) -> None:
        source = (
            f"local v, m = {value}, {{}} debug.setmetatable(v, m) local r = getmetatable(v) == m "
            "debug.setmetatable(v, nil) return r, getmetatable(v)"
        )
        assert run(state, source) == (True, None)

    def test_userdata_keep_theirs(self, state: State) -> None:
        state.globals.hash["u"] = Userdata(LuaTable({"__metatable": "locked"}))
        assert run(state, "return debug.getmetatable(u)") == "locked"
        with pytest.raises(LuaError, match="protected metatable"):
            run(state, "debug.setmetatable(u, {})")

    def test_registry_is_harmless(self, state: State) -> None:
        run(state, "local r = debug.getregistry() r.x = 1 return r")
        assert "x" not in state.registry.hash


LOCALS = """
local function names()
  local out = {}
  for i = 1, 100 do
    local n, v = debug.getlocal(2, i)
    if not n or n == "(*temporary)" then break end
    if n:sub(1, 1) ~= "(" then n = n .. "=" .. tostring(v) end
    out[#out + 1] = n
  end
  print(table.concat(out, " "))
end
local function f(a, b, ...)
  names()
  local c = 1
  do local d = 2 names() end
  names()
  for i = 1, 1 do local e = i names() end
  for k, v in ipairs{7} do names() local z = k names() end
  while true do local w = 1 names() break end
  repeat local r = 5 until names() or true
  local c = 2
  local function g() return c end
  local g = 1
  if a then local q = 1 names() else local q2 = 1 end
  local x, y = 1
  names()
  goto done
  do local never = 1 end
  ::done::
  names()
  return x
end
f(1, 2, 3)
"""

LEVELS = """
local function show(i)
  local keys = {}
  for k, v in pairs(i) do
    if type(v) ~= "function" and type(v) ~= "table" then keys[#keys + 1] = k .. "=" .. tostring(v) end
  end
  table.sort(keys)
  print(table.concat(keys, " "))
end
local function tail() show(debug.getinfo(1)) show(debug.getinfo(2)) end
local function caller() return tail() end
caller()
local o = {m = function(self) show(debug.getinfo(1)) end}
o:m() o.m(o)
glob = function() show(debug.getinfo(1)) print(debug.getinfo(1, "f").func == glob) end
glob()
pcall(glob)
show(debug.getinfo(print, "SL"))
local co = coroutine.create(function(a) local b = 2 glob() coroutine.yield(1) local c = 3 error("x") end)
coroutine.resume(co, 5)
print(debug.traceback(co)) print(debug.traceback(co, "msg")) print(debug.traceback(co, nil, 1))
show(debug.getinfo(co, 0)) show(debug.getinfo(co, 1)) print(debug.getinfo(co, 2))
print(debug.getlocal(co, 1, 1)) print(debug.getlocal(co, 1, 2)) print(debug.getlocal(co, 1, 3))
print(debug.setlocal(co, 1, 2, "changed")) print(debug.getlocal(co, 1, 2))
print(coroutine.resume(co))
print(debug.traceback(co))
show(debug.getinfo(co, 0)) show(debug.getinfo(co, 1))
"""

UPVALUES = """
local up1, up2 = 1, 2
local function u1() return up1 end
local function u2() return up2 end
print(debug.getupvalue(u1, 1)) print(debug.setupvalue(u1, 1, "s")) print(up1, u1())
debug.upvaluejoin(u1, 1, u2, 1)
print(u1()) up2 = 7 print(u1()) print(debug.upvalueid(u1, 1) == debug.upvalueid(u2, 1))
local fs = {}
for i = 1, 3 do local x = i * 10 fs[i] = function() x = x + 1 return x end end
print(debug.setupvalue(fs[1], 1, 5), fs[1](), fs[2]())
debug.upvaluejoin(fs[2], 1, fs[3], 1) print(fs[2](), fs[3](), fs[2]())
for i = 1, 1 do local x = i local g = function() return x end debug.setupvalue(g, 1, 99) print(x, g()) end
local env = {y = 3}
local main = load("x = 1; return y")
debug.upvaluejoin(main, 1, function() return env end, 1)
print(main(), env.x, debug.getupvalue(load"", 1))
print((debug.getupvalue(string.gmatch("x", "x"), 1)))
print(pcall(debug.upvaluejoin, u1, 2, u2, 1)) print(pcall(debug.upvaluejoin, u1, 1, pcall, 1))
"""


@pytest.mark.parametrize("source", [LOCALS, LEVELS, UPVALUES], ids=["locals", "levels", "upvalues"])
def test_as_puc(source: str) -> None:
    expected, found = (engine.run(ADDRESS_FREE + source) for engine in (puc(), vlua()))
    assert found == expected


# Addresses differ: functions and tables are shown by their type.
ADDRESS_FREE = """
local tostring = function(v) local t = type(v) return (t == "table" or t == "function") and t or tostring(v) end
local print = function(...)
  local t = table.pack(...)
  for i = 1, t.n do t[i] = tostring(t[i]) end
  print(table.unpack(t))
end
"""
