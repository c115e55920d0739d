"""``pcall``, ``xpcall``, ``error`` and ``assert`` (manual §6.1): the only places where Lua errors become values.

In: a ``State``. Out: the four functions. ``LimitReached`` and ``ExitRequest`` are no Exceptions and pass by.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, check_any, check_function, opt_integer
from vlua.vm.call import values
from vlua.vm.charging import LONG_TEXT, charge_caller
from vlua.vm.errors import LuaError
from vlua.vm.frames import translate, where

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["caught", "protected_functions"]

# Results of a protected call up to which passing them on is not worth charging.
FREE_RESULTS = 200


def caught(exception: Exception) -> Any:
    """The Lua error value of an exception that ends here; the frames it has left behind are let go."""
    error = translate(exception)
    value = error.value
    error.__traceback__ = error.__context__ = error.__cause__ = None
    exception.__traceback__ = exception.__context__ = exception.__cause__ = None
    return value


def error(message: Any = None, level: Any = ABSENT, *_: Any) -> Any:
    """Raise an error; a string message gets the position of the function at a stack level (1: the caller)."""
    depth = opt_integer(level, 2, 1)
    if depth > 0 and type(message) is str:
        if len(message) > LONG_TEXT:
            charge_caller(len(message))
        message = where(depth) + message
    raise LuaError(message)


def assert_(condition: Any = ABSENT, message: Any = ABSENT, *rest: Any) -> Any:
    """Raise an error with the message if the condition is false; else all arguments."""
    if condition is None or condition is False or condition is ABSENT:
        check_any(condition, 1)
        if message is ABSENT:
            message = "assertion failed!"
        if type(message) is str and len(message) > LONG_TEXT:
            charge_caller(len(message))
        raise LuaError(where(1) + message if type(message) is str else message)
    return condition if message is ABSENT else (condition, message, *rest)


def protected_functions(state: State) -> dict[str, Any]:
    """The functions by their Lua names."""

    def succeeded(result: tuple[Any, ...]) -> tuple[Any, ...]:
        """True and the results; long rows of them are charged, because calls inside one another copy them again."""
        results = values(result)
        if len(results) > FREE_RESULTS:
            state.tick(len(results) >> 3)
        return (True, *results)

    def pcall(function: Any = ABSENT, *args: Any) -> Any:
        """Call a function: true and its results, or false and the error value."""
        check_any(function, 1)
        try:
            # Up to three arguments the call stays a Python call, which takes no C stack.
            if type(function) is not FunctionType:
                return (True, *state.call(function, *args))
            count = len(args)
            if count == 0:
                result = function()
            elif count == 1:
                result = function(args[0])
            elif count == 2:
                result = function(args[0], args[1])
            elif count == 3:
                result = function(args[0], args[1], args[2])
            else:
                return (True, *state.call(function, *args))
            return succeeded(result) if type(result) is tuple else (True, result)
        except Exception as exception:
            if state.hooks is not None:
                # An error in a hook has ended Python's tracing.
                state.hooks.renew()
            if state.overflows and isinstance(exception, RecursionError):
                # The handler of a stack overflow has no stack left to overflow.
                exception = LuaError("error in error handling")
            return False, caught(exception)

    def xpcall(function: Any = ABSENT, handler: Any = ABSENT, *args: Any) -> Any:
        """As ``pcall``; an error value goes through the handler, which sees the stack of the error."""
        check_function(handler, 2)
        try:
            if type(function) is FunctionType and not args:
                result = function()
                return succeeded(result) if type(result) is tuple else (True, result)
            return (True, *state.call(function, *args))
        except Exception as exception:
            if state.hooks is not None:
                state.hooks.renew()
            state.non_yieldable += 1
            try:
                results = state.run_handler(handler, exception)
                return False, (results[0] if results else None)
            except Exception as again:
                return False, caught(again)
            finally:
                state.non_yieldable -= 1
                caught(exception)

    return {"assert": assert_, "error": error, "pcall": pcall, "xpcall": xpcall}
