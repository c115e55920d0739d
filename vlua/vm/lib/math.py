"""The ``math`` library (manual §6.7), with the deprecated functions that PUC's default build still has (§8.2).

In: a ``State``. Out: the library table. Where Python's functions raise, these give what the C library gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, arg_check, check_any, check_float, check_integer, opt_float
from vlua.vm.frames import arg_error, lib_error
from vlua.vm.lib.random import RANDOM_SPAN, Generator
from vlua.vm.number import MAX_INTEGER, MIN_INTEGER, float_to_integer, to_integer

if TYPE_CHECKING:
    from vlua.vm.state import State
    from vlua.vm.table import LuaTable

__all__ = ["open_math"]

INFINITY = math.inf
INFINITIES = (math.inf, -math.inf)
NAN = math.nan
# What the processor makes of an invalid operation, printed as "-nan".
INVALID = math.copysign(math.nan, -1.0)
# From here on every float is integral.
EXACT = 2.0**53
NUMBERS = (int, float)
UNSIGNED = 0xFFFF_FFFF_FFFF_FFFF

# Arguments up to so many are compared without a charge.
FEW_ARGUMENTS = 64


def as_integer_if_fits(value: float) -> int | float:
    """An integral float as an integer when 64 bits hold it."""
    integer = float_to_integer(value)
    return value if integer is None else integer


def logarithm(function: Callable[[float], float], value: float) -> float:
    """A logarithm, also of zero and of negative numbers."""
    if value > 0.0 or value != value:
        return function(value)
    return -INFINITY if value == 0.0 else INVALID


def exponential(function: Callable[[float], float], value: float, overflow: float) -> float:
    """A function that grows out of the range of floats."""
    try:
        return function(value)
    except OverflowError:
        return overflow


def remainder(left: float, right: float) -> float:
    """C's fmod."""
    if left != left or right != right:
        return left + right
    if math.isinf(left) or right == 0.0:
        return INVALID
    return math.fmod(left, right)


def power(base: float, exponent: float) -> float:
    """C's pow."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        odd = exponent % 2.0 == 1.0
        return -INFINITY if base < 0.0 and odd else INFINITY
    except ValueError:
        if base == 0.0:
            return math.copysign(INFINITY, base) if exponent % 2.0 == 1.0 else INFINITY
        return INVALID


def divide(left: float, right: float) -> float:
    """Division that knows zero divisors."""
    if right != 0.0:
        return left / right
    if left == 0.0 or left != left:
        return INVALID if left == left else left
    return math.copysign(INFINITY, left) * math.copysign(1.0, right)


def absolute(x: Any = ABSENT, *_: Any) -> Any:
    """The absolute value; that of the least integer is itself."""
    if type(x) is int:
        return x if x >= 0 or x == MIN_INTEGER else -x
    return math.fabs(check_float(x, 1))


def ceil(x: Any = ABSENT, *_: Any) -> Any:
    """The least integral value not below ``x``."""
    if type(x) is int:
        return x
    value = x if type(x) is float else check_float(x, 1)
    if not -EXACT < value < EXACT:
        # Floats of this size are integral, and infinities and NaN are what they are.
        return as_integer_if_fits(value)
    return math.ceil(value)


def floor(x: Any = ABSENT, *_: Any) -> Any:
    """The greatest integral value not above ``x``."""
    if type(x) is int:
        return x
    value = x if type(x) is float else check_float(x, 1)
    if not -EXACT < value < EXACT:
        # Floats of this size are integral, and infinities and NaN are what they are.
        return as_integer_if_fits(value)
    return math.floor(value)


def cos(x: Any = ABSENT, *_: Any) -> Any:
    """The cosine of an angle in radians."""
    value = x if type(x) is float else check_float(x, 1)
    return INVALID if value in INFINITIES else math.cos(value)


def sin(x: Any = ABSENT, *_: Any) -> Any:
    """The sine of an angle in radians."""
    value = x if type(x) is float else check_float(x, 1)
    return INVALID if value in INFINITIES else math.sin(value)


def tan(x: Any = ABSENT, *_: Any) -> Any:
    """The tangent of an angle in radians."""
    value = x if type(x) is float else check_float(x, 1)
    return INVALID if value in INFINITIES else math.tan(value)


def acos(x: Any = ABSENT, *_: Any) -> Any:
    """The arc cosine in radians."""
    value = check_float(x, 1)
    return NAN if abs(value) > 1.0 else math.acos(value)


def asin(x: Any = ABSENT, *_: Any) -> Any:
    """The arc sine in radians."""
    value = check_float(x, 1)
    return NAN if abs(value) > 1.0 else math.asin(value)


def atan(y: Any = ABSENT, x: Any = ABSENT, *_: Any) -> Any:
    """The arc tangent of ``y / x`` in radians, in the quadrant that the signs say."""
    return math.atan2(check_float(y, 1), opt_float(x, 2, 1.0))


def deg(x: Any = ABSENT, *_: Any) -> Any:
    """Radians as degrees."""
    return check_float(x, 1) * (180.0 / math.pi)


def rad(x: Any = ABSENT, *_: Any) -> Any:
    """Degrees as radians."""
    return check_float(x, 1) * (math.pi / 180.0)


def exp(x: Any = ABSENT, *_: Any) -> Any:
    """``e`` to the power of ``x``."""
    return exponential(math.exp, check_float(x, 1), INFINITY)


def log(x: Any = ABSENT, base: Any = ABSENT, *_: Any) -> Any:
    """The logarithm to a base, ``e`` when not given."""
    value = check_float(x, 1)
    if base is ABSENT or base is None:
        return logarithm(math.log, value)
    base = check_float(base, 2)
    if base == 2.0:
        return logarithm(math.log2, value)
    if base == 10.0:
        # The C library's log10 is alone in giving a negative number a positive NaN.
        return NAN if value < 0.0 else logarithm(math.log10, value)
    return divide(logarithm(math.log, value), logarithm(math.log, base))


def sqrt(x: Any = ABSENT, *_: Any) -> Any:
    """The square root."""
    value = x if type(x) is float else check_float(x, 1)
    return INVALID if value < 0.0 else math.sqrt(value)


def fmod(x: Any = ABSENT, y: Any = ABSENT, *_: Any) -> Any:
    """The remainder of a division that rounds towards zero."""
    if type(x) is int and type(y) is int:
        if y == 0:
            raise arg_error(2, "zero")
        result = abs(x) % abs(y)
        return -result if x < 0 else result
    # The C compilers in use evaluate the last argument first, and so report it first.
    divisor = check_float(y, 2)
    return remainder(check_float(x, 1), divisor)


def modf(x: Any = ABSENT, *_: Any) -> Any:
    """The integral part and the fractional part."""
    if type(x) is int:
        return x, 0.0
    value = check_float(x, 1)
    if not math.isfinite(value):
        return value, 0.0 if math.isinf(value) else value
    fraction, whole = math.modf(value)
    return as_integer_if_fits(whole), fraction if fraction else 0.0


def tointeger(x: Any = ABSENT, *_: Any) -> Any:
    """The value as an integer, nil when it has no such value."""
    return x if type(x) is int else to_integer(check_any(x, 1))


def type_(x: Any = ABSENT, *_: Any) -> Any:
    """``"integer"``, ``"float"``, or nil for what is no number."""
    kind = type(check_any(x, 1))
    return "integer" if kind is int else "float" if kind is float else None


def ult(m: Any = ABSENT, n: Any = ABSENT, *_: Any) -> Any:
    """Whether ``m`` is below ``n`` as unsigned integers."""
    return check_integer(m, 1) & UNSIGNED < check_integer(n, 2) & UNSIGNED


def cosh(x: Any = ABSENT, *_: Any) -> Any:
    """The hyperbolic cosine."""
    return exponential(math.cosh, check_float(x, 1), INFINITY)


def sinh(x: Any = ABSENT, *_: Any) -> Any:
    """The hyperbolic sine."""
    value = check_float(x, 1)
    return exponential(math.sinh, value, math.copysign(INFINITY, value))


def tanh(x: Any = ABSENT, *_: Any) -> Any:
    """The hyperbolic tangent."""
    return math.tanh(check_float(x, 1))


def pow_(x: Any = ABSENT, y: Any = ABSENT, *_: Any) -> Any:
    """``x`` to the power of ``y``, as a float."""
    return power(check_float(x, 1), check_float(y, 2))


def frexp(x: Any = ABSENT, *_: Any) -> Any:
    """Mantissa and binary exponent."""
    return math.frexp(check_float(x, 1))


def ldexp(m: Any = ABSENT, e: Any = ABSENT, *_: Any) -> Any:
    """``m`` times 2 to the power of ``e``."""
    value = check_float(m, 1)
    # The exponent is a C int.
    exponent = ((check_integer(e, 2) + 2**31) & 0xFFFF_FFFF) - 2**31
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.copysign(INFINITY, value)


def log10(x: Any = ABSENT, *_: Any) -> Any:
    """The logarithm to base 10."""
    return logarithm(math.log10, check_float(x, 1))


def open_math(state: State) -> LuaTable:
    """The table ``math`` of a runtime, with a random generator of its own (manual §6.7)."""
    generator = Generator()

    def max_(*args: Any) -> Any:
        """The largest argument by ``<``."""
        arg_check(args, 1, "value expected")
        if len(args) > FEW_ARGUMENTS:
            state.tick(len(args))
        result = args[0]
        for item in args[1:]:
            if result < item if type(item) in NUMBERS and type(result) in NUMBERS else lower(result, item):
                result = item
        return result

    def min_(*args: Any) -> Any:
        """The smallest argument by ``<``."""
        arg_check(args, 1, "value expected")
        if len(args) > FEW_ARGUMENTS:
            state.tick(len(args))
        result = args[0]
        for item in args[1:]:
            if item < result if type(item) in NUMBERS and type(result) in NUMBERS else lower(item, result):
                result = item
        return result

    def lower(left: Any, right: Any) -> bool:
        state.non_yieldable += 1
        try:
            return state.less_than(left, right)
        finally:
            state.non_yieldable -= 1

    def random(*args: Any) -> Any:
        """A float in [0, 1), or an integer in [1, m] or [m, n]."""
        share = generator.next() * (1.0 / RANDOM_SPAN)
        if not args:
            return share
        if len(args) > 2:
            raise lib_error("wrong number of arguments")
        low = 1 if len(args) == 1 else check_integer(args[0], 1)
        high = check_integer(args[-1], len(args))
        arg_check(low <= high, 1, "interval is empty")
        arg_check(low >= 0 or high <= MAX_INTEGER + low, 1, "interval too large")
        return int(share * (float(high - low) + 1.0)) + low

    def randomseed(x: Any = ABSENT, *_: Any) -> Any:
        """Start the sequence of ``random`` over from a seed."""
        seed = check_float(x, 1)
        generator.seed(int(seed) if MIN_INTEGER <= seed < -MIN_INTEGER else 0)
        generator.next()
        return ()

    table = state.library(
        "math",
        {
            "abs": absolute,
            "acos": acos,
            "asin": asin,
            "atan": atan,
            "atan2": atan,
            "ceil": ceil,
            "cos": cos,
            "cosh": cosh,
            "deg": deg,
            "exp": exp,
            "floor": floor,
            "fmod": fmod,
            "frexp": frexp,
            "ldexp": ldexp,
            "log": log,
            "log10": log10,
            "max": max_,
            "min": min_,
            "modf": modf,
            "pow": pow_,
            "rad": rad,
            "random": random,
            "randomseed": randomseed,
            "sin": sin,
            "sinh": sinh,
            "sqrt": sqrt,
            "tan": tan,
            "tanh": tanh,
            "tointeger": tointeger,
            "type": type_,
            "ult": ult,
        },
    )
    table.hash.update(pi=math.pi, huge=INFINITY, maxinteger=MAX_INTEGER, mininteger=MIN_INTEGER)
    return table
