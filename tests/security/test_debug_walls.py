"""T-DEBUG: the debug library shows a script its own world, not the machine's, the gate's or another sandbox's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.security.room import runtime
from vlua import LuaError, LuaRuntime

_EVERY_FUNCTION = """
local function each(visit)
  local seen = {}
  local function walk(value, path)
    if (type(value) ~= "table" and type(value) ~= "function" and type(value) ~= "userdata") or seen[value] then
      return
    end
    seen[value] = true
    if type(value) == "function" then visit(value, path) end
    if type(value) == "table" then for k, v in next, value do walk(v, path .. "." .. tostring(k)) walk(k, path) end end
    walk(debug.getmetatable(value), path .. ".<metatable>")
    walk(debug.getuservalue and debug.getuservalue(value), path .. ".<user value>")
  end
  walk(_G, "_G") walk(debug.getregistry(), "registry") walk(debug.getmetatable(""), "string") walk(io.stdout, "stdout")
  walk(package.searchers, "searchers")
end
"""


@pytest.mark.parametrize("mode", ["virtual", "refuse"])
def test_t_debug_library_functions_have_no_upvalues(mode: str) -> None:
    script = f"""{_EVERY_FUNCTION}
    local found, count = {{}}, 0
    each(function(f, path)
      count = count + 1
      for i = -1, 30 do
        local ok, name, value = pcall(debug.getupvalue, f, i)
        if ok and name ~= nil then found[#found + 1] = path .. "^" .. tostring(name) end
        local ok, name = pcall(debug.setupvalue, f, i, "overwritten")
        if ok and name ~= nil then found[#found + 1] = path .. " could be set" end
        local ok, id = pcall(debug.upvalueid, f, i)
        if ok and id ~= nil then found[#found + 1] = path .. " has an id" end
        if pcall(debug.upvaluejoin, f, i, function() return found end, 1) then found[#found + 1] = path .. " joined" end
      end
    end)
    return table.concat(found, " "), count
    """
    allowed = ["debug"] if mode == "refuse" else []
    from vlua import Policy

    found, count = runtime_with(Policy(mode=mode, allow=allowed)).execute(script)
    assert found == ""
    assert count > 100


def runtime_with(policy: Any) -> LuaRuntime:
    import io

    return LuaRuntime(policy, stdout=io.BytesIO(), stderr=io.BytesIO())


def test_t_debug_frames_of_library_functions_show_no_locals_of_the_machine() -> None:
    script = """
    local out = {}
    local function look()
      for level = 0, 30 do
        if not debug.getinfo(level) then break end
        local info = debug.getinfo(level, "S")
        if info.what == "C" then
          for i = -5, 40 do
            -- pcall is a level too
            local ok, name, value = pcall(debug.getlocal, level + 1, i)
            if ok and name and not tostring(name):find("^%(") then out[#out + 1] = tostring(name) end
            if ok and name and type(value) == "userdata" then out[#out + 1] = "userdata" end
          end
        end
      end
    end
    table.sort({3, 1, 2}, function(a, b) look() return a < b end)
    local _ = ("x"):gsub("x", function() look() end)
    pcall(function() look() end)
    load(function() look() end)
    coroutine.wrap(look)()
    tostring(setmetatable({}, {__tostring = function() look() return "" end}))
    return table.concat(out, " ")
    """
    assert runtime().execute(script) == ""


def test_t_debug_the_registry_holds_lua_values_only() -> None:
    script = """
    local out, seen = {}, {}
    local function walk(value, path)
      local kind = type(value)
      if kind == "userdata" and debug.getmetatable(value).__name ~= "FILE*" then out[#out + 1] = path .. kind end
      if kind == "table" and not seen[value] then
        seen[value] = true
        for k, v in next, value do walk(k, path) walk(v, path .. "." .. tostring(k)) end
      end
    end
    walk(debug.getregistry(), "registry")
    return table.concat(out, " ")
    """
    assert runtime().execute(script) == ""


@pytest.mark.parametrize(
    "change",
    [
        "debug.setmetatable('', nil)",
        "debug.setmetatable('', {__index = function() return 'own' end})",
        "debug.setmetatable(print, {__call = error, __index = {}})",
        "debug.setmetatable(io.stdout, nil)",
        "debug.setmetatable(io.stdout, {__index = function(f, k) return k end, __gc = error})",
        "debug.setmetatable(nil, {__index = function() return print end})",
        "local r = debug.getregistry() for k in next, r do r[k] = nil end",
        "local r = debug.getregistry() for k in next, r do r[k] = 5 end",
        "debug.getregistry()._LOADED = nil debug.getregistry()._PRELOAD = 7",
        "debug.setuservalue(io.stdout, {1})",
        "debug.sethook(error, 'crl', 1)",
        "debug.sethook(function() debug.sethook(debug.sethook, 'l') end, 'l')",
        "debug.traceback = nil debug.getinfo = error",
    ],
)
def test_t_debug_a_script_can_only_break_its_own_world(change: str) -> None:
    lua, other = runtime(), runtime()
    try:
        lua.execute(change)
    except LuaError:
        pass
    for source in (
        "return ('x'):upper()",
        "return require('string').upper('x')",
        "print(1) io.write('x') return io.stdout",
    ):
        try:
            result = lua.execute(source)
        except LuaError as error:
            result = error
        assert "internal error" not in str(result)
    assert other.execute(
        "return ('x'):upper(), require('string') == string, (pcall(function() return nil .. 1 end))"
    ) == (
        "X",
        True,
        False,
    )


@pytest.mark.parametrize(
    "change",
    [
        "debug.setupvalue(io.open, 1, nil)",
        "debug.setmetatable(io.open, {__call = function() return 'reached' end})",
        "debug.sethook(function() if debug.getinfo(2, 'f') then debug.setlocal(2, 1, '/here.txt') end end, 'c')",
        "debug.getregistry()._LOADED.io = nil package.loaded.io = nil",
        "package.loaded._G = nil collectgarbage()",
        "local f = debug.getinfo(io.open, 'f').func rawset(io, 'open', f)",
        "for i = 1, 10 do debug.upvaluejoin(function() return debug end, 1, io.open, i) end",
    ],
)
def test_t_debug_the_gate_stays_closed(change: str) -> None:
    from vlua import Policy

    lua = LuaRuntime(Policy(mode="refuse", allow=["debug"]), files={"/here.txt": "text of the room"})
    try:
        lua.execute(change)
    except LuaError:
        pass
    for attempt in (
        "io.open('/here.txt'):read('a')",
        "io.lines('/here.txt')()",
        "require('io').open('/here.txt'):read('a')",
    ):
        try:
            result = lua.execute(f"return {attempt}")
        except LuaError as error:
            result = error
        assert "text of the room" not in str(result)
        assert "internal error" not in str(result)


def test_t_debug_hooks_end_with_their_limit_and_stay_in_their_runtime() -> None:
    from vlua import LimitExceeded

    lua = runtime(instructions=20_000)
    with pytest.raises(LimitExceeded):
        lua.execute("debug.sethook(function() while true do end end, 'l') local x = 1\nlocal y = 2")
    calls = runtime()
    calls.execute("n = 0 debug.sethook(function() n = n + 1 end, 'l')")
    runtime().execute("for i = 1, 100 do\nlocal x = i\nend")
    assert calls.execute("debug.sethook() return n") < 20


def test_t_debug_no_library_of_the_host_is_loaded() -> None:
    lua = runtime()
    for path in ("libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", "*", "", "math"):
        value, message, where = lua.execute("return package.loadlib(..., 'system')", path)
        assert value is None
        assert isinstance(message, str)
        assert where in ("absent", "open")
    assert (
        lua.execute("package.cpath = '/lib/?.so;/usr/lib/x86_64-linux-gnu/lib?.so.6' return (pcall(require, 'c'))")
        is False
    )
