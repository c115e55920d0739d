"""The record of everything that scripts have asked for: events, the list they are kept in, and their file format.

In: decisions of the gate and of the filesystem's rules. Out: ``AuditEvent`` objects, in memory, handed on one by one,
or as lines of JSON. A runtime without a record pays nothing for it: no function of its libraries is wrapped.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, overload

import attrs

from vlua.sandbox.gate import lua_position
from vlua.vfs.text import from_lua

__all__ = ["Audit", "AuditEvent", "audit_of", "read_events", "shortened", "write_event"]

MOST_EVENTS = 10_000  # kept in memory; what a script asks for must not cost the host more than that
LONGEST_ARGUMENT = 60  # characters of an argument that are kept
MOST_ARGUMENTS = 5
LONGEST_PATH = 4096  # characters of a path that are kept: as long as any can be that leads to a file


@attrs.frozen
class AuditEvent:
    """One decision about something that a script has asked for.

    * ``name``: what was asked for: a Lua function (``"io.open"``), or ``"filesystem.read"``, ``"filesystem.write"``
      and so on for files, ``"modules.load"`` for modules, ``"commands.run"`` for programs.
    * ``arguments``: the arguments, shortened, as text that shows their types.
    * ``path``: the absolute path in the room that it was about; for modules and programs, their name.
    * ``verdict``: ``"virtual"`` or ``"host"`` when it was allowed, ``"refuse"`` when it was not.
    * ``rule``: the key of the policy that decided, with its place (``"mods.toml:20 sandbox.mode"``); "" if none did.
    * ``time``: when, in seconds since 1970 UTC by the host's clock.
    * ``position``: the line of Lua (``"main.lua:12"``), "" when it was the host.
    """

    name: str
    arguments: tuple[str, ...] = ()
    path: str | None = None
    verdict: str = "virtual"
    rule: str = ""
    time: float = 0.0
    position: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it was allowed."""
        return self.verdict != "refuse"


class Audit:
    """A list of events, the oldest first; when it is full the oldest ones make room, and ``dropped`` counts them.

    ``sink`` is called with each event; when it raises, ``error`` keeps the exception and nothing more is handed on.
    ``limit`` is how many events are kept, 0 for none: then only the sink sees them.
    """

    def __init__(self, sink: Callable[[AuditEvent], object] | None = None, limit: int = MOST_EVENTS) -> None:
        self._events: deque[AuditEvent] = deque(maxlen=limit)
        self._sink = sink
        self.dropped = 0
        self.error: Exception | None = None

    def __repr__(self) -> str:
        return f"<Audit of {len(self._events) + self.dropped} events>"

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[AuditEvent]:
        return iter(list(self._events))

    @overload
    def __getitem__(self, index: int) -> AuditEvent: ...

    @overload
    def __getitem__(self, index: slice) -> list[AuditEvent]: ...

    def __getitem__(self, index: int | slice) -> AuditEvent | list[AuditEvent]:
        return list(self._events)[index]

    @property
    def refused(self) -> list[AuditEvent]:
        """The events that were refused."""
        return [event for event in self._events if not event.allowed]

    def clear(self) -> None:
        """Forget all events."""
        self._events.clear()
        self.dropped = 0

    def record(self, event: AuditEvent) -> None:
        """Add an event."""
        if len(self._events) == self._events.maxlen:
            self.dropped += 1
        self._events.append(event)
        if self._sink is not None and self.error is None:
            try:
                self._sink(event)
            except Exception as error:
                self.error = error

    def note(
        self, name: str, args: Iterable[Any] = (), path: str | None = None, verdict: str = "virtual", rule: str = ""
    ) -> None:
        """Add what is happening now, at the line of Lua that is running."""
        arguments = tuple(shortened(value) for value, _ in zip(args, range(MOST_ARGUMENTS)))
        shown = None if path is None else path[:LONGEST_PATH]
        self.record(AuditEvent(name, arguments, shown, verdict, rule, time.time(), lua_position()))


def audit_of(wanted: Audit | Callable[[AuditEvent], object] | bool | None) -> Audit | None:
    """The record that a host asks for: one of its own, ``True`` for a new one, a function to be called with events.

    Raises TypeError for anything else.
    """
    if wanted is None or wanted is False:
        return None
    if wanted is True:
        return Audit()
    if isinstance(wanted, Audit):
        return wanted
    if callable(wanted):
        return Audit(wanted, limit=0)
    raise TypeError(f"audit must be True, an Audit or a function, not {type(wanted).__name__}")


def shortened(value: Any) -> str:
    """A Lua value as short text that shows its type."""
    if isinstance(value, str):
        text = from_lua(value[: LONGEST_ARGUMENT + 1])
        text = text if len(text) <= LONGEST_ARGUMENT else text[: LONGEST_ARGUMENT - 1] + "…"
        return json.dumps(text, ensure_ascii=False)
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return {"LuaTable": "table", "function": "function", "Coroutine": "thread"}.get(type(value).__name__, "userdata")


def write_event(event: AuditEvent) -> str:
    """An event as a line of JSON, without a line end."""
    return json.dumps(attrs.asdict(event))


def read_events(lines: Iterable[str]) -> Iterator[AuditEvent]:
    """The events in lines of JSON. Raises ValueError, with the line's number, for one that is none."""
    kinds = {"name": str, "verdict": str, "rule": str, "position": str, "time": (int, float), "path": (str, type(None))}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            fields = {name: data[name] for name in kinds}
            arguments = data.get("arguments", [])
            if not all(isinstance(fields[name], kind) for name, kind in kinds.items()):  # type: ignore[arg-type]
                raise TypeError
            yield AuditEvent(arguments=tuple(map(str, arguments)), **fields)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError(f"line {number} is no event of a record") from None
