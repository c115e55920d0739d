"""The basic functions, called as compiled code calls them."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import lupa.lua53
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlua.vm.call import values
from vlua.vm.errors import ExitRequest, LimitReached, LuaError
from vlua.vm.lib.base import load_chunk, open_base, parse_in_base, raw_equal
from vlua.vm.meter import Meter
from vlua.vm.state import State
from vlua.vm.table import LuaTable


class Output:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


@pytest.fixture
def state() -> State:
    state = State(stdout=Output())
    open_base(state)
    return state


@pytest.fixture
def base(state: State) -> dict[Any, Any]:
    return state.globals.hash


def fails(message: str, function: Any, *args: Any) -> None:
    with pytest.raises(LuaError) as caught:
        function(*args)
    assert message in str(caught.value.value)


def with_meta(**fields: Any) -> LuaTable:
    table = LuaTable()
    table.meta = LuaTable(dict(fields))
    return table


class TestProtectedCalls:
    def test_results(self, base: dict[Any, Any]) -> None:
        pcall = base["pcall"]
        assert pcall(lambda *_: ()) == (True,)
        assert pcall(lambda *_: None) == (True, None)
        for count in range(8):
            args = tuple(range(count))
            assert pcall(lambda *given: given, *args) == (True, *args)
        assert pcall(with_meta(__call=lambda self, *given: given), 1, 2) == (True, 1, 2)

    def test_errors(self, base: dict[Any, Any]) -> None:
        pcall, error = base["pcall"], base["error"]
        value = LuaTable()
        assert pcall(error) == (False, None)
        assert pcall(error, value) == (False, value)
        assert pcall(error, "x", 0) == (False, "x")
        assert pcall(None) == (False, "attempt to call a nil value")
        assert pcall(LuaTable()) == (False, "attempt to call a table value")
        assert pcall(pcall, error, "y", 0) == (True, False, "y")
        fails("value expected", pcall)

    def test_stack_overflow(self, state: State, base: dict[Any, Any]) -> None:
        def recurse(*_: Any) -> Any:
            return first_of(recurse())

        def first_of(result: Any) -> Any:
            return result

        ok, message = base["pcall"](recurse)
        assert not ok
        assert "stack overflow" in message

    def test_keeps_no_frame(self, base: dict[Any, Any]) -> None:
        class Held:
            pass

        references: list[Any] = []

        def body(*_: Any) -> Any:
            held = Held()
            references.append(weakref.ref(held))
            raise LuaError("x")

        gc.disable()
        try:
            base["pcall"](body)
            base["xpcall"](body, lambda message=None, *_: message)
            base["load"](body)
            assert [reference() for reference in references] == [None, None, None]
        finally:
            gc.enable()

    @pytest.mark.parametrize("signal", [LimitReached("instructions", 1), ExitRequest(0), KeyboardInterrupt()])
    @pytest.mark.parametrize("name", ["pcall", "xpcall", "load"])
    def test_signals_pass(self, state: State, base: dict[Any, Any], name: str, signal: BaseException) -> None:
        def body(*_: Any) -> Any:
            raise signal

        with pytest.raises(type(signal)):
            base[name](body, *([base["print"]] if name == "xpcall" else []))
        assert state.non_yieldable == 0
        assert state.c_depth == 0

    def test_signal_in_handler_passes(self, base: dict[Any, Any]) -> None:
        def handler(*_: Any) -> Any:
            raise LimitReached("instructions", 1)

        with pytest.raises(LimitReached):
            base["xpcall"](base["error"], handler)

    def test_handler(self, state: State, base: dict[Any, Any]) -> None:
        xpcall, error = base["xpcall"], base["error"]
        assert xpcall(lambda *args: args, error, 1, 2) == (True, 1, 2)
        assert xpcall(error, lambda value, *_: (value + "!", 2), "x", 0) == (False, "x!")
        assert xpcall(error, lambda *_: ()) == (False, None)
        assert not xpcall(error, error, "x")[0]
        fails("function expected, got no value", xpcall, error)
        assert state.non_yieldable == 0

    def test_assert(self, base: dict[Any, Any]) -> None:
        assert base["assert"](1) == 1
        assert base["assert"](0, None) == (0, None)
        assert base["assert"]("", "m", 3) == ("", "m", 3)
        fails("assertion failed!", base["assert"], False)
        fails("message", base["assert"], None, "message")
        fails("value expected", base["assert"])
        with pytest.raises(LuaError) as caught:
            base["assert"](False, None)
        assert caught.value.value is None


class TestMetatables:
    def test_protected(self, base: dict[Any, Any]) -> None:
        table = LuaTable()
        meta = LuaTable()
        assert base["setmetatable"](table, meta) is table
        assert base["getmetatable"](table) is meta
        assert base["setmetatable"](table, None).meta is None
        table.meta = LuaTable({"__metatable": "locked"})
        assert base["getmetatable"](table) == "locked"
        fails("cannot change a protected metatable", base["setmetatable"], table, meta)
        table.meta = LuaTable({"__metatable": False})
        assert base["getmetatable"](table) is False

    def test_errors(self, base: dict[Any, Any]) -> None:
        fails("table expected, got number", base["setmetatable"], 1, None)
        fails("nil or table expected", base["setmetatable"], LuaTable())
        fails("nil or table expected", base["setmetatable"], LuaTable(), 1)
        fails("value expected", base["getmetatable"])


class TestRaw:
    def test_equality(self) -> None:
        nan = float("nan")
        assert raw_equal(1, 1.0)
        assert not raw_equal(1, True)
        assert not raw_equal(True, 1)
        assert not raw_equal(0, False)
        assert not raw_equal("1", 1)
        assert not raw_equal(nan, nan)
        assert not raw_equal(2**53 + 1, 2.0**53)
        assert raw_equal("a" * 3, "aaa")
        assert raw_equal(None, None)
        assert not raw_equal(LuaTable(), LuaTable())

    def test_access(self, base: dict[Any, Any]) -> None:
        table = with_meta(__index=base["error"], __newindex=base["error"], __len=base["error"])
        assert base["rawget"](table, 1) is None
        assert base["rawset"](table, 1.0, "one") is table
        assert base["rawget"](table, 1) == "one"
        base["rawset"](table, True, "yes")
        assert base["rawget"](table, True) == "yes"
        assert base["rawget"](table, 1) == "one"
        assert base["rawlen"](table) == 1
        assert base["rawlen"]("abc") == 3
        fails("table index is nil", base["rawset"], table, None, 1)
        fails("table index is NaN", base["rawset"], table, float("nan"), 1)
        fails("table or string expected", base["rawlen"], 12)
        fails("value expected", base["rawset"], table, 1)


class TestTraversal:
    def test_next(self, base: dict[Any, Any]) -> None:
        table = LuaTable({1: "a"})
        assert base["next"](LuaTable()) is None
        assert base["next"](table) == (1, "a")
        assert base["next"](table, 1) is None
        fails("invalid key to 'next'", base["next"], table, 2)
        fails("table expected, got nil", base["next"], None)

    def test_pairs(self, base: dict[Any, Any]) -> None:
        table = LuaTable()
        assert base["pairs"](table) == (base["next"], table, None)
        assert base["pairs"](with_meta(__pairs=lambda *_: (1, 2, 3, 4))) == (1, 2, 3)
        assert base["pairs"](with_meta(__pairs=lambda *_: 1)) == (1, None, None)
        fails("value expected", base["pairs"])

    def test_ipairs(self, base: dict[Any, Any]) -> None:
        step, table, start = base["ipairs"](LuaTable({1: "a", 2: False, 4: "d"}))
        assert step(table, start) == (1, "a")
        assert step(table, 1) == (2, False)
        assert step(table, 2) is None
        assert step(with_meta(__index=lambda _, key: key * 10), 5) == (6, 60)
        assert step(LuaTable({-(2**63): "wrapped"}), 2**63 - 1) == (-(2**63), "wrapped")
        fails("attempt to index a number value", step, 1, 1)


class TestNumbers:
    @given(st.text("0123456789abzABZ+- \t\n_.", max_size=8), st.integers(2, 36))
    def test_bases_like_puc(self, text: str, base: int) -> None:
        assert parse_in_base(text, base) == PUC_TONUMBER(text, base)

    @pytest.mark.parametrize("text", ["", " ", "-", "1\0", "\0", "1 1", "\xb2", "+-1", "--1", "- 1", "7f", "f" * 40])
    def test_numerals(self, text: str) -> None:
        for base in (2, 10, 16, 36):
            assert parse_in_base(text, base) == PUC_TONUMBER(text, base)

    def test_tonumber(self, base: dict[Any, Any]) -> None:
        tonumber = base["tonumber"]
        assert tonumber("0x10") == 16
        assert tonumber(" 1e1 ") == 10.0
        assert tonumber(7) == 7
        assert tonumber("1e") is None
        assert tonumber(LuaTable()) is None
        assert tonumber(None) is None
        assert tonumber("9" * 100_000, 10) is not None
        fails("value expected", tonumber)
        fails("string expected, got number", tonumber, 1, 10)
        fails("base out of range", tonumber, "1", 37)


PUC = lupa.lua53.LuaRuntime(encoding="latin-1")
PUC_TONUMBER: Any = PUC.eval("tonumber")


class TestSelect:
    def test_values(self, base: dict[Any, Any]) -> None:
        select = base["select"]
        assert select("#") == 0
        assert select("#", None, None) == 2
        assert values(select(2, 1, 2, 3)) == (2, 3)
        assert values(select(-1, 1, 2, 3)) == (3,)
        assert values(select(9, 1)) == ()
        assert values(select("1", 5)) == (5,)

    def test_errors(self, base: dict[Any, Any]) -> None:
        fails("index out of range", base["select"], 0)
        fails("index out of range", base["select"], -2, 1)
        fails("number expected, got no value", base["select"])


class TestPrint:
    def test_tabs(self, state: State, base: dict[Any, Any]) -> None:
        base["print"]()
        base["print"](1, 2.0, "x", None, True)
        assert state.stdout.text == "\n1\t2.0\tx\tnil\ttrue\n"

    def test_uses_the_global_tostring(self, state: State, base: dict[Any, Any]) -> None:
        base["tostring"] = lambda value, *_: f"<{value}>"
        base["print"](1, "a")
        assert state.stdout.text == "<1>\t<a>\n"
        base["tostring"] = lambda *_: LuaTable()
        fails("'tostring' must return a string to 'print'", base["print"], 1)
        del base["tostring"]
        fails("attempt to call a nil value", base["print"], 1)

    def test_what_came_before_an_error(self, state: State, base: dict[Any, Any]) -> None:
        fails("oops", base["print"], "a", with_meta(__tostring=lambda *_: base["error"]("oops", 0)))
        assert state.stdout.text == "a\t"

    def test_tostring(self, state: State, base: dict[Any, Any]) -> None:
        tostring = base["tostring"]
        assert tostring(with_meta(__tostring=lambda *_: "me")) == "me"
        assert tostring(with_meta(__name="Thing")).startswith("Thing: 0x")
        fails("'__tostring' must return a string", tostring, with_meta(__tostring=lambda *_: LuaTable()))
        fails("value expected", tostring)
        assert state.non_yieldable == 0


class TestCollector:
    def test_options(self, base: dict[Any, Any]) -> None:
        collect = base["collectgarbage"]
        assert collect() == 0
        before = collect("count")
        assert type(before) is float
        assert collect("count") > before
        assert collect("isrunning") is True
        assert collect("stop") == 0
        assert collect("isrunning") is False
        assert collect("restart") == 0
        assert collect("setpause", 100) == 200
        assert collect("setpause") == 100
        assert collect("setstepmul", 300) == 200
        assert collect("step", 20_000) is True
        fails("invalid option 'other'", collect, "other")

    def test_steps(self, base: dict[Any, Any]) -> None:
        def steps(size: int) -> int:
            count = 1
            while not base["collectgarbage"]("step", size):
                count += 1
            return count

        assert steps(0) > 10
        assert steps(10) < steps(2)
        assert steps(20_000) == 1


class TestLoad:
    @pytest.mark.parametrize(
        ("source", "name", "mode", "message"),
        [
            ("\x1bLua", "=x", "bt", "x: truncated precompiled chunk"),
            ("\x1bLuaQ" + "x" * 99, "@y", "b", "y: version mismatch in precompiled chunk"),
            ("\x1bxxxx", "@y", "bt", "y: not a precompiled chunk"),
            ("\x1b", "\x1b", "bt", "binary string: truncated precompiled chunk"),
            ("\x1bLua", "x", "t", "attempt to load a binary chunk (mode is 't')"),
            ("return 1", "x", "b", "attempt to load a text chunk (mode is 'b')"),
        ],
    )
    def test_refused(self, state: State, source: str, name: str, mode: str, message: str) -> None:
        with pytest.raises(LuaError) as caught:
            load_chunk(state, source, name, mode, None)
        assert caught.value.value == message

    def test_arguments(self, base: dict[Any, Any]) -> None:
        fails("function expected, got no value", base["load"])
        fails("function expected, got table", base["load"], LuaTable())
        fails("string expected, got table", base["load"], "x", LuaTable())
        fails("string expected, got table", base["load"], "x", "x", LuaTable())

    def test_reader_errors(self, state: State, base: dict[Any, Any]) -> None:
        load = base["load"]
        assert load(lambda *_: LuaTable()) == (None, "reader function must return a string")
        assert load(lambda *_: base["error"]("x", 0)) == (None, "x")
        assert state.non_yieldable == 0

    def test_endless_reader_is_charged(self) -> None:
        base = open_base(State(Meter(instructions=100_000))).hash
        with pytest.raises(LimitReached):
            base["load"](lambda *_: "x ")


def test_constants(state: State, base: dict[Any, Any]) -> None:
    assert base["_G"] is state.globals
    assert base["_VERSION"] == "Lua 5.3"
    assert base["type"](None) == "nil"
    fails("value expected", base["type"])
