"""Numbers as text and as integers: the conversions of the manual's §3.4.3 and §3.1.

In: byte strings, integers and floats. Out: integers in 64-bit two's complement, floats, their text.
Nothing here knows a runtime; everything is a pure function, but for the charge for long numerals.
"""

from __future__ import annotations

import re
from math import copysign
from typing import Any

from vlua.vm.charging import LONG_TEXT, charge_caller

__all__ = [
    "MAX_INTEGER",
    "MIN_INTEGER",
    "float_to_integer",
    "format_float",
    "number_text",
    "parse_number",
    "to_integer",
    "to_number",
    "wrap",
]

MAX_INTEGER = (1 << 63) - 1
MIN_INTEGER = -(1 << 63)

# The bounds between which an integral float has an integer value; both are exact.
FLOAT_LOW = -9223372036854775808.0
FLOAT_HIGH = 9223372036854775808.0

# C's isspace in the "C" locale; str.strip() without an argument would also take \x1c-\x1f, \x85 and \xa0.
SPACES = " \t\n\v\f\r"

# Decimal numerals with at most this many characters, sign included, fit 64 bits whatever their digits.
SAFE_DECIMAL_LENGTH = 18

# No integer has more digits than this; longer runs of significant digits are floats.
MAX_INTEGER_DIGITS = 19

# Integral floats below this print all their digits under "%.14g", and repr() prints the same ones with ".0".
PLAIN_FLOAT = 1e14

DECIMAL_INTEGER = re.compile(r"[+-]?[0-9]++")
DECIMAL_FLOAT = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
HEX_INTEGER = re.compile(r"([+-]?)0[xX]([0-9A-Fa-f]++)")
HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9A-Fa-f]++(?:\.[0-9A-Fa-f]*+)?|\.[0-9A-Fa-f]++)(?:[pP][+-]?[0-9]++)?")


def wrap(value: int) -> int:
    """``value`` in 64-bit two's complement, as Lua's integer arithmetic wraps around (manual §3.4.1)."""
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return value
    return ((value + 0x8000000000000000) & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000


def float_to_integer(value: float) -> int | None:
    """The integer equal to ``value``; ``None`` when there is none in 64 bits (manual §3.4.3)."""
    if value.is_integer() and FLOAT_LOW <= value < FLOAT_HIGH:
        return int(value)
    return None


def parse_number(text: str) -> int | float | None:
    """The number that a byte string spells, ``None`` when it is no numeral (manual §3.1, §3.4.3).

    Surrounding ASCII spaces and a sign are allowed. Hexadecimal integers wrap around, decimal integers that
    do not fit 64 bits become floats, and ``inf`` and ``nan`` are no numerals. Any length is safe.
    """
    if text.isdecimal() and len(text) <= SAFE_DECIMAL_LENGTH:
        return int(text)
    if len(text) > LONG_TEXT:
        charge_caller(len(text))
    text = text.strip(SPACES)
    if DECIMAL_INTEGER.fullmatch(text):
        return _decimal_integer(text)
    if DECIMAL_FLOAT.fullmatch(text):
        return float(text)
    found = HEX_INTEGER.fullmatch(text)
    if found:
        magnitude = int(found[2][-16:], 16)
        return wrap((-magnitude if found[1] == "-" else magnitude) & 0xFFFFFFFFFFFFFFFF)
    if HEX_FLOAT.fullmatch(text):
        return _hex_float(text)
    return None


def _decimal_integer(text: str) -> int | float:
    """A run of decimal digits with an optional sign: an integer if it fits, else a float."""
    if len(text) <= SAFE_DECIMAL_LENGTH:
        return int(text)
    negative = text[0] == "-"
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) <= MAX_INTEGER_DIGITS:
        value = -int(digits or "0") if negative else int(digits or "0")
        if MIN_INTEGER <= value <= MAX_INTEGER:
            return value
    return float(text)


def _hex_float(text: str) -> float:
    """A hexadecimal numeral with a point or an exponent; too large a value is infinite as for C's strtod."""
    try:
        return float.fromhex(text)
    except OverflowError:
        return float("-inf") if text[0] == "-" else float("inf")


def number_text(value: int | float) -> str:
    """What ``tostring`` says of a number: ``%d`` or ``%.14g`` made to look like a float (manual §3.4.3)."""
    if not isinstance(value, float):
        return str(value)
    if value.is_integer() and -PLAIN_FLOAT < value < PLAIN_FLOAT:
        return repr(value)
    text = f"{value:.14g}"
    if "." in text or "e" in text:
        return text
    if value != value:
        return "-nan" if copysign(1.0, value) < 0 else "nan"
    return text if "n" in text else text + ".0"


def to_number(value: Any) -> int | float | None:
    """``value`` as a number if it is one or a string that spells one, else ``None`` (manual §3.4.3)."""
    kind = type(value)
    if kind is int or kind is float:
        return value  # type: ignore[no-any-return]
    return parse_number(value) if kind is str else None


def to_integer(value: Any) -> int | None:
    """``value`` as an integer if it is a number or a numeric string with an exact integer value, else ``None``."""
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    if kind is str:
        value = parse_number(value)
        kind = type(value)
        if kind is int:
            return value  # type: ignore[no-any-return]
    if kind is float and value.is_integer() and FLOAT_LOW <= value < FLOAT_HIGH:
        return int(value)
    return None


def format_float(flags: str, width: int, precision: int | None, conversion: str, value: float) -> str:
    """``value`` as C's printf writes it under ``%<flags><width>.<precision><conversion>``.

    ``flags`` is any of ``-+ #0``, ``width`` is in characters, ``precision`` is ``None`` when not given and
    ``conversion`` is one of ``aAeEfFgG``. Never raises.
    """
    if value - value != 0.0:
        digits = "nan" if value != value else "inf"
        if conversion.isupper():
            digits = digits.upper()
        return _pad(flags.replace("0", ""), width, _sign(flags, value), digits)
    if conversion == "a" or conversion == "A":
        prefix, digits = _hex_digits("#" in flags, precision, abs(value))
        text = _pad(flags, width, _sign(flags, value) + prefix, digits)
        return text.upper() if conversion == "A" else text
    return f"%{flags}{width or ''}{'' if precision is None else f'.{precision}'}{conversion}" % value


def _sign(flags: str, value: float) -> str:
    if copysign(1.0, value) < 0:
        return "-"
    return "+" if "+" in flags else " " if " " in flags else ""


def _pad(flags: str, width: int, prefix: str, digits: str) -> str:
    """``prefix`` and ``digits`` in a field of ``width``: spaces on either side, or zeros between them."""
    if "-" in flags:
        return (prefix + digits).ljust(width)
    if "0" in flags:
        return prefix + digits.rjust(width - len(prefix), "0")
    return (prefix + digits).rjust(width)


def _hex_digits(point: bool, precision: int | None, value: float) -> tuple[str, str]:
    """``"0x"`` and the rest of C's ``%a`` for a finite value that is not negative."""
    head, _, exponent = value.hex().partition("p")
    lead, _, fraction = head[2:].partition(".")
    if precision is None:
        fraction = fraction.rstrip("0")
    elif precision < len(fraction):
        lead, fraction = _round_hex(lead + fraction, len(fraction) - precision)
    else:
        fraction = fraction.ljust(precision, "0")
    return "0x", f"{lead}{'.' if fraction or point else ''}{fraction}p{exponent}"


def _round_hex(digits: str, surplus: int) -> tuple[str, str]:
    """Drop ``surplus`` hexadecimal digits, rounding half to even; the first digit stays the integral part."""
    number = int(digits, 16)
    unit = 1 << (4 * surplus)
    kept, rest = divmod(number, unit)
    if 2 * rest > unit or (2 * rest == unit and kept & 1):
        kept += 1
    places = len(digits) - 1 - surplus
    text = f"{kept:0{places + 1}x}"
    return text[: len(text) - places], text[len(text) - places :]
