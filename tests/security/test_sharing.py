"""T-SHARE: two runtimes of one process have nothing mutable in common."""

from __future__ import annotations

import random
import sys
from typing import Any

import pytest

from tests.security.room import runtime
from vlua import LuaError, LuaRuntime
from vlua.vm.table import LuaTable


def _pair() -> tuple[LuaRuntime, LuaRuntime]:
    return runtime(), runtime()


@pytest.mark.parametrize(
    ("change", "probe"),
    [
        ("string.upper = nil", "('x'):upper()"),
        ("getmetatable('').__index = {}", "('x'):upper()"),
        ("getmetatable('').__add = function() return 'hacked' end", "pcall(function() return 'x' + 1 end)"),
        ("math.pi = 3", "math.pi"),
        ("_G.print = nil", "type(print)"),
        ("package.loaded.string = nil", "type(package.loaded.string)"),
        ("package.path = 'evil'", "package.path"),
        ("package.preload.x = print", "package.preload.x"),
        ("table.insert(package.searchers, 1, error)", "#package.searchers"),
        ("setmetatable(_G, {__index = function() return 1 end})", "undefined"),
        ("debug.setmetatable(1, {__index = function() return 'hacked' end})", "pcall(function() return (1).x end)"),
        ("debug.setmetatable(nil, {__call = print})", "pcall(function() local x x() end)"),
        ("debug.setmetatable(print, {__index = {x = 1}})", "pcall(function() return print.x end)"),
        ("debug.setmetatable(true, {__len = function() return 1 end})", "pcall(function() return #true end)"),
        ("debug.getregistry().x = 1", "debug.getregistry().x"),
        ("debug.getregistry()._LOADED = {}", "type(require('string'))"),
        ("x = 1", "x"),
        ("io.output('/f')", "io.output() == io.stdout"),
        ("io.open('/f', 'w'):write('x')", "io.open('/f')"),
        ("getmetatable(io.stdout).__index.write = nil", "type(io.stdout.write)"),
        ("os.setlocale('C')", "os.setlocale()"),
        ("utf8.charpattern = ''", "utf8.charpattern"),
        ("debug.sethook(function() error('hook') end, '', 1)", "pcall(function() return 1 end)"),
        ("debug.upvaluejoin = nil", "type(debug.upvaluejoin)"),
    ],
)
def test_t_share_changes_stay_in_their_runtime(change: str, probe: str) -> None:
    one, other = _pair()
    script = f"local t = table.pack({probe}) for i = 1, t.n do t[i] = tostring(t[i]) end return table.concat(t, ' ')"
    expected = other.execute(script)
    try:
        one.execute(change)
    except LuaError:
        pass
    assert other.execute(script) == expected
    assert runtime().execute(script) == expected


def test_t_share_no_library_table_is_shared() -> None:
    def tables(lua: LuaRuntime) -> dict[int, str]:
        found: dict[int, str] = {}

        def walk(value: Any, path: str) -> None:
            if isinstance(value, LuaTable) and id(value) not in found:
                found[id(value)] = path
                for key, item in _items(value):
                    walk(item, f"{path}.{key}")
                walk(value.meta, f"{path}.<metatable>")

        walk(lua._state.globals, "_G")
        walk(lua._state.registry, "registry")
        walk(lua._state.string_meta, "string metatable")
        return found

    one, other = _pair()
    ones, others = tables(one), tables(other)
    assert len(ones) > 10
    assert [path for identity, path in ones.items() if identity in others] == []


def _items(table: LuaTable) -> list[tuple[Any, Any]]:
    out = []
    key = None
    while True:
        entry = table.next(key)
        if entry is None:
            return out
        key = entry[0]
        if key is None:
            return out
        out.append(entry)


def test_t_share_compiled_chunks_hold_no_state() -> None:
    source = "n = (n or 0) + 1 local t = {} t.n = n up = up or function() return t end return n, up().n"
    one, other = _pair()
    assert one.execute(source) == (1, 1)
    assert one.execute(source) == (2, 1)
    assert other.execute(source) == (1, 1)
    strings = "return function() return 'constant' end"
    assert one.execute(strings)() == other.execute(strings)() == "constant"


def test_t_share_random_generators_are_apart() -> None:
    one, other = _pair()
    draw = "local out = {} for i = 1, 5 do out[i] = math.random(1000000) end return table.concat(out, ' ')"
    one.execute("math.randomseed(1)")
    first = one.execute(draw)
    one.execute("math.randomseed(1)")
    other.execute("math.randomseed(2) " + draw)
    random.seed(5)
    state = random.getstate()
    assert one.execute(draw) == first
    other.execute("math.random()")
    assert random.getstate() == state


def test_t_share_a_value_of_one_runtime_is_refused_by_the_other() -> None:
    one, other = _pair()
    table, function = one.execute("return {}, function() return secret end")
    for value in (table, function):
        with pytest.raises((ValueError, TypeError, LuaError)):
            other.execute("return ...", value)
        with pytest.raises((ValueError, TypeError, LuaError)):
            other.globals()["x"] = value


def test_t_share_the_process_is_left_as_it_was() -> None:
    limit = sys.getrecursionlimit()
    trace = sys.gettrace()
    lua = runtime()
    lua.execute("local function f(n) if n > 0 then return 1 + f(n - 1) end return 0 end f(5000)")
    lua.execute("math.randomseed(1) os.setlocale('C')")
    assert sys.getrecursionlimit() == limit
    assert sys.gettrace() is trace
    before = set(sys.modules)
    lua.execute("return pcall(require, 'os'), pcall(require, 'sys'), pcall(require, 'subprocess')")
    assert {name for name in set(sys.modules) - before if not name.startswith(("vlua", "fs"))} == set()


def test_t_addr_addresses_count_per_runtime() -> None:
    script = "return tostring({}) .. tostring(print) .. tostring(coroutine.create(print)) .. string.format('%s', {})"
    assert runtime().execute(script) == runtime().execute(script)


def test_t_addr_traversal_order_is_repeatable() -> None:
    script = """
    local out = {}
    local t = {} for i = 1, 50 do t["k" .. i] = i t[i * 1.5] = i t[{}] = i t[i] = i end
    for _, v in pairs(t) do out[#out + 1] = v end
    return table.concat(out, " ")
    """
    assert runtime().execute(script) == runtime().execute(script)
