"""Weak tables lose what only they hold, at collections that the script asks for and at others (manual §2.5.2)."""

from __future__ import annotations

import pytest

from vlua import LuaRuntime

PRELUDE = """
local function count(t) local n = 0 for _ in pairs(t) do n = n + 1 end return n end
local function weak(mode) return setmetatable({}, {__mode = mode}) end
"""


def run(source: str) -> object:
    """What a script returns that has the functions of the prelude."""
    return LuaRuntime().execute(PRELUDE + source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("local w = weak 'v' w[1] = {} collectgarbage() return count(w)", 0, id="value"),
        pytest.param("local w = weak 'v' local x = {} w[1] = x collectgarbage() return count(w)", 1, id="held value"),
        pytest.param("local w = weak 'v' w[{}] = 1 collectgarbage() return count(w)", 1, id="strong key"),
        pytest.param("local w = weak 'k' w[{}] = 1 collectgarbage() return count(w)", 0, id="key"),
        pytest.param("local w = weak 'k' w[1] = {} collectgarbage() return count(w)", 1, id="strong value"),
        pytest.param("local w = weak 'kv' w[{}] = 1 w[1] = {} collectgarbage() return count(w)", 0, id="both"),
        pytest.param("local w = weak '' w[{}] = {} collectgarbage() return count(w)", 1, id="neither"),
        pytest.param(
            "local w = weak 'kv' w[1], w.x, w[true], w[2.5] = ('x'):rep(99), 2, true, 0.5 "
            "collectgarbage() return count(w)",
            4,
            id="values that are no objects",
        ),
        pytest.param("local w = weak 'v' w.f = print collectgarbage() return count(w)", 1, id="library function"),
        pytest.param(
            "local w = weak 'v' for i = 1, 9 do local x = i w[i] = function() return x end end "
            "collectgarbage() return count(w)",
            0,
            id="closures",
        ),
        pytest.param(
            "local w = weak 'v' w[1] = coroutine.create(print) collectgarbage() return count(w)", 0, id="thread"
        ),
        pytest.param(
            "local w = weak 'v' do local x = {} w[1] = x end collectgarbage() return count(w)", 0, id="end of block"
        ),
        pytest.param(
            "local w = weak 'v' local x = {} w[1] = x collectgarbage() local n = count(w) x = nil "
            "collectgarbage() return n - count(w)",
            1,
            id="assigned local",
        ),
        pytest.param(
            "local w = weak 'v' local function f() local x = {} w[1] = x return 1 + g() end "
            "function g() collectgarbage() return count(w) end return f()",
            2,
            id="local of a caller",
        ),
        pytest.param(
            "local w = weak 'v' local function f(...) w[1] = (...) collectgarbage() return count(w) end return f({})",
            1,
            id="varargs",
        ),
        pytest.param(
            "local w = weak 'v' local function f(...) w[1] = ... return 1 end "
            "local function g(a, b) return a + b end "
            "return g(f({}), (function() collectgarbage() return count(w) end)())",
            1,
            id="argument of a finished call",
        ),
        pytest.param(
            "local w = weak 'v' local function keep(t) return t end "
            "local function id(t) w[1] = t return t end "
            "local function both(a, b) return a == w[1] and b end "
            "return both(id({}), (function() collectgarbage() return count(w) end)())",
            1,
            id="operand in flight",
        ),
        pytest.param("local w = weak 'v' w[1] = {} w[1].self = w[1] collectgarbage() return count(w)", 0, id="cycle"),
        pytest.param(
            "local w = weak 'v' local a = {} a.b = {} w[1] = a.b collectgarbage() return count(w)",
            1,
            id="through a table",
        ),
        pytest.param("x = {} local w = weak 'v' w[1] = x collectgarbage() return count(w)", 1, id="global"),
        pytest.param(
            "local w, m = {}, {} setmetatable(w, m) m.__mode = 'v' w[1] = {} collectgarbage() return count(w)",
            0,
            id="mode set later",
        ),
        pytest.param(
            "local m = {} local w = setmetatable({}, m) w[1] = {} collectgarbage() local n = count(w) "
            "m.__mode = 'v' collectgarbage() local k = count(w) m.__mode = nil w[1] = {} collectgarbage() "
            "return n * 100 + k * 10 + count(w)",
            101,
            id="mode set and taken back",
        ),
    ],
)
def test_entries_after_a_collection(source: str, expected: int) -> None:
    assert run(source) == expected


def test_ephemerons() -> None:
    assert run("local w = weak 'k' w[{}] = {} local k = {} w[k] = {k} collectgarbage() return count(w)") == 1
    assert run("local w = weak 'k' do local k = {} w[k] = {k} end collectgarbage() return count(w)") == 0
    chain = """
        local w = weak 'k'
        local first = {}
        local k = first
        for i = 1, 50 do local n = {} w[k] = {n} k = n end
        k = nil
        collectgarbage()
        local before = count(w)
        first = nil
        collectgarbage()
        return before, count(w)
    """
    assert run(chain) == (50, 0)


def test_ephemerons_of_two_tables() -> None:
    source = """
        local v, w = weak 'k', weak 'k'
        local a = {}
        do local b, c = {}, {} v[a], w[b], v[c] = b, c, a end
        collectgarbage()
        local before = count(v) + count(w)
        a = nil
        collectgarbage()
        return before, count(v) + count(w)
    """
    assert run(source) == (3, 0)


@pytest.mark.parametrize("body", ["", "local s = i .. 'x'", "local t = {i}", "local function f() return i end"])
def test_automatic_collection(body: str) -> None:
    source = f"local w = weak 'kv' w[1] = {{}} local i = 0 while w[1] do i = i + 1 {body} end return i"
    rounds = run(source)
    assert isinstance(rounds, int)
    assert rounds < 1_000_000


def test_no_automatic_collection_while_stopped() -> None:
    source = "collectgarbage 'stop' local w = weak 'v' w[1] = {} for i = 1, 300000 do local t = {} end return count(w)"
    assert run(source) == 1


def test_traversal_goes_on_behind_removed_entries() -> None:
    source = """
        local w = weak 'v'
        local keep = {}
        for i = 1, 20 do w[i] = {} if i % 5 == 0 then keep[i] = w[i] end end
        local seen, key = {}, nil
        repeat
            key = next(w, key)
            if key == 2 then collectgarbage() end
            seen[#seen + 1] = key
        until not key
        return table.concat(seen, ' ')
    """
    assert run(source) == "1 2 5 10 15 20"


def test_objects_that_the_host_holds_stay() -> None:
    lua = LuaRuntime()
    held = lua.execute("w = setmetatable({}, {__mode = 'v'}) w[1] = {} w[2] = {} return w[1]")
    assert lua.execute("collectgarbage() return w[1] ~= nil, w[2] == nil") == (True, True)
    del held
    assert lua.execute("collectgarbage() return w[1] == nil") is True


def test_objects_of_sleeping_coroutines_stay() -> None:
    source = """
        local w = weak 'v'
        local co = coroutine.wrap(function(a)
            local b, c = {}, {}
            w[1], w[2], w[3] = a, b, c
            local function f() return c end
            coroutine.yield()
            return count(w), f
        end)
        co({})
        collectgarbage()
        local before = count(w)
        local n, f = co()
        return before, n
    """
    assert run(source) == (3, 3)


def test_a_collection_is_charged_by_its_size() -> None:
    lua = LuaRuntime()
    spent = []
    for size in (10, 10_000):
        lua.execute("w = setmetatable({}, {__mode = 'v'}) for i = 1, ... do w[i] = {i} end", size)
        before = lua.instructions
        lua.execute("collectgarbage()")
        spent.append(lua.instructions - before)
    assert spent[1] > 100_000 > spent[0]
