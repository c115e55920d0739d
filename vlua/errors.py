"""The exceptions that leave a runtime: everything a host has to catch.

In: what the machine raised. Out: ``LuaError``, ``LuaSyntaxError``, ``LimitExceeded`` or ``LuaExit``.
"""

from __future__ import annotations

from vlua.vm.errors import LuaError, LuaSyntaxError

__all__ = ["LimitExceeded", "LuaError", "LuaExit", "LuaSyntaxError"]


class LimitExceeded(Exception):
    """A script reached a limit of its policy and was stopped.

    ``limit`` names the limit as the policy does (``"instructions"``, ``"wall_time"``), ``allowed`` is its figure.
    """

    def __init__(self, limit: str, allowed: float) -> None:
        text = f"limit exceeded: {limit} (allowed: {allowed:g})" if limit != "cancelled" else "the script was cancelled"
        super().__init__(text)
        self.limit = limit
        self.allowed = allowed


class LuaExit(Exception):
    """A script called ``os.exit`` (manual §6.9); ``status`` is the exit status it asked for, 0 to 255."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the script exited with status {status}")
        self.status = status
