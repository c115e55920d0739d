"""Values that belong to the host and are opaque to Lua (manual §2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlua.vm.table import LuaTable

__all__ = ["Userdata"]


class Userdata:
    """A full userdata: nothing of it is reachable from Lua except through ``meta``, its metatable."""

    __slots__ = ("__weakref__", "meta", "user_value")

    def __init__(self, meta: LuaTable | None = None) -> None:
        self.meta = meta
        # What ``debug.setuservalue`` has given it.
        self.user_value: Any = None

    def __call__(self, *args: Any) -> Any:
        """``u(...)`` in compiled code: the ``__call`` metamethod (manual §2.4)."""
        from vlua.vm.call import call_table

        return call_table(self, args)
