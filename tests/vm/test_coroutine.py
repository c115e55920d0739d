"""Coroutines: hand-over, errors, limits, and that the abandoned ones go away."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

from vlua import LuaRuntime
from vlua.vm.coroutine import MAX_ALIVE
from vlua.vm.errors import ExitRequest, LimitReached, LuaError
from vlua.vm.lib.coroutine import coroutines_of, open_coroutine
from vlua.vm.lib.protected import protected_functions
from vlua.vm.lib.table import open_table
from vlua.vm.meter import Meter
from vlua.vm.state import State
from vlua.vm.table import LuaTable


class Machine:
    """A state with the functions that the tests use."""

    def __init__(self, meter: Meter | None = None) -> None:
        self.state = State(meter)
        library = open_coroutine(self.state).hash
        self.create, self.wrap, self.resume = library["create"], library["wrap"], library["resume"]
        self.yield_, self.status, self.running = library["yield"], library["status"], library["running"]
        self.isyieldable = library["isyieldable"]
        self.pcall = protected_functions(self.state)["pcall"]


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_values_both_ways(machine: Machine) -> None:
    def body(*args: Any) -> Any:
        seen = [args]
        seen.append(machine.yield_(1, None, 3))
        seen.append(machine.yield_())
        return (len(seen), *seen[1], *seen[2])

    thread = machine.create(body)
    assert machine.status(thread) == "suspended"
    assert machine.resume(thread, "a", "b") == (True, 1, None, 3)
    assert machine.resume(thread, "c") == (True,)
    assert machine.resume(thread, "d", None) == (True, 3, "c", "d", None)
    assert machine.status(thread) == "dead"
    assert machine.resume(thread) == (False, "cannot resume dead coroutine")


def test_running_and_status(machine: Machine) -> None:
    main, is_main = machine.running()
    assert is_main
    assert machine.status(main) == "running"
    assert not machine.isyieldable()

    def inner() -> Any:
        assert machine.status(outer_thread) == "normal"
        assert machine.resume(outer_thread) == (False, "cannot resume non-suspended coroutine")
        assert machine.resume(main) == (False, "cannot resume non-suspended coroutine")
        return ()

    def outer() -> Any:
        assert machine.running() == (outer_thread, False)
        assert machine.status(outer_thread) == "running"
        assert machine.status(main) == "normal"
        assert machine.isyieldable()
        assert machine.resume(outer_thread) == (False, "cannot resume non-suspended coroutine")
        return machine.resume(machine.create(inner))

    outer_thread = machine.create(outer)
    assert machine.resume(outer_thread) == (True, True)
    assert machine.running() == (main, True)
    assert machine.status(main) == "running"


def test_errors_become_values(machine: Machine) -> None:
    value = LuaTable()

    def body() -> Any:
        raise LuaError(value)

    thread = machine.create(body)
    assert machine.resume(thread) == (False, value)
    assert machine.status(thread) == "dead"
    with pytest.raises(LuaError) as caught:
        machine.wrap(body)()
    assert caught.value.value is value


def test_yield_where_none_is_allowed(machine: Machine) -> None:
    with pytest.raises(LuaError, match="attempt to yield from outside a coroutine"):
        machine.yield_()

    def body() -> Any:
        return machine.pcall(open_table(machine.state).hash["sort"], LuaTable({1: 1, 2: 2, 3: 3}), machine.yield_)

    thread = machine.create(body)
    assert machine.resume(thread) == (True, False, "attempt to yield across a C-call boundary")
    assert machine.state.non_yieldable == 0


def test_yield_across_pcall(machine: Machine) -> None:
    def body() -> Any:
        return machine.pcall(lambda: machine.yield_("out"))

    thread = machine.create(body)
    assert machine.resume(thread) == (True, "out")
    assert machine.resume(thread, "in") == (True, True, "in")


@pytest.mark.parametrize("signal", [LimitReached("instructions", 1), ExitRequest(3)])
def test_signals_pass_through_resume_and_pcall(machine: Machine, signal: BaseException) -> None:
    def body() -> Any:
        raise signal

    thread = machine.create(lambda: machine.pcall(machine.resume, machine.create(body)))
    with pytest.raises(type(signal)):
        machine.pcall(machine.resume, thread)
    assert machine.status(thread) == "dead"
    assert machine.running()[1]
    assert machine.state.c_depth == 0


def test_nesting_is_limited(machine: Machine) -> None:
    depth = 0

    def body() -> Any:
        nonlocal depth
        depth += 1
        return machine.resume(machine.create(body))

    with machine.state.entry():
        result = machine.resume(machine.create(body))
    assert result[-1] == "C stack overflow"
    assert 150 < depth <= 200
    assert machine.state.c_depth == 0


def test_abandoned_coroutine_is_freed_at_once(machine: Machine) -> None:
    class Held:
        pass

    died: list[bool] = []

    def body() -> Any:
        held = Held()
        weakref.finalize(held, died.append, True)
        machine.pcall(machine.yield_)
        return held

    gc.disable()
    try:
        thread = machine.create(body)
        machine.resume(thread)
        del thread
        assert died == [True]
    finally:
        gc.enable()
    assert len(coroutines_of(machine.state).alive) == 0


def test_end_of_an_abandoned_coroutine_leaves_the_counters(machine: Machine) -> None:
    def body() -> Any:
        machine.state.c_depth += 1
        try:
            machine.yield_()
        finally:
            machine.state.c_depth -= 1

    thread = machine.create(body)
    machine.resume(thread)
    assert machine.state.c_depth == 0
    del thread
    assert machine.state.c_depth == 0


def test_chain_of_abandoned_coroutines(machine: Machine) -> None:
    def link(previous: Any) -> Any:
        def body() -> Any:
            held = previous
            machine.yield_()
            return held

        thread = machine.create(body)
        machine.resume(thread)
        return thread

    thread = None
    for _ in range(3_000):
        thread = link(thread)
    del thread
    assert len(coroutines_of(machine.state).alive) == 0


def test_inner_coroutine_does_not_keep_the_outer_one(machine: Machine) -> None:
    def inner() -> Any:
        machine.yield_()

    def outer() -> Any:
        held = machine.create(inner)
        machine.resume(held)
        machine.yield_()
        return held

    thread = machine.create(outer)
    machine.resume(thread)
    del thread
    assert len(coroutines_of(machine.state).alive) == 0


def test_close_ends_coroutines_that_own_themselves(machine: Machine) -> None:
    box: list[Any] = []

    def body() -> Any:
        held = box[0]
        machine.yield_()
        return held

    box.append(machine.create(body))
    machine.resume(box[0])
    reference = weakref.ref(box.pop())
    assert reference() is not None
    coroutines_of(machine.state).close()
    assert reference() is None


def test_too_many(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlua.vm.coroutine.MAX_ALIVE", 10)
    assert MAX_ALIVE > 1_000
    threads = [machine.create(machine.yield_) for _ in range(11)]
    for thread in threads[:10]:
        assert machine.resume(thread) == (True,)
    with pytest.raises(LuaError, match="not enough memory"):
        machine.resume(threads[10])
    threads[0] = None
    assert machine.resume(threads[10]) == (True,)


def test_creation_is_charged() -> None:
    machine = Machine(Meter(instructions=100_000))

    def create_many() -> None:
        for _ in range(100_000):
            machine.resume(machine.create(lambda: ()))

    with pytest.raises(LimitReached):
        create_many()


def test_other_host_thread(machine: Machine) -> None:
    thread = machine.create(machine.yield_)
    machine.resume(thread)
    results: list[Any] = []
    worker = threading.Thread(target=lambda: results.append(machine.resume(thread)))
    worker.start()
    worker.join()
    assert results[0][0] is False
    assert "host thread" in results[0][1]
    assert machine.resume(thread) == (True,)


def test_argument_errors(machine: Machine) -> None:
    for call, message in (
        (machine.create, "function expected, got no value"),
        (lambda: machine.wrap(1), "function expected, got number"),
        (lambda: machine.resume(0), "thread expected"),
        (machine.status, "thread expected"),
    ):
        with pytest.raises(LuaError, match=message):
            call()


class TestCollection:
    """Coroutines that only their own frames refer to, which Python cannot see through."""

    @pytest.mark.parametrize(
        "body",
        [
            "local me = co coroutine.yield(me)",
            "local t = {co} coroutine.yield() return t",
            "local me = co local function f() return me end coroutine.yield() return f",
            "local function f() return co end coroutine.yield() return f",
            "local t = {co} (function() local function f() return t end coroutine.yield() return f end)()",
            "pcall(function() local me = co coroutine.yield() return me end)",
            "local me = co for i in function() coroutine.yield() return me end do end",
        ],
    )
    def test_self_reference(self, body: str) -> None:
        source = f"""
            local w = setmetatable({{}}, {{__mode = 'v'}})
            for i = 1, 10 do
                local co
                co = coroutine.create(function() {body} end)
                assert(coroutine.resume(co))
                w[i] = co
            end
            local kept
            kept = coroutine.create(function() local me = kept coroutine.yield() return me end)
            coroutine.resume(kept)
            w.kept = kept
            collectgarbage()
            local n = 0
            for _ in pairs(w) do n = n + 1 end
            return n, coroutine.status(kept), select('#', coroutine.resume(kept))
        """
        assert LuaRuntime().execute(source) == (1, "suspended", 2)

    def test_arguments(self) -> None:
        source = """
            local w = setmetatable({}, {__mode = 'v'})
            for i = 1, 6 do
                local co = coroutine.create(function(...) coroutine.yield() end)
                local args = {co, co, co, co, co}
                assert(coroutine.resume(co, table.unpack(args, 1, i - 1)))
                w[i] = co
            end
            collectgarbage()
            return next(w)
        """
        assert LuaRuntime().execute(source) is None

    def test_two_that_know_each_other(self) -> None:
        source = """
            local w = setmetatable({}, {__mode = 'v'})
            do
                local a, b
                a = coroutine.create(function() local other = b coroutine.yield() end)
                b = coroutine.create(function() local other = a coroutine.yield() end)
                coroutine.resume(a) coroutine.resume(b)
                w[1], w[2] = a, b
                a, b = nil
            end
            collectgarbage()
            return next(w)
        """
        assert LuaRuntime().execute(source) is None

    def test_a_finalizer_behind_one_takes_a_cycle_more(self) -> None:
        source = """
            local seen = {}
            do
                local co
                co = coroutine.create(function()
                    local t = setmetatable({co}, {__gc = function(t) seen[#seen + 1] = coroutine.status(t[1]) end})
                    coroutine.yield()
                end)
                coroutine.resume(co)
                co = nil
            end
            collectgarbage()
            local first = #seen
            collectgarbage()
            return first, #seen, seen[1]
        """
        assert LuaRuntime().execute(source) == (0, 1, "suspended")

    def test_many_that_refer_to_themselves(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("vlua.vm.garbage.MANY_COROUTINES", 500)
        lua = LuaRuntime()
        source = """
            for i = 1, 3000 do
                local co
                co = coroutine.create(function() local me = co coroutine.yield() return me end)
                coroutine.resume(co)
            end
        """
        lua.execute(source)
        assert len(coroutines_of(lua._state).alive) <= 1_000

    def test_running_and_waiting_ones_are_safe(self) -> None:
        source = """
            local co
            co = coroutine.wrap(function()
                local me = coroutine.running()
                local inner = coroutine.wrap(function() collectgarbage() coroutine.yield(coroutine.status(me)) end)
                local status = inner()
                coroutine.yield(status)
                return 'end'
            end)
            local status = co()
            collectgarbage()
            return status, co()
        """
        assert LuaRuntime().execute(source) == ("normal", "end")


def test_counters_of_nested_calls_are_each_coroutine_s_own() -> None:
    source = """
        local function inside(n, f)
            return (string.gsub('a', 'a', function() return n > 0 and inside(n - 1, f) or f() end))
        end
        local sleepers = {}
        for i = 1, 300 do
            sleepers[i] = coroutine.wrap(function()
                for x in function(_, i) coroutine.yield() return not i or nil end do
                    pcall(pcall, coroutine.yield, 1, 2, 3)
                end
                return inside(50, function() return 'x' end)
            end)
            sleepers[i]()
        end
        local result
        for round = 1, 4 do
            for i = 1, 300 do
                result = sleepers[i] and sleepers[i]()
                if result == 'x' then sleepers[i] = false end
            end
        end
        return inside(150, function() return 'y' end)
    """
    lua = LuaRuntime()
    assert lua.execute(source) == "y"
    assert lua._state.c_depth == 0
    assert lua._state.nesting == [0]
    assert lua._state.non_yieldable == 0


@pytest.mark.slow
def test_a_hundred_thousand() -> None:
    source = """
        local all = {}
        for i = 1, 100000 do
            local co = coroutine.wrap(function(n) while true do n = n + coroutine.yield(n) end end)
            co(i)
            all[i] = co
        end
        local sum = 0
        for i = 1, #all do sum = sum + all[i](1) end
        return sum
    """
    assert LuaRuntime().execute(source) == 100_000 * 100_001 // 2 + 100_000
