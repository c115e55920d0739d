"""Calling Lua values and reading what a call gives back.

One result travels naked, any other number as a tuple; a tuple that begins with ``TAIL`` is a call still to be made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

__all__ = ["PENDING_CALLERS", "TAIL", "apply", "call_table", "callee_of", "finish", "first", "take", "values"]


class TailMark:
    """The type of ``TAIL``."""

    __slots__ = ()


TAIL = TailMark()


def first(result: Any) -> Any:
    """A call's result adjusted to one value (manual §3.4.10)."""
    if type(result) is not tuple:
        return result
    while result and result[0] is TAIL:
        result = apply(result[1], result[2])
        if type(result) is not tuple:
            return result
    return result[0] if result else None


def values(result: Any) -> tuple[Any, ...]:
    """All values of a call's result."""
    if type(result) is not tuple:
        return (result,)
    while result and result[0] is TAIL:
        result = apply(result[1], result[2])
        if type(result) is not tuple:
            return (result,)
    return result


def finish(result: Any) -> None:
    """Make the calls still pending in a result that nobody reads."""
    while type(result) is tuple and result and result[0] is TAIL:
        result = apply(result[1], result[2])


def take(result: Any, count: int) -> tuple[Any, ...]:
    """A call's result adjusted to exactly ``count`` values."""
    found = values(result)
    size = len(found)
    if size == count:
        return found
    return found[:count] if size > count else found + (None,) * (count - size)


def apply(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """``function(*args)``, raw result; up to six arguments without growing the C stack."""
    count = len(args)
    if count == 1:
        return function(args[0])
    if count == 2:
        return function(args[0], args[1])
    if count == 0:
        return function()
    if count == 3:
        return function(args[0], args[1], args[2])
    if count == 4:
        return function(args[0], args[1], args[2], args[3])
    if count == 5:
        return function(args[0], args[1], args[2], args[3], args[4])
    if count == 6:
        return function(args[0], args[1], args[2], args[3], args[4], args[5])
    return function(*args)


# The functions that make the calls pending in a result: what they call has taken the place of its caller.
PENDING_CALLERS = frozenset(function.__code__ for function in (first, values, finish))


def callee_of(value: Any, args: tuple[Any, ...]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The Python function and arguments that a call of a table or userdata stands for (manual §2.4 ``__call``).

    Raises the call error for anything that cannot be called.
    """
    from vlua.vm.frames import call_error

    if type(value) is FunctionType:
        return value, args
    meta = getattr(value, "meta", None)
    handler = meta.hash.get("__call") if meta is not None else None
    if type(handler) is not FunctionType:
        raise call_error(value)
    return handler, (value, *args)


def call_table(value: Any, args: tuple[Any, ...]) -> Any:
    """The ``__call__`` slot of tables and userdata, which grows the C stack: counted by the runtime it runs in."""
    function, args = callee_of(value, args)
    state = sys._getframe(2).f_globals.get("state")
    if state is None:
        return apply(function, args)
    state.enter_c()
    try:
        return apply(function, args)
    finally:
        state.c_depth -= 1
