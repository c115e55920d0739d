"""Sizes and durations, as people write them: ``"64 MiB"``, ``"1.5 GB"``, ``"2 s"``, ``"500 ms"``.

In: text or figures of a policy or a command line. Out: bytes as an integer, seconds as a float; and back to text.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

__all__ = ["format_duration", "format_size", "parse_duration", "parse_size"]

SIZES: dict[str, int] = {
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
DURATIONS: dict[str, Fraction] = {
    "us": Fraction(1, 1_000_000),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86400),
}

# What people write instead of a unit, in lower case, by what they most likely mean.
SIZE_SLIPS = {
    slip: unit
    for unit, slips in {
        "B": "byte bytes",
        "kB": "kilobyte kilobytes",
        "MB": "megabyte megabytes mo",
        "GB": "gigabyte gigabytes go",
        "KiB": "k ki",
        "MiB": "m mi meg megs",
        "GiB": "g gi gig gigs",
        "TiB": "t ti",
    }.items()
    for slip in slips.split()
}
DURATION_SLIPS = {
    slip: unit
    for unit, slips in {
        "us": "usec microsecond microseconds \u00b5s \u03bcs",  # with the sign for micro, and with the Greek letter
        "ms": "msec milli millis millisecond milliseconds",
        "s": "sec secs second seconds",
        "min": "m mins minute minutes",
        "h": "hr hrs hour hours",
        "d": "day days",
    }.items()
    for slip in slips.split()
}
QUANTITY = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)\s*([^\s0-9._+-]*)\s*", re.ASCII)
DECIMAL_COMMA = re.compile(r"\s*[0-9]{1,12},[0-9]{1,6}\s*\S*\s*", re.ASCII)
MOST_DIGITS = 60  # of a figure: enough for any there is, and reading more of them only takes time
LONGEST_SHOWN = 40  # characters of what somebody wrote, in an error message
LONGEST_DURATION = 1e15  # seconds


def parse_size(value: Any) -> int:
    """A number of bytes: an integer, or text with a unit (``"64 MiB"``; kB, MB, GB, TB are powers of 1000).

    Raises ValueError with the nearest valid spelling for anything else, and for parts of a byte.
    """
    if type(value) is int:
        return value
    if not isinstance(value, str):
        raise ValueError(f'a size expected, such as 4096 or "64 MiB", got {value!r}')
    number, unit = quantity(value, "size", '"64 MiB"', SIZES, SIZE_SLIPS, "MiB")
    size = number * SIZES[unit or "B"]
    if size.denominator != 1:
        raise ValueError(f"size {value!r} is not a whole number of bytes, did you mean {format_size(round(size))!r}?")
    return int(size)


def parse_duration(value: Any) -> float:
    """A number of seconds: a number, or text with a unit (us, ms, s, min, h, d).

    Raises ValueError with the nearest valid spelling for anything else.
    """
    if type(value) is int or type(value) is float:
        return float(value) if abs(value) < LONGEST_DURATION else float("inf")
    if not isinstance(value, str):
        raise ValueError(f'a duration expected, such as 2.5 or "500 ms", got {value!r}')
    number, unit = quantity(value, "duration", '"2 s" or "500 ms"', DURATIONS, DURATION_SLIPS, "s")
    return float(number * DURATIONS[unit or "s"])


def format_size(size: int) -> str:
    """A number of bytes as text that ``parse_size`` reads back to the same number: ``"64 MiB"``, ``"1500 B"``."""
    for unit in ("TiB", "GiB", "MiB", "KiB", "TB", "GB", "MB", "kB"):
        if size and size % SIZES[unit] == 0:
            return f"{size // SIZES[unit]} {unit}"
    return f"{size} B"


def format_duration(seconds: float) -> str:
    """A number of seconds as text that ``parse_duration`` reads back to the same number."""
    for unit in ("d", "h", "min", "s", "ms", "us"):
        count = round(seconds / float(DURATIONS[unit]))
        if 1 <= count < 1e12 and parse_duration(f"{count} {unit}") == seconds:
            return f"{count} {unit}"
    text = repr(float(seconds))
    if "e" in text:
        text = f"{Decimal(text):f}"
    return f"{text.removesuffix('.0')} s"


def quantity(
    text: str, what: str, examples: str, units: dict[str, Any], slips: dict[str, str], usual: str
) -> tuple[Fraction, str]:
    """The number and the unit ("" if none was given) in ``text``. Raises ValueError."""
    shown = repr(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…")
    match = QUANTITY.fullmatch(text)
    if match is None or len(match[1]) > MOST_DIGITS:
        if DECIMAL_COMMA.fullmatch(text):
            raise ValueError(f"cannot read the {what} {shown}, did you mean {text.replace(',', '.')!r}?")
        raise ValueError(f"cannot read the {what} {shown}, write it as {examples}")
    number, unit = match[1], match[2]
    if unit and unit not in units:
        raise ValueError(f"cannot read the {what} {shown}, did you mean '{number} {meant(unit, units, slips, usual)}'?")
    return Fraction(number.replace("_", "")), unit


def meant(unit: str, units: dict[str, Any], slips: dict[str, str], usual: str) -> str:
    """The unit that somebody most likely meant."""
    folded = {name.lower(): name for name in reversed(units)}
    near = slips.get(unit.lower()) or folded.get(unit.lower())
    if near is not None:
        return near
    from difflib import get_close_matches

    close = get_close_matches(unit.lower(), [*folded, *slips], n=1)
    return (folded.get(close[0]) or slips[close[0]]) if close else usual
