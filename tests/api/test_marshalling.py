"""Values that cross between Python and Lua, both ways."""

from __future__ import annotations

import copy
import enum
import pickle
from collections import OrderedDict, namedtuple
from typing import Any

import pytest

from vlua import LuaCoroutine, LuaError, LuaFunction, LuaRuntime


@pytest.fixture
def lua() -> LuaRuntime:
    return LuaRuntime()


@pytest.fixture
def kind(lua: LuaRuntime) -> LuaFunction:
    return lua.eval("function(v) return math.type(v) or type(v) end")  # type: ignore[no-any-return]


class Colour(enum.IntEnum):
    RED = 3


class Text(str):
    def __str__(self) -> str:
        return "not me"


# Scalars


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, 1, -1, 2**63 - 1, -(2**63), 0.0, 1.5, 1e300, "", "abc", "ä€😀", "\0"],
)
def test_scalars_survive_the_round_trip(lua: LuaRuntime, value: Any) -> None:
    result = lua.eval("...", value)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nil"),
        (True, "boolean"),
        (1, "integer"),
        (1.0, "float"),
        ("x", "string"),
        (b"x", "string"),
        (bytearray(b"x"), "string"),
        (Colour.RED, "integer"),
        ([], "table"),
        ((), "table"),
        ({}, "table"),
        (OrderedDict(), "table"),
        (len, "function"),
        (lambda: 0, "function"),
        (object(), "userdata"),
        ({1}, "userdata"),
    ],
)
def test_types(kind: LuaFunction, value: Any, expected: str) -> None:
    assert kind(value) == expected


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**5000], ids=["above", "below", "far above"])
def test_integers_outside_64_bits_are_refused(lua: LuaRuntime, value: int) -> None:
    for attempt in (
        lambda: lua.eval("...", value),
        lambda: lua.table_from([value]),
        lambda: lua.table_from({value: 1}),
        lambda: lua.globals().__setitem__("x", value),
    ):
        with pytest.raises(ValueError, match="Lua integers have 64 bits"):
            attempt()


def test_subclasses_become_plain_values(lua: LuaRuntime) -> None:
    assert lua.eval("...", Text("me")) == "me"
    assert lua.eval("... + 1", Colour.RED) == 4


def test_strings_are_bytes_in_lua(lua: LuaRuntime) -> None:
    assert lua.eval("#..., (...):byte(1, -1)", "ä") == (2, 0xC3, 0xA4)
    assert lua.eval("#...", b"\xff\x00") == 2
    assert lua.eval(r"'\xff'") == b"\xff"
    assert lua.eval("...", bytes(range(256))) == bytes(range(256))


def test_other_encodings() -> None:
    latin = LuaRuntime(encoding="latin-1")
    assert latin.eval("#...", "ä") == 1
    assert latin.eval(r"'\xe4'") == "ä"
    with pytest.raises(ValueError, match="cannot be encoded"):
        latin.eval("...", "€")
    raw = LuaRuntime(encoding=None)
    assert raw.eval("'abc'") == b"abc"
    assert raw.eval("...", "ä") == "ä".encode()


def test_lone_surrogates_are_refused(lua: LuaRuntime) -> None:
    with pytest.raises(ValueError, match="cannot be encoded as utf-8"):
        lua.eval("...", "\ud800")


# Tables


def test_table_access(lua: LuaRuntime) -> None:
    t = lua.eval("{ 10, 20, 30, name = 'n', [1.5] = 'f', [true] = 'b', inner = { x = 1 } }")
    assert (t[1], t["name"], t.name, t[1.5], t[True], t.inner.x) == (10, "n", "n", "f", "b", 1)
    assert t[1.0] == 10
    assert t["absent"] is None
    assert t.absent is None
    assert t[None] is None
    assert len(t) == 3
    assert "name" in t
    assert "absent" not in t
    t.name = "changed"
    t["new"] = [1, {"deep": True}]
    assert lua.eval("(...).name, (...).new[2].deep", t) == ("changed", True)
    del t["name"]
    del t.new
    assert t.name is None
    assert "new" not in t


def test_iteration(lua: LuaRuntime) -> None:
    t = lua.eval("{ 'a', 'b', x = 1 }")
    assert list(t) == [1, 2, "x"]
    assert list(t.keys()) == [1, 2, "x"]
    assert list(t.values()) == ["a", "b", 1]
    assert dict(t.items()) == {1: "a", 2: "b", "x": 1}
    for key in t:
        del t[key]
    assert list(t) == []


def test_booleans_and_numbers_are_different_keys(lua: LuaRuntime) -> None:
    t = lua.eval("{ [true] = 'true', [1] = 'one', [false] = 'false', [0] = 'zero' }")
    assert (t[True], t[1], t[False], t[0]) == ("true", "one", "false", "zero")


def test_empty_tables_are_true(lua: LuaRuntime) -> None:
    assert lua.table()


def test_metamethods_are_honoured(lua: LuaRuntime) -> None:
    t = lua.eval(
        """setmetatable({}, {
          __index = function(t, k) return k .. '!' end,
          __newindex = function(t, k, v) rawset(t, k, v * 2) end,
          __len = function() return 7 end,
          __call = function(self, a) return 'called ' .. a end,
          __tostring = function() return 'I am a table' end,
        })"""
    )
    assert t.hello == "hello!"
    t.x = 4
    assert t.x == 8
    assert len(t) == 7
    assert t("x") == "called x"
    assert str(t) == "I am a table"


def test_metamethod_errors(lua: LuaRuntime) -> None:
    t = lua.eval("setmetatable({}, { __index = function() error('no', 0) end, __len = function() return 'x' end })")
    with pytest.raises(LuaError, match="^no$"):
        t.anything
    with pytest.raises((TypeError, LuaError)):
        len(t)


def test_bad_keys(lua: LuaRuntime) -> None:
    t = lua.table()
    for key, message in ((None, "index is nil"), (float("nan"), "index is NaN")):
        with pytest.raises(LuaError, match=message):
            t[key] = 1
    for key, message in ((None, "None cannot be a key"), (float("nan"), "NaN cannot be a key")):
        with pytest.raises(ValueError, match=message):
            lua.table_from({key: 1})


def test_identity(lua: LuaRuntime) -> None:
    one, same = lua.eval("(function() local t = {} return t, t end)()")
    assert one == same
    assert hash(one) == hash(same)
    assert {one: 1}[same] == 1
    assert one != lua.table()
    assert one != 1
    assert lua.eval("rawequal(...)", one, same) is True
    assert lua.eval("print") == lua.eval("print")


def test_method_names_and_dunders_need_brackets(lua: LuaRuntime) -> None:
    t = lua.eval("{ keys = 1, __index = 2 }")
    assert t["keys"] == 1
    assert t["__index"] == 2
    with pytest.raises(AttributeError):
        t.__index
    with pytest.raises(AttributeError):
        t.keys = 3
    with pytest.raises(AttributeError):
        t.__class__ = dict
    with pytest.raises(AttributeError):
        t.__new = 1


def test_proxies_cannot_be_copied(lua: LuaRuntime) -> None:
    for proxy in (lua.table(), lua.eval("print")):
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="belongs to its LuaRuntime"):
                attempt(proxy)


def test_repr_tells_no_address(lua: LuaRuntime) -> None:
    t = lua.table()
    assert repr(t).startswith("<LuaTable 0x")
    assert f"{id(t):x}" not in repr(t)
    assert str(t) == lua.eval("tostring(...)", t)


# Containers


def test_containers_become_tables(lua: LuaRuntime) -> None:
    lua.globals().config = {"name": "x", "list": [1, [2, 3]], "pair": (4, 5), 7: None, "flag": False}
    assert lua.eval("config.name, config.list[2][2], config.pair[1], config[7], config.flag") == (
        "x",
        3,
        4,
        None,
        False,
    )
    assert lua.eval("#...", [1, 2, 3]) == 3


def test_changes_do_not_come_back(lua: LuaRuntime) -> None:
    values = [1, 2]
    lua.execute("local t = ... t[1] = 'changed'", values)
    assert values == [1, 2]


def test_cyclic_and_shared_containers_keep_their_shape(lua: LuaRuntime) -> None:
    cycle: list[Any] = [1]
    cycle.append(cycle)
    assert lua.eval("rawequal(..., (...)[2])", cycle) is True
    shared = {"n": 1}
    assert lua.eval("rawequal((...).a, (...).b)", {"a": shared, "b": shared}) is True


def test_depth_is_no_matter(lua: LuaRuntime) -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert (
        lua.eval("(function(t) local n = 0 while t[1] do t, n = t[1], n + 1 end return n end)(...)", nested) == 100_000
    )


def test_table_from(lua: LuaRuntime) -> None:
    t = lua.table_from({"a": 1}, ["x", "y"], (n * n for n in (3, 4)), {"a": 2})
    assert dict(t.items()) == {"a": 2, 1: "x", 2: "y", 3: 9, 4: 16}
    assert dict(lua.table_from(t).items()) == dict(t.items())
    assert lua.table_from(t) != t
    inner = {"x": 1}
    assert lua.table_from({"inner": inner}).inner.x == 1
    assert lua.table_from({"inner": inner}, recursive=False).inner is inner


# Functions


def test_lua_functions_are_callables(lua: LuaRuntime) -> None:
    f = lua.eval("function(...) return select('#', ...), ... end")
    assert isinstance(f, LuaFunction)
    assert f() == 0
    assert f(None) == (1, None)
    assert f("a", "b") == (2, "a", "b")
    assert lua.eval("function() end")() is None


def test_python_functions(lua: LuaRuntime) -> None:
    lua.globals().f = lambda *args: args
    assert lua.eval("f()") is None
    assert lua.eval("f(1, 'x', nil)") == (1, "x", None)
    assert lua.eval("select('#', f())") == 0
    lua.globals().g = lambda t: sum(t.values())
    assert lua.eval("g { 1, 2, 3 }") == 6
    lua.globals().l = lambda: [1, 2]
    assert lua.eval("#l()") == 2


def test_named_tuples_are_several_results(lua: LuaRuntime) -> None:
    Point = namedtuple("Point", "x y")
    lua.globals().point = lambda: Point(1, 2)
    assert lua.eval("point()") == (1, 2)


def test_python_functions_come_back_as_themselves(lua: LuaRuntime) -> None:
    def function() -> None: ...

    assert lua.eval("...", function) is function
    assert lua.eval("(...)[1] == (...)[2]", [function, function]) is True


def test_callbacks_nest(lua: LuaRuntime) -> None:
    lua.execute("function down(n) if n == 0 then return 'bottom' end return up(n - 1) end")
    down = lua.globals().down
    lua.globals().up = lambda n: down(n)
    assert lua.eval("down(50)") == "bottom"
    with pytest.raises(LuaError, match="overflow"):
        lua.eval("down(100000)")
    assert lua.eval("down(10)") == "bottom"


def test_exceptions_of_host_functions(lua: LuaRuntime) -> None:
    boom = ValueError("bad amount: {0.__class__} %s")

    def fail() -> None:
        raise boom

    lua.globals().fail = fail
    assert lua.eval("pcall(fail)") == (False, "bad amount: {0.__class__} %s")
    with pytest.raises(LuaError) as caught:
        lua.execute("\nfail()", name="@main.lua")
    assert str(caught.value) == "main.lua:2: bad amount: {0.__class__} %s"
    assert caught.value.__cause__ is boom


def test_host_paths_stay_out_of_error_texts(lua: LuaRuntime) -> None:
    lua.globals().fail = lambda: open("/no/such/secret")
    ok, message = lua.eval("pcall(fail)")
    assert (ok, message) == (False, "No such file or directory")


def test_exceptions_without_text(lua: LuaRuntime) -> None:
    def fail() -> None:
        raise KeyError

    lua.globals().fail = fail
    assert lua.eval("pcall(fail)") == (False, "KeyError")


def test_lua_errors_pass_through_host_functions(lua: LuaRuntime) -> None:
    def call(function: Any) -> Any:
        return function()

    lua.globals().call = call
    ok, value = lua.eval("pcall(call, function() error({ code = 9 }) end)")
    assert (ok, value.code) == (False, 9)
    assert lua.eval("(function() local e = {} local _, v = pcall(call, function() error(e) end) return e == v end)()")


def test_host_functions_raise_lua_errors(lua: LuaRuntime) -> None:
    def refuse() -> None:
        raise LuaError({"reason": "closed"})

    lua.globals().refuse = refuse
    ok, value = lua.eval("pcall(refuse)")
    assert (ok, value.reason) == (False, "closed")


def test_results_that_cannot_be_converted_are_lua_errors(lua: LuaRuntime) -> None:
    lua.globals().big = lambda: 2**64
    ok, message = lua.eval("pcall(big)")
    assert ok is False
    assert "64 bits" in message


def test_host_functions_may_catch_lua_errors(lua: LuaRuntime) -> None:
    def careful(function: Any) -> str:
        try:
            function()
        except LuaError as error:
            return f"caught {error}"
        return "fine"

    lua.globals().careful = careful
    assert lua.eval("careful(function() error('x', 0) end)") == "caught x"


# Opaque values


def test_objects_are_opaque(lua: LuaRuntime) -> None:
    class Secret:
        token = "t"

    secret = Secret()
    assert lua.eval("...", secret) is secret
    assert lua.eval("(...)[1] == (...)[2]", [secret, secret]) is True
    assert lua.eval("getmetatable(...)", secret) is False
    assert lua.eval("tostring(...)", secret).startswith("host object: 0x")
    for use in ("(...).token", "(...).__class__", "(...)()", "#(...)", "(...) + 1", "(...) .. ''", "(...) < (...)"):
        with pytest.raises(LuaError, match="attempt to"):
            lua.eval(use, secret)
    with pytest.raises(LuaError, match="attempt to index"):
        lua.execute("(...).token = 1", secret)


def test_functions_show_no_attributes(lua: LuaRuntime) -> None:
    for field in ("__globals__", "__code__", "__class__", "__self__", "func_globals"):
        for value in (lambda: 0, print, "".join):
            with pytest.raises(LuaError, match="attempt to index a function value"):
                lua.eval(f"(...).{field}", value)


def test_debug_shows_nothing_of_host_functions(lua: LuaRuntime) -> None:
    secret = object()

    def function(value: Any = secret) -> Any:
        return value, secret

    lua.globals().f = function
    assert lua.eval("debug.getupvalue(f, 1)") is None
    assert lua.eval("debug.setupvalue(f, 1, 1)") is None
    info = dict(lua.eval("debug.getinfo(f)").items())
    assert (info["what"], info["source"], info["short_src"]) == ("C", "=[C]", "[C]")
    assert lua.eval("pcall(string.dump, f)") == (False, "unable to dump given function")
    assert ".py" not in str(info)


def test_values_of_other_runtimes_are_refused(lua: LuaRuntime) -> None:
    other = LuaRuntime()
    for value in (other.table(), other.eval("print"), [other.table()]):
        with pytest.raises(ValueError, match="belongs to another LuaRuntime"):
            lua.eval("...", value)


def test_lua_userdata(lua: LuaRuntime) -> None:
    handle = lua.eval("io.open('x', 'w')")
    assert lua.eval("io.type(...)", handle) == "file"
    assert str(handle).startswith("file (0x")


# Coroutines


def test_coroutines(lua: LuaRuntime) -> None:
    thread = lua.eval(
        "coroutine.create(function(a) local b = coroutine.yield(a + 1) coroutine.yield(b, 'two') return 'end' end)"
    )
    assert isinstance(thread, LuaCoroutine)
    assert thread.status == "suspended"
    assert thread.send(1) == 2
    assert thread.send("b") == ("b", "two")
    assert thread.send() == "end"
    assert thread.status == "dead"
    with pytest.raises(LuaError, match="cannot resume dead coroutine"):
        thread.send()


def test_coroutines_iterate(lua: LuaRuntime) -> None:
    thread = lua.eval("coroutine.create(function() for i = 1, 3 do coroutine.yield(i) end return 'end' end)")
    assert list(thread) == [1, 2, 3]


def test_errors_in_coroutines(lua: LuaRuntime) -> None:
    thread = lua.eval("coroutine.create(function() error('inside', 0) end)")
    with pytest.raises(LuaError, match="^inside$"):
        thread.send()


def test_no_yield_across_a_host_function(lua: LuaRuntime) -> None:
    lua.globals().call = lambda f: f()
    ok, message = lua.eval(
        "coroutine.resume(coroutine.create(function() return call(function() coroutine.yield(1) end) end))"
    )
    assert ok is False
    assert "attempt to yield across a C-call boundary" in message
