"""What a worker answers, looked at by a parent that believes nothing.

In: a plain value off the wire. Out: the fields of a ``Result``, or ``WireError``.
"""

from __future__ import annotations

from typing import Any, get_args

import attrs

from vlua.isolate.job import ErrorKind, JobError
from vlua.isolate.wire import WireError

__all__ = ["checked_answer"]

# What a worker may say went wrong; the rest is for its parent to see.
_KINDS = frozenset(get_args(ErrorKind)) - {"deadline", "protocol"}
_ERROR_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "message": (str,),
    "traceback": (str, type(None)),
    "limit": (str, type(None)),
    "allowed": (float, int, type(None)),
    "status": (int, type(None)),
}


def checked_answer(answer: Any) -> dict[str, Any]:
    """``values``, ``changes``, ``usage`` and ``error`` of a result. Raises WireError for anything else."""
    if type(answer) is not dict or set(answer) != {"values", "changes", "usage", "error"}:
        raise WireError("an answer without the fields of one")
    return {
        "values": tuple(_checked(answer["values"], list, "values")),
        "changes": _changes(_checked(answer["changes"], dict, "changes")),
        "usage": _usage(_checked(answer["usage"], dict, "usage")),
        "error": _error(answer["error"]),
    }


def _checked(value: Any, kind: type, name: str) -> Any:
    if type(value) is not kind:
        raise WireError(f"{name} of type {type(value).__name__}")
    return value


def _changes(changes: dict[Any, Any]) -> dict[str, bytes | None]:
    for path, data in changes.items():
        if type(path) is not str or not _is_plain_path(path):
            raise WireError(f"a file with the path {path!r:.200}")
        if data is not None and type(data) is not bytes:
            raise WireError(f"a file of type {type(data).__name__}")
    return changes


def _is_plain_path(path: str) -> bool:
    """Whether a path can only mean a place below the root: a host may well write it somewhere."""
    parts = path.split("/")
    return parts[0] == "" and len(parts) > 1 and "\0" not in path and not {"", ".", ".."} & set(parts[1:])


def _usage(usage: dict[Any, Any]) -> dict[str, int | float]:
    for name, figure in usage.items():
        if type(name) is not str or type(figure) not in (int, float):
            raise WireError("usage that is no figures by name")
    return usage


def _error(fields: Any) -> JobError | None:
    if fields is None:
        return None
    if type(fields) is not dict or not {"kind", "message"} <= set(fields) <= set(_ERROR_TYPES):
        raise WireError("an error without the fields of one")
    for name, value in fields.items():
        if type(value) not in _ERROR_TYPES[name]:
            raise WireError(f"an error whose {name} is of type {type(value).__name__}")
    if fields["kind"] not in _KINDS:
        raise WireError(f"an error of the kind {fields['kind']!r:.200}")
    status = fields.get("status")
    if status is not None and not 0 <= status <= 255:
        raise WireError(f"the exit status {status}")
    return JobError(**fields)


assert set(_ERROR_TYPES) == {field.name for field in attrs.fields(JobError)}
