"""Finalizers (manual §2.5.1) and ``collectgarbage`` (§6.1)."""

from __future__ import annotations

import io

import pytest

from vlua import LimitExceeded, LuaError, LuaRuntime, Policy
from vlua.vm.errors import LimitReached
from vlua.vm.lib import open_libraries
from vlua.vm.meter import Meter
from vlua.vm.state import State

PRELUDE = """
local log = {}
local function note(name) return setmetatable({}, {__gc = function() log[#log + 1] = name end}) end
local function shown() return table.concat(log, ' ') end
"""


def run(source: str) -> object:
    """What a script returns that has the functions of the prelude."""
    return LuaRuntime().execute(PRELUDE + source)


def open_state(output: io.StringIO, instructions: int | None = None) -> State:
    """A state with libraries, whose end the test can bring about."""
    state = State(Meter(instructions), output)
    open_libraries(state)
    return state


class TestFinalizers:
    def test_reverse_order_of_marking(self) -> None:
        assert run("note 'a' note 'b' note 'c' collectgarbage() return shown()") == "c b a"

    def test_what_is_reachable_is_left_alone(self) -> None:
        assert run("local a = note 'a' note 'b' collectgarbage() a.x = 1 return shown()") == "b"

    def test_once(self) -> None:
        assert run("note 'a' collectgarbage() collectgarbage() return shown()") == "a"

    def test_cycle(self) -> None:
        assert run("do local a, b = note 'a', note 'b' a.b, b.a = b, a end collectgarbage() return shown()") == "b a"

    def test_marked_only_when_the_metatable_has_it(self) -> None:
        source = (
            "local m = {} setmetatable({}, m) m.__gc = function() log[1] = 'no' end collectgarbage() return shown()"
        )
        assert run(source) == ""

    def test_changed_after_marking(self) -> None:
        source = """
            local m = {__gc = true}
            setmetatable({}, m)
            m.__gc = function() log[1] = 'later' end
            collectgarbage()
            return shown()
        """
        assert run(source) == "later"

    @pytest.mark.parametrize("value", ["true", "1", "'text'", "{}"])
    def test_what_is_no_function_is_not_called(self, value: str) -> None:
        assert run(f"setmetatable({{}}, {{__gc = {value}}}) collectgarbage() return shown()") == ""

    def test_the_object_arrives_whole(self) -> None:
        source = """
            do
                local o = setmetatable({x = {7}}, {__gc = function(o) log[1] = o.x[1] .. tostring(o.me == o) end})
                o.me = o
            end
            collectgarbage()
            return shown()
        """
        assert run(source) == "7true"

    def test_resurrection_and_second_mark(self) -> None:
        source = """
            local m
            m = {__gc = function(o)
                log[#log + 1] = o.name
                kept = o
                if #log < 3 then setmetatable(o, m) end
            end}
            setmetatable({name = 'x'}, m)
            for i = 1, 6 do kept = nil collectgarbage() end
            return shown()
        """
        assert run(source) == "x x x"

    def test_weak_tables_of_finalized_objects(self) -> None:
        source = """
            local keys, values = setmetatable({}, {__mode = 'k'}), setmetatable({}, {__mode = 'v'})
            do
                local o = setmetatable({}, {__gc = function(o)
                    log[1] = tostring(keys[o]) .. tostring(values[1])
                end})
                keys[o], values[1] = 'key', o
            end
            collectgarbage()
            local first = shown()
            collectgarbage()
            return first, next(keys) == nil
        """
        assert run(source) == ("keynil", True)

    @pytest.mark.parametrize(
        ("error", "message"),
        [
            ("error('boom', 0)", "error in __gc metamethod (boom)"),
            ("error {}", "error in __gc metamethod (no message)"),
            ("error()", "error in __gc metamethod (no message)"),
        ],
    )
    def test_errors_come_out_of_collectgarbage(self, error: str, message: str) -> None:
        source = (
            f"note 'after' setmetatable({{}}, {{__gc = function() {error} end}}) local ok, e = pcall(collectgarbage)"
        )
        assert run(source + " collectgarbage() return ok, e, shown()") == (False, message, "after")

    def test_yield_is_refused(self) -> None:
        source = """
            local co = coroutine.wrap(function()
                setmetatable({}, {__gc = function() coroutine.yield() end})
                local ok, e = pcall(collectgarbage)
                coroutine.yield(e)
                return 'end'
            end)
            return co(), co()
        """
        assert run(source) == ("error in __gc metamethod (attempt to yield across a C-call boundary)", "end")

    def test_a_finalizer_may_collect(self) -> None:
        source = """
            setmetatable({}, {__gc = function() note 'inner' collectgarbage() log[#log + 1] = 'outer' end})
            collectgarbage()
            return shown()
        """
        assert run(source) == "inner outer"

    @pytest.mark.parametrize("body", ["", "local s = i .. 'x'", "local t = {i}", "string.rep('x', 10)"])
    def test_automatic(self, body: str) -> None:
        rounds = run(f"note 'a' local i = 0 while not log[1] do i = i + 1 {body} end return i")
        assert isinstance(rounds, int)
        assert rounds < 1_000_000

    def test_automatic_while_functions_call(self) -> None:
        source = (
            "note 'a' local function f(n) return n > 0 and f(n - 1) or 0 end while not log[1] do f(50) end return 1"
        )
        assert run(source) == 1

    def test_an_automatic_one_may_fail(self) -> None:
        source = (
            "setmetatable({}, {__gc = function() error('boom', 0) end}) return pcall(function() while true do end end)"
        )
        assert run(source) == (False, "error in __gc metamethod (boom)")

    def test_many(self) -> None:
        source = """
            local n = 0
            local m = {__gc = function() n = n + 1 end}
            for i = 1, 100000 do setmetatable({}, m) end
            local during = n
            collectgarbage()
            return during > 10000, n
        """
        assert run(source) == (True, 100_000)

    def test_userdata(self) -> None:
        source = """
            do
                local f = io.tmpfile()
                debug.setmetatable(f, {__gc = function() log[1] = 'file' end})
            end
            collectgarbage()
            return shown()
        """
        assert LuaRuntime(Policy(mode="virtual")).execute(PRELUDE + source) == "file"


class TestLimits:
    """T-SWALLOW: what a finalizer costs counts, and a limit reached in one is final."""

    @pytest.mark.parametrize("end", ["collectgarbage()", "while true do end", "pcall(collectgarbage)"])
    def test_limit_in_a_finalizer(self, end: str) -> None:
        policy = Policy.load("virtual")
        lua = LuaRuntime(policy)
        lua._state.meter.instructions = 3_000_000
        source = f"setmetatable({{}}, {{__gc = function() pcall(function() while true do end end) end}}) {end} return 1"
        with pytest.raises(LimitExceeded):
            lua.execute(source)

    def test_units_inside_automatic_finalizers_count(self) -> None:
        lua = LuaRuntime()
        lua.execute("done = false setmetatable({}, {__gc = function() for i = 1, 1e5 do end done = true end})")
        before = lua.instructions
        lua.execute("while not done do end")
        assert lua.instructions - before > 100_000


class TestClose:
    def test_all_finalizers_run(self) -> None:
        output = io.StringIO()
        state = open_state(output)
        source = """
            local m = {__gc = function(o) print(o.name) if o.name == 'b' then error 'ignored' end end}
            for _, name in ipairs {'a', 'b', 'c'} do _G[name] = setmetatable({name = name}, m) end
        """
        state.call(state.load(source, "=test", state.globals))
        state.close()
        assert output.getvalue() == "c\nb\na\n"
        state.close()
        assert output.getvalue() == "c\nb\na\n"

    def test_objects_marked_while_closing_are_not_finalized(self) -> None:
        output = io.StringIO()
        state = open_state(output)
        source = "local m = {} m.__gc = function() print 'x' setmetatable({}, m) end a = setmetatable({}, m)"
        state.call(state.load(source, "=test", state.globals))
        state.close()
        assert output.getvalue() == "x\n"

    def test_limits_hold(self) -> None:
        state = open_state(io.StringIO(), 50_000)
        source = "a = setmetatable({}, {__gc = function() while true do end end})"
        state.call(state.load(source, "=test", state.globals))
        with pytest.raises(LimitReached):
            state.close()

    def test_coroutines_end(self) -> None:
        state = open_state(io.StringIO())
        source = "co = coroutine.create(function() local me = co coroutine.yield() end) coroutine.resume(co) return co"
        (thread,) = state.call(state.load(source, "=test", state.globals))
        state.close()
        assert thread.status == "dead"


class TestOptions:
    def test_results(self) -> None:
        source = """
            local c = collectgarbage
            return c(), c 'isrunning', c 'stop', c 'isrunning', c 'restart', c 'isrunning', c('setpause', 100),
                c('setpause', 200), c('setstepmul', 300), c('setstepmul', 200), c('step', 20000), math.type(c 'count')
        """
        expected = (0, True, 0, False, 0, True, 200, 100, 200, 300, True, "float")
        assert LuaRuntime().execute(source) == expected

    def test_unknown_option(self) -> None:
        with pytest.raises(LuaError, match=r"bad argument #1 to 'collectgarbage' \(invalid option 'other'\)"):
            LuaRuntime().execute("collectgarbage 'other'")

    @pytest.mark.parametrize(
        "fill",
        [
            "t[i] = {}",
            "t[i] = ('x'):rep(1000) .. i",
            "t[i] = function() return i end",
            "t = {next = t, value = i}",
        ],
    )
    def test_count_follows_what_is_kept(self, fill: str) -> None:
        source = f"""
            local function kilobytes() collectgarbage() return collectgarbage 'count' end
            local before = kilobytes()
            local t = {{}}
            for i = 1, 5000 do {fill} end
            local full = kilobytes()
            t = nil
            local after = kilobytes()
            return before, full, after
        """
        before, full, after = LuaRuntime().execute(source)
        assert full > before + 200
        assert abs(after - before) < 10

    def test_count_grows_without_a_collection(self) -> None:
        source = """
            collectgarbage() collectgarbage 'stop'
            local before = collectgarbage 'count'
            for i = 1, 10000 do local t = {} end
            local tables = collectgarbage 'count'
            local s = ('x'):rep(1000000)
            return before, tables, collectgarbage 'count'
        """
        before, tables, strings = LuaRuntime().execute(source)
        assert before + 500 < tables < strings - 900

    def test_count_falls_by_itself(self) -> None:
        source = """
            local highest, falls, last = 0, 0, 0
            for i = 1, 100000 do
                local t = {}
                if i % 100 == 0 then
                    local now = collectgarbage 'count'
                    if now < last then falls = falls + 1 end
                    highest, last = math.max(highest, now), now
                end
            end
            return highest, falls
        """
        highest, falls = LuaRuntime().execute(source)
        assert highest < 2_000
        assert falls > 5

    def test_steps(self) -> None:
        source = """
            local function steps(size) local n = 1 while not collectgarbage('step', size) do n = n + 1 end return n end
            return steps(0), steps(2), steps(10), steps(20000)
        """
        least, two, ten, whole = LuaRuntime().execute(source)
        assert least > 10
        assert ten < two
        assert whole == 1

    def test_nothing_of_the_host_shows(self) -> None:
        source = "local t = {} for i = 1, 100 do t[i] = {} end collectgarbage() return collectgarbage 'count'"
        ballast = [[] for _ in range(100_000)]
        first = LuaRuntime().execute(source)
        del ballast
        assert LuaRuntime().execute(source) == first
