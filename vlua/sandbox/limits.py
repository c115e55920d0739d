"""How much a script may use.

In: figures as a policy gives them. Out: frozen ``Limits``, checked, in bytes, seconds and whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs

from vlua.sandbox.units import parse_duration, parse_size

__all__ = ["Limits", "PolicyError"]

OnLimit = Literal["stop", "error"]


class PolicyError(ValueError):
    """A policy that cannot be used: no such preset or file, not TOML, an unknown key or name, a wrong value."""


def _whole(value: Any, field: attrs.Attribute[Any]) -> Any:
    if value is None:
        return None
    if type(value) is not int:
        raise PolicyError(f"{field.name}: a whole number expected, got {value!r}")
    return _positive(value, value, field)


def _read(parse: Callable[[Any], Any]) -> Callable[[Any, attrs.Attribute[Any]], Any]:
    def convert(value: Any, field: attrs.Attribute[Any]) -> Any:
        if value is None:
            return None
        try:
            figure = parse(value)
        except ValueError as error:
            raise PolicyError(f"{field.name}: {error}") from None
        return _positive(figure, value, field)

    return convert


def _positive(figure: Any, value: Any, field: attrs.Attribute[Any]) -> Any:
    if not 0 < figure < float("inf"):
        raise PolicyError(f"{field.name}: must be greater than 0 and finite, got {value!r}")
    return figure


def _known(_: Any, field: attrs.Attribute[Any], value: Any) -> None:
    if value not in ("stop", "error"):
        raise PolicyError(f'{field.name}: "stop" or "error" expected, got {value!r}')


def _field(convert: Callable[[Any, attrs.Attribute[Any]], Any]) -> Any:
    return attrs.field(default=None, converter=attrs.Converter(convert, takes_field=True))


_size, _duration = _read(parse_size), _read(parse_duration)


@attrs.frozen
class Limits:
    """How much a script may use; ``None`` means no limit. Reaching one ends the script, whatever it catches.

    Over the runtime's whole life:

    * ``instructions``: calls and loop rounds, and what library functions charge for long work.
    * ``output``: bytes written to standard output and standard error.

    For each call from the host anew:

    * ``wall_time``: real time, in seconds.
    * ``cpu_time``: time that the host's thread has computed, in seconds.

    At any moment:

    * ``memory``: bytes that the script's values take; see ``vlua.sandbox.memory`` for how exactly.
    * ``call_depth``: Lua functions running inside one another, those of the coroutines that wait included.
    * ``nesting``: calls inside one another that go through library functions or metamethods; 200 at most.
    * ``string_bytes``: the length of a string.
    * ``table_entries``: the entries of a table.
    * ``coroutines``: coroutines that have begun and not ended.
    * ``pattern_steps``: steps of one match of a pattern.
    * ``open_files``: files open at once, pipes included, the standard streams left out.
    * ``file_bytes``, ``files``: bytes and number of files that the script has added to its filesystem.

    ``on_limit`` is ``"stop"``, or ``"error"`` to make the instruction limit a Lua error that a script can catch; as
    no instructions are left then, catching it gets a script no further than to its end.

    Sizes and durations may be text: ``"64 MiB"``, ``"500 ms"``. Raises PolicyError for anything that is no positive
    figure.
    """

    instructions: int | None = _field(_whole)
    wall_time: float | None = _field(_duration)
    cpu_time: float | None = _field(_duration)
    memory: int | None = _field(_size)
    call_depth: int | None = _field(_whole)
    nesting: int | None = _field(_whole)
    string_bytes: int | None = _field(_size)
    table_entries: int | None = _field(_whole)
    coroutines: int | None = _field(_whole)
    pattern_steps: int | None = _field(_whole)
    output: int | None = _field(_size)
    open_files: int | None = _field(_whole)
    file_bytes: int | None = _field(_size)
    files: int | None = _field(_whole)
    on_limit: OnLimit = attrs.field(default="stop", validator=_known)
