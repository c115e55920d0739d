"""``string.format`` (manual §6.4).

In: a ``State``. Out: the function. A format is parsed once into a template for Python's ``%`` operator, whose only
conversions are ours: everything that comes from the script is an operand or has its ``%`` doubled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from vlua.vm.arguments import ABSENT, check_integer, check_number, check_string
from vlua.vm.frames import arg_error, lib_error
from vlua.vm.number import MIN_INTEGER, format_float

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["format_function"]

# A conversion: flags, up to two digits of width, up to two of precision. Never fails, may match nothing.
SPECIFICATION = re.compile(r"([-+ #0]*+)([0-9]{0,2})(?:(\.)([0-9]{0,2}))?")
# One flag may stand five times and no more: PUC reserves as many characters as there are flags.
MAX_FLAGS = 5
# A string at least this long is not padded (lstrlib).
LONG_STRING = 100
# Formats kept parsed per runtime, each at most this long; when the cache is full it starts anew.
CACHED_FORMATS = 256
CACHED_LENGTH = 256
# Strings shorter than this are not worth charging.
FREE_BYTES = 1024

# What the operand of a conversion has to be; the names are those of the conversion or of PUC's functions.
INTEGER, NATURAL, FLOAT, STRING, OTHER, MISTAKE = range(6)

OPERAND_TYPES = {INTEGER: int, NATURAL: object, FLOAT: float, STRING: str}

# Characters that %q escapes.
QUOTED = re.compile('["\\\\\x00-\x1f\x7f]')

UNSIGNED = 0xFFFF_FFFF_FFFF_FFFF


class Conversion(NamedTuple):
    """One conversion of a format: how to check its operand, and what the template has for it."""

    kind: int
    flags: str = ""
    width: int = 0
    precision: int | None = None
    letter: str = "s"
    template: str = "%s"
    message: str = ""


class Format(NamedTuple):
    """A parsed format: the template, and between ``pieces`` of literal text the ``conversions``.

    ``types`` are those of the operands that Python formats as C does: ``object`` stands for an integer that is not
    negative, ``None`` for what Python has no conversion for.
    """

    template: str
    types: tuple[type | None, ...]
    pieces: tuple[str, ...]
    conversions: tuple[Conversion, ...]


def parse_format(text: str) -> Format:
    """Take a format apart; a mistake becomes the last conversion, to be raised when its turn comes."""
    pieces: list[str] = []
    conversions: list[Conversion] = []
    literal: list[str] = []
    at = 0
    while True:
        percent = text.find("%", at)
        if percent < 0:
            literal.append(text[at:])
            break
        literal.append(text[at:percent])
        at = percent + 1
        if text.startswith("%", at):
            literal.append("%")
            at += 1
            continue
        conversion, at = _conversion(text, at)
        pieces.append("".join(literal))
        conversions.append(conversion)
        literal = []
        if conversion.kind == MISTAKE:
            break
    pieces.append("".join(literal))
    template = "".join(
        [
            piece.replace("%", "%%") + conversion.template
            for piece, conversion in zip(pieces, (*conversions, Conversion(OTHER, template="")), strict=True)
        ]
    )
    types = tuple([OPERAND_TYPES.get(conversion.kind) for conversion in conversions])
    return Format(template, types, tuple(pieces), tuple(conversions))


def _conversion(text: str, at: int) -> tuple[Conversion, int]:
    """The conversion whose ``%`` stands before ``at``, and where the text goes on."""
    found = SPECIFICATION.match(text, at)
    if found is None:
        raise AssertionError("the expression matches everywhere")
    flags, digits, point, places = found.groups()
    at = found.end()
    if len(flags) > MAX_FLAGS:
        return Conversion(MISTAKE, message="invalid format (repeated flags)"), at
    letter = text[at : at + 1] or "\0"
    if "0" <= letter <= "9":
        return Conversion(MISTAKE, message="invalid format (width or precision too long)"), at
    width = int(digits or "0")
    precision = int(places or "0") if point else None
    at += 1
    if letter in "di":
        # Python writes them alike, but gives the flag "0" precedence over the precision
        direct = precision is None and "#" not in flags
        template = f"%{flags}{digits}d" if direct else "%s"
        return Conversion(INTEGER if direct else OTHER, flags, width, precision, "d", template), at
    if letter in "uxX" and precision is None and not set("+ #") & set(flags):
        template = f"%{flags}{digits}{'d' if letter == 'u' else letter}"
        return Conversion(NATURAL, flags, width, precision, letter, template), at
    if letter in "eEfgG":
        template = f"%{flags}{digits}{'' if precision is None else f'.{precision}'}{letter}"
        return Conversion(FLOAT, flags, width, precision, letter, template), at
    if letter == "s" and not found[0]:
        return Conversion(STRING), at
    if letter in "aAcouxXqs":
        return Conversion(OTHER, flags, width, precision, letter), at
    shown = letter if " " <= letter <= "~" else f"<\\{ord(letter)}>"
    return Conversion(MISTAKE, message=f"invalid option '%{shown}' to 'format'"), at


def format_integer(conversion: Conversion, value: int) -> str:
    """An integer as C's printf writes it under ``d``, ``o``, ``u``, ``x`` or ``X``."""
    flags, precision, letter = conversion.flags, conversion.precision, conversion.letter
    prefix = ""
    if letter == "d":
        prefix = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
        digits = str(abs(value))
    else:
        value &= UNSIGNED
        digits = str(value) if letter == "u" else f"{value:{letter}}"
    if precision is not None:
        digits = digits.rjust(precision, "0") if precision or value else ""
    if "#" in flags:
        if letter == "o" and not digits.startswith("0"):
            digits = "0" + digits
        elif letter in "xX" and value:
            prefix = "0" + letter
    if "0" in flags and "-" not in flags and precision is None:
        digits = digits.rjust(conversion.width - len(prefix), "0")
    return pad(conversion, prefix + digits)


def pad(conversion: Conversion, text: str) -> str:
    """``text`` with the conversion's width in spaces."""
    return text.ljust(conversion.width) if "-" in conversion.flags else text.rjust(conversion.width)


def quote(text: str) -> str:
    """``text`` as a string literal that Lua reads back (``%q``)."""
    if QUOTED.search(text) is None:
        return f'"{text}"'
    parts = ['"']
    last = 0
    for found in QUOTED.finditer(text):
        at = found.start()
        char = text[at]
        parts.append(text[last:at])
        last = at + 1
        if char in '"\\\n':
            parts.append("\\" + char)
        elif "0" <= text[last : last + 1] <= "9":
            parts.append(f"\\{ord(char):03d}")
        else:
            parts.append(f"\\{ord(char)}")
    parts.append(text[last:])
    parts.append('"')
    return "".join(parts)


def format_function(state: State) -> Callable[..., Any]:
    """``string.format`` of a runtime."""
    formats: dict[str, Format] = {}
    free = min(FREE_BYTES, state.max_string)

    def charge(size: int, fixed: int) -> None:
        """Charge a result of about ``size`` bytes, of which up to ``fixed`` may not be in it after all."""
        state.check_length(size - fixed)
        state.charge_list(size)

    def parsed(text: str) -> Format:
        """The parsed format; the first time in this runtime it is charged."""
        state.tick(8 + len(text))
        result = parse_format(text)
        if len(text) <= CACHED_LENGTH:
            if len(formats) >= CACHED_FORMATS:
                formats.clear()
            formats[text] = result
        return result

    def literal(value: Any, position: int) -> str:
        """``%q``: a literal that Lua reads back as the value."""
        kind = type(value)
        if kind is str:
            state.charge_list(4 * len(value))
            return quote(value)
        if kind is int:
            return str(value) if value != MIN_INTEGER else "0x8000000000000000"
        if kind is float:
            return format_float("", 0, None, "a", value)
        if value is None or kind is bool:
            return state.tostring(value)
        raise arg_error(position, "value has no literal form")

    def string(conversion: Conversion, value: Any, position: int) -> str:
        """``%s`` with flags, width or precision."""
        text = value if type(value) is str else state.tostring(value)
        if len(text) > free:
            state.tick(len(text) >> 6)
        if "\0" in text:
            raise arg_error(position, "string contains zeros")
        if conversion.precision is None and len(text) >= LONG_STRING:
            return text
        return pad(conversion, text if conversion.precision is None else text[: conversion.precision])

    def other(conversion: Conversion, value: Any, position: int) -> str:
        """A conversion that Python has no equal of, as text."""
        letter = conversion.letter
        if letter == "s":
            return string(conversion, value, position)
        if letter == "q":
            return literal(value, position)
        if letter in "aA":
            number = float(check_number(value, position))
            return format_float(conversion.flags, conversion.width, conversion.precision, letter, number)
        integer = check_integer(value, position)
        if letter == "c":
            return pad(conversion, chr(integer & 0xFF))
        return format_integer(conversion, integer)

    def format(text: Any = ABSENT, *args: Any) -> Any:
        """The format with its conversions replaced by the other arguments."""
        try:
            template, types, pieces, conversions = formats[text]
        except (KeyError, TypeError):
            text = check_string(text, 1)
            template, types, pieces, conversions = formats.get(text) or parsed(text)
        count = len(args)
        if count == len(types):
            size = len(template)
            for expected, value in zip(types, args, strict=True):
                kind = type(value)
                if kind is str:
                    if expected is not str:
                        break
                    size += len(value)
                elif kind is int:
                    # an integer is as good for %s and %f as the string or float it would become
                    if expected is None or (expected is object and value < 0):
                        break
                elif kind is not float or expected is not float or value - value != 0.0:
                    break
            else:
                if size > free:
                    charge(size, len(template))
                return template % args
        operands: list[Any] = []
        size = 0
        finite = True
        for index, conversion in enumerate(conversions):
            if index >= count:
                raise arg_error(index + 2, "no value")
            value = args[index]
            wanted = conversion.kind
            if wanted == STRING:
                if type(value) is not str:
                    value = str(value) if type(value) is int else state.tostring(value)
                size += len(value)
            elif wanted == INTEGER:
                if type(value) is not int:
                    value = check_integer(value, index + 2)
            elif wanted == NATURAL:
                value = check_integer(value, index + 2) & UNSIGNED
            elif wanted == FLOAT:
                if type(value) is not float:
                    value = float(check_number(value, index + 2))
                if value - value != 0.0:
                    finite = False
            elif wanted == OTHER:
                value = other(conversion, value, index + 2)
                size += len(value)
            else:
                raise lib_error(conversion.message)
            operands.append(value)
        size += len(template)
        if size > free:
            charge(size, len(template))
        if finite:
            return template % tuple(operands)
        return _piecewise(pieces, conversions, operands)

    if state.meter.limits.string_bytes is None:
        return format

    def bounded_format(*args: Any) -> Any:
        """The same where the length of strings is limited: numbers may be longer than their conversions."""
        result = format(*args)
        state.check_length(len(result))
        return result

    return bounded_format


def _piecewise(pieces: tuple[str, ...], conversions: tuple[Conversion, ...], operands: list[Any]) -> str:
    """The result when an infinity or NaN is among the operands, which Python pads otherwise than C."""
    parts = [pieces[0]]
    for piece, conversion, value in zip(pieces[1:], conversions, operands, strict=True):
        if conversion.kind == FLOAT:
            value = format_float(conversion.flags, conversion.width, conversion.precision, conversion.letter, value)
        parts.append(value if type(value) is str else conversion.template % (value,))
        parts.append(piece)
    return "".join(parts)
