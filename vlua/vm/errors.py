"""The exceptions of the machine: what a script may catch, and what it may not.

In: a Lua error value, or the reason for an end that no script can stop.
Out: exceptions that travel through the Python frames of compiled Lua code.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ExitRequest", "LimitReached", "LuaError", "LuaSyntaxError"]


class LuaError(Exception):
    """A Lua error on its way to ``pcall`` or to the host (manual §2.3).

    ``value`` is the error value, any Lua value; ``traceback`` is the Lua stack as
    text (``debug.traceback`` format), filled in when the error leaves the runtime.
    """

    def __init__(self, value: Any, traceback: str | None = None) -> None:
        super().__init__(value)
        self.value = value
        self.traceback = traceback

    def __str__(self) -> str:
        value = self.value
        if isinstance(value, str):
            return value
        if type(value) is int or type(value) is float:
            return str(value)
        message = getattr(self, "message", None)
        return message if message is not None else f"(error object is a {type(value).__name__} value)"


class LuaSyntaxError(LuaError):
    """Source text that is not Lua; ``value`` is PUC's message (manual §3)."""


class LimitReached(BaseException):
    """A limit of the policy was reached: travels past every ``pcall`` to the runtime's entry.

    ``limit`` names the limit (``"instructions"``, ``"wall_time"``, …), ``allowed`` is its figure.
    """

    def __init__(self, limit: str, allowed: float) -> None:
        super().__init__(f"limit exceeded: {limit} (allowed: {allowed:g})")
        self.limit = limit
        self.allowed = allowed


class ExitRequest(BaseException):
    """``os.exit`` was called: travels to the runtime's entry (manual §6.9).

    ``status`` is the exit status; ``closing`` tells that the state is to be closed first, finalizers and all.
    """

    def __init__(self, status: int, closing: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.closing = closing
