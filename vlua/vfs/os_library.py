"""The library ``os`` (manual §6.9) on a machine room: its files, its environment, its clock.

In: a state and its room. Out: the library table. Nothing of the host can be seen through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vfs.date import BrokenTime, break_down, format_time, seconds_of, specifier_length
from vlua.vfs.failure import Failure
from vlua.vm.arguments import (
    ABSENT,
    check_integer,
    check_option,
    check_string,
    check_table,
    is_absent_or_nil,
    opt_integer,
    opt_string,
)
from vlua.vm.errors import ExitRequest
from vlua.vm.frames import arg_error, lib_error
from vlua.vm.number import to_integer
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State

__all__ = ["open_os"]

LARGEST_FIELD = (2**31 - 1) // 2  # of a date table, as loslib.c limits it
SLICE = 64  # conversions of `date` between two charges
CONVERSION_BYTES = 64  # what one conversion is charged for: its time more than its text
LOCALES = ("C", "POSIX", "")
CATEGORIES = ("all", "collate", "ctype", "monetary", "numeric", "time")
UNREPRESENTABLE = "time result cannot be represented in this installation"


def set_fields(table: LuaTable, time: BrokenTime, state: State) -> None:
    """Fill a date table (manual §6.9 ``os.time``)."""
    for key, value in (
        ("sec", time.second),
        ("min", time.minute),
        ("hour", time.hour),
        ("day", time.day),
        ("month", time.month),
        ("year", time.year),
        ("wday", time.weekday + 1),
        ("yday", time.yearday + 1),
        ("isdst", time.is_dst),
    ):
        if table.meta is None:
            table.set(key, value)
        else:
            state.setindex(table, key, value)


def open_os(state: State, room: Room) -> LuaTable:
    """Make the library ``os`` for a runtime that lives in ``room``."""
    clock_of_room = room.clock

    def local(moment: int) -> BrokenTime | None:
        return break_down(moment, *clock_of_room.local(moment))

    def field(table: LuaTable, key: str, default: int | None) -> int:
        value = state.index(table, key)
        number = to_integer(value)
        if number is None:
            if value is not None:
                raise lib_error(f"field '{key}' is not an integer")
            if default is None:
                raise lib_error(f"field '{key}' missing in date table")
            return default
        if not -LARGEST_FIELD <= number <= LARGEST_FIELD:
            raise lib_error(f"field '{key}' is out-of-bound")
        return number

    def clock(*_: Any) -> Any:
        return float(clock_of_room.cpu())

    def date(format: Any = ABSENT, moment: Any = ABSENT, *_: Any) -> Any:
        text = opt_string(format, 1, "%c")
        seconds = clock_of_room.now() if is_absent_or_nil(moment) else check_integer(moment, 2)
        if text[:1] == "!":
            text = text[1:]
            time = break_down(seconds)
        else:
            time = local(seconds)
        if time is None:
            raise lib_error(UNREPRESENTABLE)
        if text.split("\0", 1)[0] == "*t":
            table = LuaTable()
            set_fields(table, time, state)
            return table
        state.tick(len(text) >> 4)
        pieces: list[str] = []
        position = done = 0
        while (percent := text.find("%", position)) >= 0:
            pieces.append(text[position:percent])
            length = specifier_length(text, percent + 1)
            if length == 0:
                rest = text[percent + 1 :].split("\0", 1)[0]
                raise arg_error(1, f"invalid conversion specifier '%{rest}'")
            done += 1
            if not done % SLICE:
                state.charge_list(SLICE * CONVERSION_BYTES)
            position = percent + 1 + length
            pieces.append(format_time(text[percent + 1 : position], time))
        pieces.append(text[position:])
        return "".join(pieces)

    def difftime(later: Any = ABSENT, earlier: Any = ABSENT, *_: Any) -> Any:
        return float(check_integer(later, 1) - check_integer(earlier, 2))

    def execute(command: Any = ABSENT, *_: Any) -> Any:
        if is_absent_or_nil(command):
            return True  # there is a shell
        from vlua.vfs.programs.command import execute as execute_line

        try:
            return execute_line(room, check_string(command, 1).split("\0", 1)[0], state.c_depth).result()
        except Failure as failure:
            return failure.result()

    def exit(status: Any = ABSENT, close: Any = ABSENT, *_: Any) -> Any:
        code = (0 if status else 1) if type(status) is bool else opt_integer(status, 1, 0) & 0xFF
        raise ExitRequest(code, close is not ABSENT and close is not None and close is not False)

    def getenv(name: Any = ABSENT, *_: Any) -> Any:
        return room.environment.get(check_string(name, 1))

    def remove(name: Any = ABSENT, *_: Any) -> Any:
        path = check_string(name, 1)
        try:
            room.remove(path)
        except Failure as failure:
            return failure.result(path)
        return True

    def rename(source: Any = ABSENT, target: Any = ABSENT, *_: Any) -> Any:
        old, new = check_string(source, 1), check_string(target, 2)
        try:
            room.rename(old, new)
        except Failure as failure:
            return failure.result()
        return True

    def setlocale(locale: Any = ABSENT, category: Any = ABSENT, *_: Any) -> Any:
        name = None if is_absent_or_nil(locale) else check_string(locale, 1)
        check_option(category, 2, "all", CATEGORIES)
        return "C" if name is None or name in LOCALES else None

    def time(table: Any = ABSENT, *_: Any) -> Any:
        if is_absent_or_nil(table):
            return clock_of_room.now()
        fields = check_table(table, 1)
        second = field(fields, "sec", 0)
        minute = field(fields, "min", 0)
        hour = field(fields, "hour", 12)
        day = field(fields, "day", None)
        month = field(fields, "month", None)
        year = field(fields, "year", None)
        is_dst = state.index(fields, "isdst")
        moment = seconds_of(year, month, day, hour, minute, second)
        if is_dst is not None and is_dst is not False:
            moment -= 3600  # told to be daylight saving time where there is none: an hour earlier
        offset, zone_has_dst, _zone = clock_of_room.local(moment)
        if zone_has_dst and is_dst is not None and is_dst is not False:
            moment += 3600
        moment -= clock_of_room.local(moment - offset)[0]
        normal = local(moment)
        if normal is None:
            raise lib_error(UNREPRESENTABLE)
        set_fields(fields, normal, state)
        if moment == -1:
            raise lib_error(UNREPRESENTABLE)
        return moment

    def tmpname(*_: Any) -> Any:
        try:
            return room.temporary_name()
        except Failure:
            raise lib_error("unable to generate a unique filename") from None

    return state.library(
        "os",
        {
            "clock": clock,
            "date": date,
            "difftime": difftime,
            "execute": execute,
            "exit": exit,
            "getenv": getenv,
            "remove": remove,
            "rename": rename,
            "setlocale": setlocale,
            "time": time,
            "tmpname": tmpname,
        },
    )
