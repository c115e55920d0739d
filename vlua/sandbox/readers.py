"""How the values of a policy are read: one function for each kind of value.

In: a value as TOML or Python gives it. Out: the value that is kept; ValueError says what is wrong, and what would be
right. A value that has been read already passes unchanged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vlua.sandbox.names import HOST_ABLE, LIBRARIES, known_names
from vlua.sandbox.structure import Item, KeyPath, Problems, build, nearest
from vlua.sandbox.units import parse_duration

if TYPE_CHECKING:
    from vlua.vfs.quota import Quota
    from vlua.vfs.rules import Rule
    from vlua.vfs.sources import Mount

__all__ = [
    "boolean",
    "choice",
    "directories",
    "directory",
    "duration",
    "factor",
    "globs",
    "globs_or_none",
    "lua_names",
    "messages",
    "moment",
    "mounts",
    "parts",
    "programs",
    "quota",
    "rules",
    "seed",
    "text",
    "variables",
    "verdicts",
    "zone",
]

OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})", re.ASCII)
ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)


# Plain values


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ValueError(f"a string expected, got {value!r}")
    return value


def boolean(value: Any) -> bool:
    """``true`` or ``false``."""
    if type(value) is not bool:
        raise ValueError(f"true or false expected, got {value!r}")
    return value


def choice(*choices: str) -> Callable[[Any], Any]:
    """One of a few words."""
    expected = " or ".join([", ".join(f'"{word}"' for word in choices[:-1]), f'"{choices[-1]}"'])

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"{expected} expected, got {value!r}{nearest(value, choices)}")
        return value

    return read


def duration(value: Any) -> float | None:
    """Seconds, more than none."""
    if value is None:
        return None
    seconds = parse_duration(value)
    if not seconds:
        raise ValueError(f"must be greater than 0, got {value!r}")
    return seconds


def factor(value: Any) -> float | None:
    """A finite number above 0."""
    if value is None:
        return None
    if type(value) is not int and type(value) is not float or not 0 < value < math.inf:
        raise ValueError(f"a number greater than 0 expected, got {value!r}")
    return float(value)


def seed(value: Any) -> Any:
    """An integer of 64 bits, or ``"fresh"``."""
    if value is None or value == "fresh":
        return value
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError(f'a whole number of 64 bits or "fresh" expected, got {value!r}')
    return value


# Lists


def items(value: Any, what: str) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"a list of {what} expected, got {value!r}")
    return tuple(sorted(value)) if isinstance(value, set | frozenset) else tuple(value)


def checked(names: Iterable[str], known: list[str], complaint: str) -> None:
    """Raise Problems for names that are not known."""
    wrong: list[tuple[KeyPath, str]] = [
        ((Item(name),), f'{complaint} "{name}"{nearest(name, known)}') for name in names if name not in known
    ]
    if wrong:
        raise Problems(wrong)


def lua_names(value: Any) -> tuple[str, ...]:
    """Names of Lua functions and libraries."""
    names = items(value, "Lua names")
    checked(names, known_names(), "no Lua library or function is named")
    return names


def parts(known: tuple[str, ...], library: str) -> Callable[[Any], Any]:
    """Names of functions of one library, without the library's."""

    def read(value: Any) -> tuple[str, ...] | None:
        if value is None:
            return None
        names = tuple(name.removeprefix(f"{library}.") for name in items(value, f"functions of {library}"))
        checked(names, list(known), f"the library {library} has no function")
        return names

    return read


def programs(value: Any) -> tuple[str, ...] | None:
    """Names of programs."""
    if value is None:
        return None
    names = items(value, "names of programs")
    for name in names:
        if not name or "/" in name or "\0" in name:
            raise ValueError(f'"{name}" cannot be the name of a program{nearest(name.rpartition("/")[2], names)}')
    return names


def globs(value: Any) -> tuple[str, ...]:
    """Names, or patterns with ``*``, ``?`` and ``[...]``."""
    patterns = items(value, "names or patterns")
    for pattern in patterns:
        if not pattern:
            raise ValueError("an empty pattern matches nothing")
        rest = re.sub(r"\[!?\]?[^]]*\]", "", pattern)
        if "[" in rest:
            literal = pattern.replace("[", "[[]")
            raise ValueError(f'the pattern "{pattern}" has a [ without its ], did you mean "{literal}"?')
    return patterns


def globs_or_none(value: Any) -> tuple[str, ...] | None:
    """The same, or nothing at all."""
    return None if value is None else globs(value)


# Paths of the room


def directory(value: Any) -> str:
    """An absolute path of the room."""
    path = text(value)
    if path[:1] != "/" or "\0" in path or ".." in path.split("/"):
        near = "/" + "/".join(step for step in path.replace("\0", "").split("/") if step not in ("", ".", ".."))
        raise ValueError(f'an absolute path of the room expected, got {value!r}, did you mean "{near}"?')
    return "/" + "/".join(step for step in path.split("/") if step not in ("", "."))


def directories(value: Any) -> tuple[str, ...]:
    """Absolute paths of the room."""
    return tuple(map(directory, items(value, "paths")))


# Tables


def table(value: Any, what: str) -> dict[str, Any]:
    """A table with text keys."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"a table of {what} expected, got {value!r}")
    return dict(value)


def verdicts(value: Any) -> dict[str, Any]:
    """``"refuse"``, ``"virtual"`` or ``"host"`` by Lua name."""
    found = flattened(table(value, 'Lua names and "refuse", "virtual" or "host"'))
    known, read = known_names(), choice("refuse", "virtual", "host")
    problems: list[tuple[KeyPath, str]] = []
    for name, verdict in found.items():
        if name not in known:
            problems.append(((name,), f'no Lua library or function is named "{name}"{nearest(name, known)}'))
            continue
        try:
            read(verdict)
        except ValueError as error:
            problems.append(((name,), str(error)))
            continue
        if verdict == "host" and name not in HOST_ABLE:
            problems.append(((name,), no_host(name)))
    if problems:
        raise Problems(problems)
    return found


def no_host(name: str) -> str:
    """Why a name cannot be "host"."""
    able = ", ".join(other for other in HOST_ABLE if other.startswith(f"{name}.")) or ", ".join(HOST_ABLE)
    if name in ("os.execute", "io.popen"):
        return '"host" would start processes of the host, which nothing here does; pass commands= in Python instead'
    if name in LIBRARIES:
        return f'"host" is for single functions only: {able}'
    return f'"host" is possible for {able} only; to let scripts reach files of the host, use [[filesystem.mounts]]'


def messages(value: Any) -> dict[str, str]:
    """Texts by Lua name."""
    found = flattened(table(value, "Lua names and texts"))
    checked(found, known_names(), "no Lua library or function is named")
    for name, message in found.items():
        if not isinstance(message, str):
            raise Problems([((name,), f"a string expected, got {message!r}")])
    return found


def flattened(value: dict[str, Any]) -> dict[str, Any]:
    """A table whose names were written without quotes, so that TOML has taken ``os.exit`` for tables in a table."""
    flat: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            flat.update((f"{name}.{last}", item) for last, item in inner.items())
        else:
            flat[name] = inner
    return flat


def variables(value: Any) -> dict[str, str]:
    """Texts by the name of an environment variable."""
    found = table(value, "variables")
    for name, content in found.items():
        if not name or "=" in name or "\0" in name:
            raise Problems([((name,), "not a name for a variable")])
        if not isinstance(content, str) or "\0" in content:
            near = f', did you mean "{content}"?' if type(content) in (int, float) else ""
            raise Problems([((name,), f"a string expected, got {content!r}{near}")])
    return found


def listed(value: Any, what: str, make: Callable[[Any], Any]) -> tuple[Any, ...]:
    """A list of tables, each made into an object."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"a list of {what} expected, got {value!r}")
    made: list[Any] = []
    problems: list[tuple[KeyPath, str]] = []
    for number, item in enumerate(value):
        try:
            made.append(make(item))
        except Problems as wrong:
            problems += wrong.below(number).items
        except (ValueError, TypeError) as error:
            problems.append(((number,), str(error)))
    if problems:
        raise Problems(problems)
    return tuple(made)


def mounts(value: Any) -> tuple[Mount, ...]:
    """Mounts: tables with ``source``, ``path`` and perhaps ``access``."""
    if isinstance(value, list | tuple) and not value:
        return ()
    from vlua.vfs.sources import Mount

    return listed(value, "mounts", lambda item: complete(Mount, item, ("source", "path")))


def rules(value: Any) -> tuple[Rule, ...]:
    """Rules: tables with ``pattern`` and lists ``allow`` and ``deny``."""
    if isinstance(value, list | tuple) and not value:
        return ()
    from vlua.vfs.rules import OPERATIONS, Pattern, Rule

    def make(item: Any) -> Rule:
        for part in ("allow", "deny") if isinstance(item, Mapping) else ():
            try:
                checked(items(item.get(part, ()), "operations"), sorted(OPERATIONS), "no operation is named")
            except Problems as problems:
                raise problems.below(part) from None
            except ValueError as error:
                raise Problems([((part,), str(error))]) from None
        if isinstance(item, Mapping) and isinstance(item.get("pattern"), str):
            try:
                Pattern(item["pattern"])
            except ValueError as error:
                raise Problems([(("pattern",), str(error))]) from None
        return complete(Rule, item, ("pattern",))  # type: ignore[no-any-return]

    return listed(value, "rules", make)


def quota(value: Any) -> Quota | None:
    """A quota: a table with ``bytes`` and ``files``, ``depth``, ``name_length``."""
    if value is None:
        return None
    from vlua.sandbox.units import parse_size
    from vlua.vfs.quota import Quota

    if isinstance(value, Mapping) and isinstance(value.get("bytes"), str):
        try:
            value = {**value, "bytes": parse_size(value["bytes"])}
        except ValueError as error:
            raise Problems([(("bytes",), str(error))]) from None
    return build(Quota, value)


def complete(kind: type, value: Any, required: tuple[str, ...]) -> Any:
    """An object from a table that must have certain keys."""
    if isinstance(value, Mapping):
        missing: list[tuple[KeyPath, str]] = [
            ((), f'the key "{name}" is missing') for name in required if name not in value
        ]
        if missing:
            raise Problems(missing)
    return build(kind, value)


# The clock


def moment(value: Any) -> float | None:
    """Seconds since 1970 UTC, from a number, a date and time, or the text of one; UTC unless it says otherwise."""
    if value is None:
        return None
    from datetime import UTC, date, datetime

    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f'cannot read the moment {value!r}, write it as "2024-12-31 23:59:59"') from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        value = (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()
    if type(value) is not int and type(value) is not float or not abs(value) < 1e15:
        raise ValueError(f"a date and time or a number of seconds since 1970 expected, got {value!r}")
    return float(value)


def zone(value: Any) -> str:
    """The name of a time zone that there is."""
    name = text(value)
    if name in ("UTC", "host"):
        return name
    offset = OFFSET.fullmatch(name)
    if offset is not None:
        if int(offset[2]) > 23 or int(offset[3]) > 59:
            raise ValueError(f"no time zone is {name!r} ahead of UTC")
        return f"{offset[1]}{offset[2]}:{offset[3]}"
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        if not ZONE_NAME.fullmatch(name):
            raise ZoneInfoNotFoundError
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = ["UTC", "host", *sorted(available_timezones())]
        hint = nearest(name, known) or ', write it as "UTC", "host", "+02:00" or "Europe/Berlin"'
        raise ValueError(f"no time zone is named {name!r}{hint}") from None
    return name
