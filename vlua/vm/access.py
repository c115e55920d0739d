"""Reading and writing fields: the complete path behind the guards of compiled code (manual §2.4)."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from vlua.vm.call import finish, first
from vlua.vm.errors import LuaError
from vlua.vm.frames import operand_error, run_error, type_name
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["NO_FIELDS", "bind_access"]

# What a value that is no table shows to the fast path of field reads: nothing, so that ``index`` decides.
NO_FIELDS: dict[Any, Any] = {}

# Links of a chain of __index or __newindex tables, as PUC's MAXTAGLOOP.
MAX_CHAIN = 2000
# Items of a constructor that go into a table without a charge; bytes that one takes there.
UNCHARGED_ITEMS = 200
ITEM_BYTES = 32
# The number of an operand that no operation has.
NAMELESS = 99


def index_error(value: Any, link: int) -> LuaError:
    """``attempt to index a … value``; only the first link of a chain has a name in the source."""
    return operand_error(f"attempt to index a {type_name(value)} value", 0 if link == 0 else NAMELESS)


def bind_access(state: State) -> dict[str, Callable[..., Any]]:
    """``index``, ``setindex``, and the making of tables, for one state."""
    type_metatables = state.type_metatables
    max_entries, check_entries = state.max_entries, state.check_entries

    def index(value: Any, key: Any) -> Any:
        if type(value) is str:
            meta = type_metatables.get(str)
            handler = meta.hash.get("__index") if meta is not None else None
            if type(handler) is LuaTable:
                found = handler.hash.get(key) if type(key) is not bool else None
                if found is not None:
                    return found
        elif type(value) is not LuaTable and isinstance(value, Userdata) and value.meta is not None:
            # methods of file handles: as short a way as for strings
            handler = value.meta.hash.get("__index")
            if type(handler) is LuaTable and type(key) is str:
                found = handler.hash.get(key)
                if found is not None:
                    return found
        for link in range(MAX_CHAIN):
            if type(value) is LuaTable:
                found = value.hash.get(key) if type(key) is not bool else value.get(key)
                if found is not None:
                    return found
                meta = value.meta
                if meta is None:
                    return None
                handler = meta.hash.get("__index")
                if handler is None:
                    return None
            else:
                meta = state.getmetatable(value) if type(value) is not str else type_metatables.get(str)
                handler = meta.hash.get("__index") if meta is not None else None
                if handler is None:
                    raise index_error(value, link)
            if type(handler) is FunctionType:
                return first(handler(value, key))
            value = handler
        raise run_error("'__index' chain too long; possible loop")

    def setindex(value: Any, key: Any, item: Any) -> None:
        for link in range(MAX_CHAIN):
            if type(value) is LuaTable:
                meta = value.meta
                handler = meta.hash.get("__newindex") if meta is not None else None
                if handler is None or value.get(key) is not None:
                    kind = type(key)
                    if kind is float or kind is bool or key is None:
                        if key is None:
                            raise run_error("table index is nil")
                        if key != key:
                            raise run_error("table index is NaN")
                        value.set(key, item)
                    elif item is None:
                        value.hash.pop(key, None)
                        return
                    else:
                        value.hash[key] = item
                    if len(value.hash) > max_entries:
                        check_entries(value.hash)
                    return
            else:
                handler = state.metamethod(value, "__newindex")
                if handler is None:
                    raise index_error(value, link)
            if type(handler) is FunctionType:
                finish(handler(value, key, item))
                return
            value = handler
        raise run_error("'__newindex' chain too long; possible loop")

    def table_of(hash: dict[Any, Any]) -> LuaTable:
        """A table of encoded keys, some values of which may be nil."""
        if None in hash.values():
            hash = {key: value for key, value in hash.items() if value is not None}
        if len(hash) > max_entries:
            check_entries(hash)
        return LuaTable(hash)

    def keyed(key: Any, item: Any) -> Any:
        """The value of a field in a constructor, once its key is known to be one."""
        if key is None:
            raise run_error("table index is nil")
        if key != key:
            raise run_error("table index is NaN")
        return item

    def table_with(keyed: tuple[Any, ...], listed: tuple[Any, ...]) -> LuaTable:
        """A table of any keys (``keyed`` alternates keys and values), then of positions 1, 2, … (``listed``)."""
        table = LuaTable()
        if len(listed) > UNCHARGED_ITEMS:
            state.charge_list(len(listed) * ITEM_BYTES)
        for position in range(0, len(keyed), 2):
            table.set(keyed[position], keyed[position + 1])
        hash = table.hash
        for position, value in enumerate(listed, 1):
            if value is not None:
                hash[position] = value
            elif position in hash:
                del hash[position]
        check_entries(hash)
        return table

    def table_listed(items: tuple[Any, ...]) -> LuaTable:
        """A table of positions 1, 2, …"""
        if len(items) > UNCHARGED_ITEMS:
            state.charge_list(len(items) * ITEM_BYTES)
        return table_of(dict(enumerate(items, 1)))

    return {
        "index": index,
        "setindex": setindex,
        "table_of": table_of,
        "keyed": keyed,
        "table_with": table_with,
        "table_listed": table_listed,
    }
