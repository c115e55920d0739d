"""A runtime with tight limits, for attacks that end by themselves or are stopped.

In: Lua source. Out: what it returns. Whatever leaves the runtime other than a Lua error or a limit fails the test.
"""

from __future__ import annotations

import io
from typing import Any

from vlua import LimitExceeded, Limits, LuaError, LuaRuntime, Policy

__all__ = ["ALLOWED", "outcome", "runtime"]

# What may come out of a runtime, and nothing else.
ALLOWED = (LuaError, LimitExceeded)


def runtime(*, instructions: int | None = 5_000_000, wall_time: float | None = 20, **options: Any) -> LuaRuntime:
    """A virtual machine room whose script is stopped before the test is."""
    options.setdefault("stdout", io.BytesIO())
    options.setdefault("stderr", io.BytesIO())
    return LuaRuntime(Policy(limits=Limits(instructions=instructions, wall_time=wall_time)), **options)


def outcome(source: str, *args: Any, **options: Any) -> Any:
    """The results of a chunk, or the error or limit that ended it."""
    try:
        return runtime(**options).execute(source, *args)
    except ALLOWED as error:
        return error
