"""Lua's operators as functions: the slow, complete path behind the guards of compiled code.

In: any two Lua values. Out: their sum, order, concatenation … with coercions and metamethods (manual §2.4, §3.4).
``bind_operators`` makes one set per state, which compiled code finds in its namespace.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from itertools import repeat
from types import FunctionType
from typing import TYPE_CHECKING, Any

from vlua.vm.access import NO_FIELDS, bind_access
from vlua.vm.call import TAIL, apply, finish, first, take, values
from vlua.vm.closures import bind_closures
from vlua.vm.frames import operand_error, run_error, type_name
from vlua.vm.loops import bind_loops
from vlua.vm.number import number_text, to_integer, to_number, wrap
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["bind_operators"]

MAX_INTEGER = 0x7FFF_FFFF_FFFF_FFFF
MIN_INTEGER = -0x8000_0000_0000_0000
MASK = 0xFFFF_FFFF_FFFF_FFFF
# Strings shorter than this are joined without a charge.
UNCHARGED = 1024
# Direct tail calls between two returns to the caller's loop: bounds the frames a chain of tail calls may stack up.
TAIL_DEPTH = 150
# Values in a row that are handed on without a charge, and those of longer rows that are for a unit.
UNCHARGED_VALUES = 200
VALUES_PER_UNIT = 16

Operator = Callable[[Any, Any], Any]


def divide(left: int | float, right: int | float) -> float:
    """Float division; division by zero gives an infinity or a NaN."""
    try:
        return float(left) / float(right)
    except ZeroDivisionError:
        left = float(left)
        if left == 0.0 or left != left:
            return -math.nan if left == left else left
        return math.copysign(math.inf, left) * math.copysign(1.0, right)


def floor_divide(left: int | float, right: int | float) -> int | float:
    """Floor division; of integers, by zero, an error."""
    if type(left) is int and type(right) is int:
        if right == 0:
            raise run_error("attempt to divide by zero")
        return wrap(left // right)
    quotient = divide(left, right)
    return float(math.floor(quotient)) if math.isfinite(quotient) and quotient != 0 else quotient


def modulo(left: int | float, right: int | float) -> int | float:
    """The remainder of floor division, with C's ``fmod`` for floats."""
    if type(left) is int and type(right) is int:
        if right == 0:
            raise run_error("attempt to perform 'n%0'")
        return left % right
    left, right = float(left), float(right)
    try:
        rest = math.fmod(left, right)
    except ValueError:
        return -math.nan if left == left and right == right else math.nan
    return rest + right if rest * right < 0 else rest


def power(left: int | float, right: int | float) -> float:
    """C's ``pow``: never an exception, never a complex number."""
    left, right = float(left), float(right)
    try:
        return math.pow(left, right)
    except OverflowError:
        return -math.inf if left < 0 and right % 2 == 1 else math.inf
    except ValueError:
        if left == 0.0:
            odd = right == math.floor(right) and right % 2 == 1
            return math.copysign(math.inf, left) if odd else math.inf
        return -math.nan


def shift_left(left: int, right: int) -> int:
    """Logical shift; negative distances shift right."""
    if right <= -64 or right >= 64:
        return 0
    return wrap(left << right) if right >= 0 else wrap((left & MASK) >> -right)


def bind_arithmetic(state: State) -> dict[str, Operator]:
    """The arithmetic operators: numbers, strings that look like numbers, then metamethods."""

    def bind(event: str, compute: Callable[[Any, Any], Any], exact: bool) -> Operator:
        def operate(left: Any, right: Any) -> Any:
            left_kind, right_kind = type(left), type(right)
            if (left_kind is int or left_kind is float) and (right_kind is int or right_kind is float):
                result = compute(left, right)
                if exact and type(result) is int and not MIN_INTEGER <= result <= MAX_INTEGER:
                    return wrap(result)
                return result
            left_number = to_number(left)
            if left_number is not None:
                right_number = to_number(right)
                if right_number is not None:
                    # 5.3 converts strings to floats here, whatever they look like.
                    return operate(
                        float(left_number) if left_kind is str else left_number,
                        float(right_number) if right_kind is str else right_number,
                    )
            handler = state.metamethod(left, event)
            if handler is None:
                handler = state.metamethod(right, event)
                if handler is None:
                    operand = 1 if left_number is not None else 0
                    raise operand_error(
                        f"attempt to perform arithmetic on a {type_name(right if operand else left)} value", operand
                    )
            return call_metamethod(state, handler, left, right)

        return operate

    return {
        "add": bind("__add", operator.add, True),
        "sub": bind("__sub", operator.sub, True),
        "mul": bind("__mul", operator.mul, True),
        "div": bind("__div", divide, False),
        "mod": bind("__mod", modulo, False),
        "power": bind("__pow", power, False),
        "idiv": bind("__idiv", floor_divide, False),
    }


def call_metamethod(state: State, handler: Any, left: Any, right: Any) -> Any:
    """The first result of a metamethod called with two operands."""
    if type(handler) is FunctionType:
        return first(handler(left, right))
    return state.call1(handler, left, right)


def bind_bitwise(state: State) -> dict[str, Operator]:
    """The bitwise operators (manual §3.4.2)."""

    def bind(event: str, compute: Callable[[int, int], int]) -> Operator:
        def operate(left: Any, right: Any) -> Any:
            if type(left) is int and type(right) is int:
                return compute(left, right)
            left_integer, right_integer = to_integer(left), to_integer(right)
            if left_integer is not None and right_integer is not None:
                return compute(left_integer, right_integer)
            handler = state.metamethod(left, event)
            if handler is None:
                handler = state.metamethod(right, event)
                if handler is None:
                    raise bitwise_error(left, right)
            return call_metamethod(state, handler, left, right)

        return operate

    return {
        "band": bind("__band", operator.and_),
        "bor": bind("__bor", operator.or_),
        "bxor": bind("__bxor", operator.xor),
        "shl": bind("__shl", shift_left),
        "shr": bind("__shr", lambda left, right: shift_left(left, -right)),
    }


def bitwise_error(left: Any, right: Any) -> Exception:
    """Why two operands have no bitwise result: not numbers, or not integral."""
    left_number, right_number = to_number(left), to_number(right)
    if left_number is not None and right_number is not None:
        operand = 1 if to_integer(left) is not None else 0
        return operand_error("number", operand, " has no integer representation")
    operand = 1 if left_number is not None else 0
    return operand_error(
        f"attempt to perform bitwise operation on a {type_name(right if operand else left)} value", operand
    )


def bind_unary(state: State) -> dict[str, Callable[[Any], Any]]:
    """Negation, bitwise not and length."""

    def unm(value: Any) -> Any:
        if type(value) is float:
            return -value
        if type(value) is int:
            return -value if value != MIN_INTEGER else value
        number = to_number(value)
        if number is not None:
            return -float(number)
        handler = state.metamethod(value, "__unm")
        if handler is None:
            raise operand_error(f"attempt to perform arithmetic on a {type_name(value)} value", 0)
        return call_metamethod(state, handler, value, value)

    def bnot(value: Any) -> Any:
        if type(value) is int:
            return ~value
        integer = to_integer(value)
        if integer is not None:
            return ~integer
        handler = state.metamethod(value, "__bnot")
        if handler is None:
            raise bitwise_error(value, value)
        return call_metamethod(state, handler, value, value)

    def length(value: Any) -> Any:
        if type(value) is str:
            return len(value)
        if type(value) is LuaTable:
            meta = value.meta
            if meta is None:
                hash = value.hash
                size = len(hash)
                return size if size in hash and size + 1 not in hash else value.length()
            handler = meta.hash.get("__len")
            if handler is None:
                return value.length()
        else:
            handler = state.metamethod(value, "__len")
            if handler is None:
                raise operand_error(f"attempt to get length of a {type_name(value)} value", 0)
        return call_metamethod(state, handler, value, value)

    return {"unm": unm, "bnot": bnot, "length": length}


def bind_comparison(state: State) -> dict[str, Callable[[Any, Any], bool]]:
    """Equality and order (manual §3.4.4)."""

    def eq(left: Any, right: Any) -> bool:
        left_kind, right_kind = type(left), type(right)
        if left_kind is right_kind:
            if left is right:
                return left == left if left_kind is float else True
            if left_kind is not LuaTable and not isinstance(left, Userdata):
                return left == right  # type: ignore[no-any-return]
        elif (left_kind is int or left_kind is float) and (right_kind is int or right_kind is float):
            return left == right  # type: ignore[no-any-return]
        elif not (isinstance(left, Userdata) and isinstance(right, Userdata)):
            return False
        handler = state.metamethod(left, "__eq")
        if handler is None:
            handler = state.metamethod(right, "__eq")
            if handler is None:
                return False
        result = call_metamethod(state, handler, left, right)
        return result is not None and result is not False

    def bind(event: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
        def order(left: Any, right: Any) -> bool:
            left_kind, right_kind = type(left), type(right)
            if (left_kind is int or left_kind is float) and (right_kind is int or right_kind is float):
                return compare(left, right)
            if left_kind is str and right_kind is str:
                return compare(left, right)
            handler = state.metamethod(left, event)
            if handler is None:
                handler = state.metamethod(right, event)
            if handler is None and event == "__le":
                # 5.3 still tries not (right < left) for __le.
                handler = state.metamethod(right, "__lt")
                if handler is None:
                    handler = state.metamethod(left, "__lt")
                if handler is not None:
                    result = call_metamethod(state, handler, right, left)
                    return result is None or result is False
            if handler is None:
                raise order_error(left, right)
            result = call_metamethod(state, handler, left, right)
            return result is not None and result is not False

        return order

    lt, le = bind("__lt", operator.lt), bind("__le", operator.le)
    return {
        "eq": eq,
        "lt": lt,
        "le": le,
        "lt_swapped": lambda left, right: lt(right, left),
        "le_swapped": lambda left, right: le(right, left),
    }


def order_error(left: Any, right: Any) -> Exception:
    """``attempt to compare …``."""
    left_name, right_name = type_name(left), type_name(right)
    if left_name == right_name:
        return run_error(f"attempt to compare two {left_name} values")
    return run_error(f"attempt to compare {left_name} with {right_name}")


def bind_concat(state: State) -> dict[str, Callable[..., Any]]:
    """Concatenation of two or more operands, right to left (manual §3.4.6)."""

    def concat(*operands: Any) -> Any:
        try:
            size = sum(map(len, operands))
            if size < UNCHARGED and size < state.max_string:
                return "".join(operands)
        except TypeError:
            size = -1
        # Out here: a metamethod called inside the handler would keep every pending exception alive.
        if size < 0 or not all(type(operand) is str for operand in operands):
            return concat_mixed(operands)
        state.charge_bytes(size)
        return "".join(operands)

    def concat_mixed(operands: tuple[Any, ...]) -> Any:
        result = operands[-1]
        for position in range(len(operands) - 2, -1, -1):
            left = operands[position]
            if type(left) is int or type(left) is float:
                left_text: Any = number_text(left)
            else:
                left_text = left
            right_text = number_text(result) if type(result) is int or type(result) is float else result
            if type(left_text) is str and type(right_text) is str:
                state.charge_bytes(len(left_text) + len(right_text))
                result = left_text + right_text
                continue
            handler = state.metamethod(left, "__concat")
            if handler is None:
                handler = state.metamethod(result, "__concat")
                if handler is None:
                    wrong = position + 1 if type(left_text) is str else position
                    value = result if wrong > position else left
                    raise operand_error(f"attempt to concatenate a {type_name(value)} value", wrong)
            result = call_metamethod(state, handler, left, result)
        return result

    def numeral(value: Any) -> str | None:
        return number_text(value) if type(value) is int or type(value) is float else None

    return {"concat": concat, "numeral": numeral}


def bind_calls(state: State) -> dict[str, Callable[..., Any]]:
    """What compiled code needs around calls: many arguments, and tail calls in constant space."""

    charge = state.meter.charge

    def spread(function: Any, args: tuple[Any, ...]) -> Any:
        if len(args) <= 6 or type(function) is not FunctionType:
            if type(function) is not FunctionType:
                function, args = state.resolve(function, args)
            if len(args) <= 6:
                return apply(function, args)
        if len(args) > UNCHARGED_VALUES:
            charge(len(args) // VALUES_PER_UNIT)
        state.enter_c()
        try:
            return function(*args)
        finally:
            state.c_depth -= 1

    def tail(function: Any, *args: Any) -> Any:
        state.namespace["tails"] = repeat(None, TAIL_DEPTH)
        if type(function) is not FunctionType:
            function, args = state.resolve(function, args)
        if function.__globals__ is not state.namespace:
            # A library function comes back by itself, and its errors need the caller's position.
            return spread(function, args)
        return (TAIL, function, args)

    def several(result: Any) -> tuple[Any, ...]:
        found = values(result)
        if len(found) > UNCHARGED_VALUES:
            # They are about to be copied.
            charge(len(found) // VALUES_PER_UNIT)
        return found

    def wrap_number(value: Any) -> Any:
        return wrap(value) if type(value) is int else value

    return {"spread": spread, "tail": tail, "several": several, "wrap_number": wrap_number}


def bind_operators(state: State) -> dict[str, Any]:
    """The namespace of compiled code: every helper it may name, and no builtins."""
    return {
        "__builtins__": {},
        "__name__": "lua",
        "LuaTable": LuaTable,
        "NO_FIELDS": NO_FIELDS,
        "len": len,
        "type": type,
        "int": int,
        "float": float,
        "str": str,
        "bool": bool,
        "tuple": tuple,
        "first": first,
        "values": values,
        "finish": finish,
        "take": take,
        "wrap": wrap,
        **bind_arithmetic(state),
        **bind_bitwise(state),
        **bind_unary(state),
        **bind_comparison(state),
        **bind_concat(state),
        **bind_calls(state),
        **bind_closures(),
        **bind_access(state),
        **bind_loops(state),
    }
