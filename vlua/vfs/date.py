"""Calendar arithmetic and ``strftime`` of the C locale, for ``os.date`` and ``os.time`` (manual §6.9).

In: seconds since 1970 or broken-down fields. Out: the other, or text. Nothing here asks the host.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BrokenTime", "break_down", "format_time", "seconds_of", "specifier_length"]

# The conversions of C99, as loslib.c lists them: one letter, or E or O and a letter.
ONE_LETTER = frozenset("aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%")
TWO_LETTERS = frozenset(["Ec", "EC", "Ex", "EX", "Ey", "EY", *("O" + letter for letter in "deHImMSuUVwWy")])

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS_PER_ERA = 146097  # 400 years, after which the calendar repeats
DAY = 86400
LARGEST_YEAR = 2**31 - 1 + 1900  # C keeps the year in an int, counted from 1900
SMALLEST_YEAR = -(2**31) + 1900


class BrokenTime(NamedTuple):
    """C's ``struct tm`` with ordinary years and months; ``weekday`` is 0 on Sunday, ``yearday`` 0 on January 1st."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    weekday: int
    yearday: int
    is_dst: bool
    offset: int
    zone: str


def days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the proleptic Gregorian calendar; ``day`` may be any integer."""
    if month <= 2:
        year -= 1
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def break_down(seconds: int, offset: int = 0, is_dst: bool = False, zone: str = "GMT") -> BrokenTime | None:
    """The date and time at ``seconds`` in a zone ``offset`` seconds east; ``None`` when C cannot hold the year."""
    days, rest = divmod(seconds + offset, DAY)
    era, day_of_era = divmod(days + 719468, DAYS_PER_ERA)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = era * 400 + year_of_era + (1 if month <= 2 else 0)
    if not SMALLEST_YEAR <= year <= LARGEST_YEAR:
        return None
    return BrokenTime(
        year,
        month,
        day,
        rest // 3600,
        rest // 60 % 60,
        rest % 60,
        (days + 4) % 7,
        days - days_before(year, 1, 1),
        is_dst,
        offset,
        zone,
    )


def seconds_of(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Seconds since 1970 of a UTC date and time; every field may be out of its range (C's ``mktime``)."""
    years, month = divmod(month - 1, 12)
    return days_before(year + years, month + 1, day) * DAY + hour * 3600 + minute * 60 + second


def specifier_length(text: str, start: int) -> int:
    """Letters of the conversion that follows the ``%`` before ``start``; 0 when it is none of C99's."""
    if text[start : start + 1] in ONE_LETTER:
        return 1
    return 2 if text[start : start + 2] in TWO_LETTERS else 0


def format_time(conversion: str, time: BrokenTime) -> str:
    """What C's ``strftime`` writes for one conversion in the C locale."""
    letter = conversion[-1]
    year = time.year
    hour12 = (time.hour + 11) % 12 + 1
    match letter:
        case "a":
            return DAYS[time.weekday][:3]
        case "A":
            return DAYS[time.weekday]
        case "b" | "h":
            return MONTHS[time.month - 1][:3]
        case "B":
            return MONTHS[time.month - 1]
        case "c":
            return f"{DAYS[time.weekday][:3]} {MONTHS[time.month - 1][:3]} {time.day:2d} {_clock(time)} {year}"
        case "C":
            return str(year // 100)
        case "d":
            return f"{time.day:02d}"
        case "D" | "x":
            return f"{time.month:02d}/{time.day:02d}/{year % 100:02d}"
        case "e":
            return f"{time.day:2d}"
        case "F":
            return f"{year}-{time.month:02d}-{time.day:02d}"
        case "g":
            return f"{_week_of(time)[0] % 100:02d}"
        case "G":
            return str(_week_of(time)[0])
        case "H":
            return f"{time.hour:02d}"
        case "I":
            return f"{hour12:02d}"
        case "j":
            return f"{time.yearday + 1:03d}"
        case "m":
            return f"{time.month:02d}"
        case "M":
            return f"{time.minute:02d}"
        case "n":
            return "\n"
        case "p":
            return _half(time)
        case "r":
            return f"{hour12:02d}:{time.minute:02d}:{time.second:02d} {_half(time)}"
        case "R":
            return f"{time.hour:02d}:{time.minute:02d}"
        case "S":
            return f"{time.second:02d}"
        case "t":
            return "\t"
        case "T" | "X":
            return _clock(time)
        case "u":
            return str((time.weekday + 6) % 7 + 1)
        case "U":
            return f"{(time.yearday + 7 - time.weekday) // 7:02d}"
        case "V":
            return f"{_week_of(time)[1]:02d}"
        case "w":
            return str(time.weekday)
        case "W":
            return f"{(time.yearday + 7 - (time.weekday + 6) % 7) // 7:02d}"
        case "y":
            return f"{year % 100:02d}"
        case "Y":
            return str(year)
        case "z":
            minutes = abs(time.offset) // 60
            return f"{'-' if time.offset < 0 else '+'}{minutes // 60:02d}{minutes % 60:02d}"
        case "Z":
            return time.zone
        case _:
            return "%"


def _clock(time: BrokenTime) -> str:
    return f"{time.hour:02d}:{time.minute:02d}:{time.second:02d}"


def _half(time: BrokenTime) -> str:
    return "AM" if time.hour < 12 else "PM"


def _week_of(time: BrokenTime) -> tuple[int, int]:
    """Year and number of the ISO 8601 week: the week belongs to the year that its Thursday is in."""
    thursday = days_before(time.year, time.month, time.day) + 3 - (time.weekday + 6) % 7
    for year in (time.year + 1, time.year, time.year - 1):
        first = days_before(year, 1, 1)
        if thursday >= first:
            return year, (thursday - first) // 7 + 1
    raise AssertionError("a Thursday lies in one of three years")
