"""The checks of library arguments, against the messages of PUC Lua."""

from __future__ import annotations

from typing import Any

import pytest

from vlua.vm import arguments
from vlua.vm.arguments import ABSENT
from vlua.vm.errors import LuaError
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata


def message(call: Any, *args: Any) -> str:
    with pytest.raises(LuaError) as caught:
        call(*args)
    return str(caught.value.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (3.0, 3), ("10", 10), (" 0x10 ", 16), ("1e2", 100), (-(2.0**63), -(2**63)), (2**63 - 1, 2**63 - 1)],
)
def test_integer(value: Any, expected: int) -> None:
    found = arguments.check_integer(value, 1)
    assert found == expected
    assert type(found) is int


@pytest.mark.parametrize("value", [1.5, 2.0**63, float("inf"), float("nan"), "2.5", "1e300"])
def test_no_integer_representation(value: Any) -> None:
    assert "number has no integer representation" in message(arguments.check_integer, value, 1)


@pytest.mark.parametrize(
    ("value", "actual"),
    [
        (ABSENT, "no value"),
        (None, "nil"),
        (True, "boolean"),
        ("x", "string"),
        ("", "string"),
        ("\xb2", "string"),
        (LuaTable(), "table"),
        (Userdata(), "userdata"),
        (message, "function"),
    ],
)
def test_number_expected(value: Any, actual: str) -> None:
    for check in (arguments.check_integer, arguments.check_number, arguments.check_float):
        assert f"bad argument #2 to '?' (number expected, got {actual})" == message(check, value, 2)


def test_booleans_are_no_integers() -> None:
    assert "got boolean" in message(arguments.check_integer, True, 1)


def test_number_keeps_its_subtype() -> None:
    assert type(arguments.check_number(1, 1)) is int
    assert type(arguments.check_number("1", 1)) is int
    assert type(arguments.check_number("1.0", 1)) is float
    assert type(arguments.check_float(1, 1)) is float


def test_string() -> None:
    assert arguments.check_string("a\0", 1) == "a\0"
    assert arguments.check_string(12, 1) == "12"
    assert arguments.check_string(1.0, 1) == "1.0"
    assert "string expected, got boolean" in message(arguments.check_string, False, 1)


def test_defaults() -> None:
    for nothing in (None, ABSENT):
        assert arguments.opt_integer(nothing, 1, 7) == 7
        assert arguments.opt_number(nothing, 1, 7.5) == 7.5
        assert arguments.opt_float(nothing, 1, 7.5) == 7.5
        assert arguments.opt_string(nothing, 1, "d") == "d"
        assert arguments.is_absent_or_nil(nothing)
    assert not arguments.is_absent_or_nil(False)
    assert "got boolean" in message(arguments.opt_integer, False, 1, 7)


def test_table_and_function() -> None:
    table = LuaTable()
    assert arguments.check_table(table, 1) is table
    assert arguments.check_function(message, 1) is message
    callable_table = LuaTable()
    callable_table.meta = LuaTable({"__call": message})
    assert "function expected, got table" in message(arguments.check_function, callable_table, 1)


def test_name_of_metatable() -> None:
    table = LuaTable()
    table.meta = LuaTable({"__name": "Account"})
    assert "number expected, got Account" in message(arguments.check_integer, table, 1)
    table.meta = LuaTable({"__name": 12})
    assert "number expected, got table" in message(arguments.check_integer, table, 1)


def test_any_and_option() -> None:
    assert arguments.check_any(None, 1) is None
    assert "value expected" in message(arguments.check_any, ABSENT, 1)
    assert arguments.check_option(ABSENT, 1, "a", ("a", "b")) == "a"
    assert "invalid option 'c'" in message(arguments.check_option, "c", 1, "a", ("a", "b"))
    assert "string expected, got no value" in message(arguments.check_option, ABSENT, 1, None, ("a",))
