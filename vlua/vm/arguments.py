"""Checks of the arguments of library functions (the ``luaL_check*`` family, manual §5.1).

In: a Lua value, or ``ABSENT`` for an argument that was not given, and its 1-based position.
Out: the value in the wanted Python type, or the error "bad argument #n to 'f' (…)".
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import Any, Final

from vlua.vm.frames import TYPE_NAMES, arg_error
from vlua.vm.frames import type_name as name_in_messages
from vlua.vm.number import number_text, parse_number
from vlua.vm.table import LuaTable

__all__ = [
    "ABSENT",
    "arg_check",
    "check_any",
    "check_float",
    "check_function",
    "check_integer",
    "check_number",
    "check_option",
    "check_string",
    "check_table",
    "is_absent_or_nil",
    "opt_float",
    "opt_integer",
    "opt_number",
    "opt_string",
    "type_error",
    "type_name",
]


class _Absent:
    """The type of ``ABSENT``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


# Default of every optional parameter: an argument that was not given. Typed Any so that signatures stay readable.
ABSENT: Final[Any] = _Absent()

KINDS: Final[dict[type, str]] = {
    type(None): "nil",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    LuaTable: "table",
    FunctionType: "function",
    _Absent: "no value",
}


def type_name(value: Any) -> str:
    """The Lua type name of a value (manual §2.1), "no value" for ``ABSENT``."""
    return KINDS.get(type(value)) or TYPE_NAMES.get(type(value).__name__, "userdata")


def is_absent_or_nil(value: Any) -> bool:
    """Whether an argument was not given or is nil (``lua_isnoneornil``)."""
    return value is None or value is ABSENT


def type_error(value: Any, position: int, expected: str) -> Exception:
    """The error for an argument of the wrong type, to be raised by the caller.

    A string in the metatable's ``__name`` replaces the type name of the value, as in PUC Lua.
    """
    actual = "no value" if value is ABSENT else name_in_messages(value)
    return arg_error(position, f"{expected} expected, got {actual}")


def arg_check(condition: Any, position: int, message: str) -> None:
    """Raise "bad argument" with ``message`` unless ``condition`` holds (``luaL_argcheck``)."""
    if not condition:
        raise arg_error(position, message)


def check_any(value: Any, position: int) -> Any:
    """The value, which may be nil but must have been given."""
    if value is ABSENT:
        raise arg_error(position, "value expected")
    return value


def check_integer(value: Any, position: int) -> int:
    """The value as an integer: integral floats and numeric strings are converted (manual §3.4.3).

    Raises LuaError ("number expected, got …" or "number has no integer representation").
    """
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    number: int | float | None = None
    if kind is float:
        number = value
    elif kind is str:
        number = parse_number(value)
    if number is None:
        raise type_error(value, position, "number")
    if type(number) is float:
        if number.is_integer() and -9223372036854775808.0 <= number < 9223372036854775808.0:
            return int(number)
        raise arg_error(position, "number has no integer representation")
    return number  # type: ignore[return-value]


def opt_integer(value: Any, position: int, default: int) -> int:
    """As ``check_integer``; ``default`` when not given or nil."""
    if type(value) is int:
        return value
    return default if value is None or value is ABSENT else check_integer(value, position)


def check_number(value: Any, position: int) -> int | float:
    """The value as a number, integer or float as it is; numeric strings are converted.

    Raises LuaError ("number expected, got …").
    """
    kind = type(value)
    if kind is float or kind is int:
        return value  # type: ignore[no-any-return]
    number = parse_number(value) if kind is str else None
    if number is None:
        raise type_error(value, position, "number")
    return number


def opt_number(value: Any, position: int, default: float) -> int | float:
    """As ``check_number``; ``default`` when not given or nil."""
    return default if value is None or value is ABSENT else check_number(value, position)


def check_float(value: Any, position: int) -> float:
    """The value as a float (``luaL_checknumber``: integers and numeric strings are converted)."""
    return value if type(value) is float else float(check_number(value, position))


def opt_float(value: Any, position: int, default: float) -> float:
    """As ``check_float``; ``default`` when not given or nil."""
    return default if value is None or value is ABSENT else check_float(value, position)


def check_string(value: Any, position: int) -> str:
    """The value as a string of bytes; numbers are converted (manual §3.4.3).

    Raises LuaError ("string expected, got …").
    """
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is float:
        return number_text(value)
    raise type_error(value, position, "string")


def opt_string(value: Any, position: int, default: str) -> str:
    """As ``check_string``; ``default`` when not given or nil."""
    if type(value) is str:
        return value
    return default if value is None or value is ABSENT else check_string(value, position)


def check_table(value: Any, position: int) -> LuaTable:
    """The value, which must be a table (metatables do not help)."""
    if type(value) is LuaTable:
        return value
    raise type_error(value, position, "table")


def check_function(value: Any, position: int) -> Any:
    """The value, which must be a function (``__call`` does not help)."""
    if type(value) is FunctionType:
        return value
    raise type_error(value, position, "function")


def check_option(value: Any, position: int, default: str | None, options: Sequence[str]) -> str:
    """The value as one of ``options``; ``default``, unless ``None``, stands in for nil.

    Raises LuaError ("invalid option '…'").
    """
    name = check_string(value, position) if default is None else opt_string(value, position, default)
    if name in options:
        return name
    raise arg_error(position, f"invalid option '{name}'")
