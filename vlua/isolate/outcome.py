"""What a runtime leaves behind, as plain data: results, errors, changed files, figures.

In: a runtime and its results or its exception. Out: what the wire format can carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from vlua.errors import LimitExceeded, LuaError, LuaExit, LuaSyntaxError
from vlua.isolate.rlimits import peak_memory
from vlua.isolate.wire import MAX_DEPTH
from vlua.proxy import LuaTable

if TYPE_CHECKING:
    from vlua.runtime import LuaRuntime

__all__ = ["Unsendable", "changed_files", "error_fields", "figures", "plain"]


class Unsendable(ValueError):
    """A result that is no plain data."""


def plain(value: Any, inside: tuple[Any, ...] = ()) -> Any:
    """A result as plain data: sequences become lists, other tables dicts, an empty one an empty dict.

    Raises Unsendable for functions, coroutines and userdata, tables that contain themselves, nesting beyond the wire's.
    """
    if value is None or type(value) in (bool, int, float, str, bytes):
        return value
    if not isinstance(value, LuaTable):
        raise Unsendable(f"a {type(value).__name__} cannot leave its runtime: only plain data can")
    if value in inside:
        raise Unsendable("a table that contains itself cannot leave its runtime")
    if len(inside) >= MAX_DEPTH - 2:
        raise Unsendable(f"tables more than {MAX_DEPTH - 2} deep cannot leave their runtime")
    inside = (*inside, value)
    items = list(value.items())
    by_key = {}
    for key, item in items:
        if isinstance(key, LuaTable) or type(key) not in (bool, int, float, str, bytes):
            raise Unsendable("a table with keys other than booleans, numbers and strings cannot leave its runtime")
        by_key[key] = plain(item, inside)
    if len(by_key) != len(items):
        raise Unsendable("a table with both true and 1, or false and 0, as keys cannot leave its runtime")
    if items and all(type(key) is int for key in by_key) and min(by_key) == 1 and max(by_key) == len(by_key):
        return [by_key[index] for index in range(1, len(by_key) + 1)]
    return by_key


def error_fields(error: BaseException) -> dict[str, Any]:
    """The fields of the ``JobError`` for an exception that left a runtime or kept one from being made."""
    if isinstance(error, LimitExceeded):
        return {"kind": "limit", "message": str(error), "limit": error.limit, "allowed": float(error.allowed)}
    if isinstance(error, LuaExit):
        return {"kind": "exit", "message": str(error), "status": error.status}
    if isinstance(error, LuaError):
        kind = "syntax" if isinstance(error, LuaSyntaxError) else "error"
        return {"kind": kind, "message": str(error), "traceback": error.traceback}
    if isinstance(error, MemoryError):
        return {"kind": "memory", "message": "the worker ran out of memory"}
    if isinstance(error, ValueError | TypeError | OSError):
        return {"kind": "refused", "message": str(error) or type(error).__name__}
    return {"kind": "crash", "message": f"internal error: {type(error).__name__}: {error}"}


def figures(lua: LuaRuntime) -> dict[str, int | float]:
    """What the runtime and this process have used."""
    usage: Any = getattr(lua, "usage", None)
    found = attrs.asdict(usage) if attrs.has(type(usage)) else {"instructions": lua.instructions}
    found["peak_process_bytes"] = peak_memory()
    return {name: value for name, value in found.items() if type(value) in (int, float)}


def changed_files(lua: LuaRuntime) -> dict[str, bytes | None]:
    """The files of the room that are not as they were given, with their content; ``None`` for those that are gone."""
    changes = lua.changes()
    found: dict[str, bytes | None] = {}
    for change in (*changes.removed, *changes.renamed):
        if change.kind == "file":
            found[change.old_path or change.path] = None
    for change in (*changes.added, *changes.changed, *changes.renamed):
        if change.kind == "file":
            found[change.path] = change.after
    return found
