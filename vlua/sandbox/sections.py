"""The sections of a policy: one frozen class for each table of the file.

In: values as TOML or Python give them. Out: checked values; whatever is wrong is a ``PolicyError`` that names the key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import attrs

from vlua.sandbox import readers
from vlua.sandbox.names import DEBUG_PARTS
from vlua.sandbox.structure import Item, KeyPath, Problems, key

if TYPE_CHECKING:
    from vlua.vfs.clock import Clock as RoomClock
    from vlua.vfs.quota import Quota
    from vlua.vfs.rules import Rule
    from vlua.vfs.sources import Mount

__all__ = [
    "Clock",
    "Commands",
    "Debug",
    "Environment",
    "Filesystem",
    "Load",
    "Mode",
    "Modules",
    "Output",
    "Random",
    "Sandbox",
    "Verdict",
    "default_mode",
]

Mode = Literal["refuse", "virtual"]
Verdict = Literal["refuse", "virtual", "host"]

MODE_VARIABLE = "VLUA_MODE"


def default_mode() -> Mode:
    """The mode where none is given: what the environment variable ``VLUA_MODE`` says, else ``"virtual"``."""
    value = os.environ.get(MODE_VARIABLE)
    if not value:
        return "virtual"
    if value not in ("refuse", "virtual"):
        raise Problems([((), f'{MODE_VARIABLE}: "refuse" or "virtual" expected, got {value!r}')])
    return value  # type: ignore[return-value]


def exclusive(allow: tuple[str, ...] | None, deny: tuple[str, ...], what: str) -> None:
    """Raise Problems for a name that is on both lists."""
    twice: list[tuple[KeyPath, str]] = [
        (("deny", Item(name)), f'{what} "{name}" is allowed as well, take it off one of the lists')
        for name in deny
        if name in (allow or ())
    ]
    if twice:
        raise Problems(twice)


@attrs.frozen
class Sandbox:
    """Which Lua functions work (``[sandbox]``).

    * ``mode``: ``"virtual"`` lets every library work on the runtime's own room, ``"refuse"`` makes the functions that
      reach outside of the language raise an error. By default what the environment variable ``VLUA_MODE`` says.
    * ``deny``, ``allow``: names of functions (``"os.execute"``) or whole libraries (``"io"``) that are refused, or
      work, whatever the mode. The more exact name wins.
    * ``names``: the same by name: ``"refuse"``, ``"virtual"``, or ``"host"`` for the few functions that can be given
      the host's own (``os.getenv``, ``os.time``, ``os.date``, ``os.clock``, ``io.stdin``).
    * ``messages``: what a refusal says besides that it is one, by function or library.
    """

    mode: Mode = key(readers.choice("refuse", "virtual"), factory=default_mode)
    deny: tuple[str, ...] = key(readers.lua_names, default=())
    allow: tuple[str, ...] = key(readers.lua_names, default=())
    names: dict[str, Verdict] = key(readers.verdicts, factory=dict)
    messages: dict[str, str] = key(readers.messages, factory=dict)

    def __attrs_post_init__(self) -> None:
        exclusive(self.allow, self.deny, "the name")
        problems: list[tuple[KeyPath, str]] = []
        for name, verdict in self.names.items():
            for listed, meaning in ((self.deny, "denied"), (self.allow, "allowed")):
                if name in listed and (verdict == "refuse") != (meaning == "denied"):
                    problems.append((("names", name), f'"{verdict}", but the same name is {meaning} by a list'))
        if problems:
            raise Problems(problems)


@attrs.frozen
class Filesystem:
    """The files that scripts see (``[filesystem]``).

    * ``mounts``: host directories, archives or filesystem URLs (``source``) that appear at a ``path``, with ``access``
      ``"read-only"``, ``"read-write"`` or ``"overlay"`` (what is written stays in memory).
    * ``rules``: what may be done with the paths that match a ``pattern``: lists ``allow`` and ``deny`` of ``"read"``,
      ``"write"``, ``"create"``, ``"delete"``, ``"list"``. The last rule that speaks of a path decides.
    * ``quota``: how much may be stored: ``bytes``, ``files``, ``depth``, ``name_length``.
    * ``working_directory``: where relative paths start.
    """

    mounts: tuple[Mount, ...] = key(readers.mounts, default=())
    rules: tuple[Rule, ...] = key(readers.rules, default=())
    quota: Quota | None = key(readers.quota, default=None)
    working_directory: str = key(readers.directory, default="/")


@attrs.frozen
class Environment:
    """The variables that ``os.getenv`` knows (``[environment]``).

    ``variables`` are given by name; ``inherit`` lists those of the host's that are passed on, as names or patterns
    (``"LC_*"``). A variable given by name wins.
    """

    variables: dict[str, str] = key(readers.variables, factory=dict)
    inherit: tuple[str, ...] = key(readers.globs, default=())

    def values(self) -> dict[str, str]:
        """The variables of a new runtime."""
        from fnmatch import fnmatchcase

        inherited = {
            name: value
            for name, value in (os.environ.items() if self.inherit else ())
            if any(fnmatchcase(name, pattern) for pattern in self.inherit)
        }
        return {**inherited, **self.variables}


@attrs.frozen
class Commands:
    """The programs that ``os.execute`` and ``io.popen`` can run (``[commands]``): those of the room and of the host.

    ``allow`` lists the only ones there are, without it all; ``deny`` lists those that there are not.
    """

    allow: tuple[str, ...] | None = key(readers.programs, default=None)
    deny: tuple[str, ...] = key(readers.programs, default=())

    def __attrs_post_init__(self) -> None:
        exclusive(self.allow, self.deny, "the program")

    def allows(self, name: str) -> bool:
        """Whether the program of that name can be run."""
        return name not in self.deny and (self.allow is None or name in self.allow)


@attrs.frozen
class Modules:
    """What ``require`` finds (``[modules]``).

    * ``roots``: directories of the room that are searched, instead of the usual ones.
    * ``allow``, ``deny``: names or patterns (``"game.*"``) of modules. Denied is what ``deny`` matches and, if
      ``allow`` is given, what it does not match. Libraries of the language are always found.
    * ``share``: whether the program ``lua`` of the room finds the host's modules too.
    """

    roots: tuple[str, ...] = key(readers.directories, default=())
    allow: tuple[str, ...] | None = key(readers.globs_or_none, default=None)
    deny: tuple[str, ...] = key(readers.globs, default=())
    share: bool = key(readers.boolean, default=False)

    def __attrs_post_init__(self) -> None:
        exclusive(self.allow, self.deny, "the module")

    def decision(self, name: str) -> tuple[bool, str, str]:
        """Whether a module may be loaded, and the list and the pattern that decide ("" when none does)."""
        from fnmatch import fnmatchcase

        for pattern in self.deny:
            if fnmatchcase(name, pattern):
                return False, "deny", pattern
        if self.allow is None:
            return True, "", ""
        for pattern in self.allow:
            if fnmatchcase(name, pattern):
                return True, "allow", pattern
        return False, "allow", ""


@attrs.frozen
class Clock:
    """What ``os.time``, ``os.date`` and ``os.clock`` read (``[clock]``).

    * ``kind``: ``"real"`` is the host's clock; ``"frozen"`` stands still; ``"ticking"`` goes on by ``step`` seconds
      each time it is read, and not otherwise; ``"scaled"`` runs ``scale`` times as fast as the host's.
    * ``start``: the first moment that a clock which is not real shows, in seconds since 1970 UTC; may be given as a
      date and time. By default the beginning of the year 2000, for a scaled clock the present.
    * ``zone``: the local time zone: ``"UTC"``, ``"host"``, an offset (``"+02:00"``) or a name (``"Europe/Berlin"``).

    The limits of time are measured by another clock, always.
    """

    kind: Literal["real", "frozen", "ticking", "scaled"] = key(
        readers.choice("real", "frozen", "ticking", "scaled"), default="real"
    )
    start: float | None = key(readers.moment, default=None)
    step: float | None = key(readers.duration, default=None)
    scale: float | None = key(readers.factor, default=None)
    zone: str = key(readers.zone, default="UTC")

    def __attrs_post_init__(self) -> None:
        needless: list[tuple[KeyPath, str]] = [
            ((name,), f'has no meaning for a clock of kind "{self.kind}", only for {kinds}')
            for name, kinds in (
                ("start", '"frozen", "ticking" and "scaled"' if self.kind == "real" else ""),
                ("step", '"ticking"' if self.kind != "ticking" else ""),
                ("scale", '"scaled"' if self.kind != "scaled" else ""),
            )
            if kinds and getattr(self, name) is not None
        ]
        if needless:
            raise Problems(needless)

    def make(self) -> RoomClock:
        """A new clock for a room."""
        from vlua.vfs.clock import Clock as RoomClock
        from vlua.vfs.clock import zone_of

        zone = zone_of(self.zone)
        if self.kind == "frozen":
            return RoomClock.frozen(self.start, zone)
        if self.kind == "ticking":
            return RoomClock.ticking(self.start, self.step, zone)
        if self.kind == "scaled":
            return RoomClock.scaled(self.scale, self.start, zone)
        return RoomClock(zone=zone)


@attrs.frozen
class Random:
    """Where ``math.random`` starts (``[random]``): at a ``seed``, ``"fresh"`` for another each time.

    Without one it starts where Lua starts, which is the same each time.
    """

    seed: int | Literal["fresh"] | None = key(readers.seed, default=None)

    def value(self) -> int | None:
        """The seed of a new state, ``None`` to leave its generator alone."""
        return int.from_bytes(os.urandom(4), "little") if self.seed == "fresh" else self.seed


@attrs.frozen
class Output:
    """Where output goes (``[output]``).

    ``stdout`` is ``"pass"`` (to the stream that the host has given) or ``"discard"``; ``stderr`` may also go to
    ``"stdout"``. How much there may be of it is for ``[limits]`` to say.
    """

    stdout: Literal["pass", "discard"] = key(readers.choice("pass", "discard"), default="pass")
    stderr: Literal["pass", "discard", "stdout"] = key(readers.choice("pass", "discard", "stdout"), default="pass")


@attrs.frozen
class Debug:
    """Which functions of the library ``debug`` work (``[debug]``), by their names in it: ``"traceback"``.

    ``allow`` lists the only ones, without it all; ``deny`` lists those that are refused. What ``[sandbox]`` says about
    a function by its full name wins.
    """

    allow: tuple[str, ...] | None = key(readers.parts(DEBUG_PARTS, "debug"), default=None)
    deny: tuple[str, ...] = key(readers.parts(DEBUG_PARTS, "debug"), default=())

    def __attrs_post_init__(self) -> None:
        exclusive(self.allow, self.deny, "the function")


@attrs.frozen
class Load:
    """What ``load`` and its like accept (``[load]``): text always, chunks of ``string.dump`` only with ``binary``."""

    binary: bool = key(readers.boolean, default=True)
