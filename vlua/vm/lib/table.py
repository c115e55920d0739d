"""The ``table`` library (manual §6.6).

In: a ``State``. Out: the library table. Tables without a metatable are worked on directly, in pieces that are
charged before they are touched; everything else goes through ``__index``, ``__newindex`` and ``__len``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, arg_check, check_function, check_integer, opt_integer, opt_string, type_error
from vlua.vm.call import first
from vlua.vm.frames import lib_error
from vlua.vm.lib.sorting import quicksort, sort_plain
from vlua.vm.number import MAX_INTEGER, number_text, to_integer, wrap
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vlua.vm.state import State

__all__ = ["open_table"]

# Elements moved, joined or shifted between two looks at the meter.
PIECE = 4096
# Results of one unpack: PUC's stack of 1,000,000 slots less what a running program uses.
MAX_RESULTS = 999_000
# Longest array that sort accepts, PUC's INT_MAX.
MAX_SORT = 2**31 - 1


def is_plain(value: Any) -> bool:
    """Whether a value is a table whose reads, writes and length involve no metamethod."""
    return type(value) is LuaTable and value.meta is None


def store(hash: dict[Any, Any], start: int, items: list[Any]) -> None:
    """Write ``items`` to consecutive integer keys; nil removes."""
    if None in items:
        for key, item in enumerate(items, start):
            if item is None:
                hash.pop(key, None)
            else:
                hash[key] = item
    else:
        hash.update(zip(range(start, start + len(items)), items, strict=True))


def signed_32(value: int) -> int:
    """The low 32 bits as C's ``int``, which is how PUC prints an index in a message."""
    return ((value + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000


# Lists that ``unpack`` takes without looking further.
SHORT_LIST = 64


def open_table(state: State) -> LuaTable:
    """The table ``table`` of a runtime (manual §6.6)."""
    max_entries = state.max_entries

    def check_access(value: Any, position: int, *events: str) -> None:
        """The value must be a table or have all the metamethods named (ltablib's checktab)."""
        if type(value) is LuaTable:
            return
        meta = None if value is ABSENT else state.getmetatable(value)
        if meta is None or any(meta.hash.get(event) is None for event in events):
            raise type_error(value, position, "table")

    def length(value: Any) -> int:
        """``#value``, which must be an integer (luaL_len)."""
        if is_plain(value):
            return value.length()  # type: ignore[no-any-return]
        size = to_integer(state.length(value))
        if size is None:
            raise lib_error("object length is not an integer")
        return size

    def insert(table: Any = ABSENT, position: Any = ABSENT, value: Any = ABSENT, *extra: Any) -> Any:
        """Insert a value at a position, shifting up what follows; at the end without one."""
        if type(table) is LuaTable and table.meta is None:
            hash = table.hash
            end = len(hash) + 1
            if end in hash or (end > 1 and end - 1 not in hash):
                end = table.length() + 1
            if value is ABSENT:
                if position is ABSENT:
                    raise lib_error("wrong number of arguments to 'insert'")
                if position is not None:
                    hash[end] = position
                    if len(hash) > max_entries:
                        state.check_entries(hash)
                return ()
            if extra:
                raise lib_error("wrong number of arguments to 'insert'")
            place = check_integer(position, 2)
            arg_check(1 <= place <= end, 2, "position out of bounds")
            stop = end
            while stop > place:
                start = max(place, stop - PIECE)
                state.tick(stop - start >> 2)
                store(hash, start + 1, list(map(hash.get, range(start, stop))))
                stop = start
            if value is None:
                hash.pop(place, None)
            else:
                hash[place] = value
            state.check_entries(hash)
            return ()
        check_access(table, 1, "__index", "__newindex", "__len")
        state.non_yieldable += 1
        try:
            end = wrap(length(table) + 1)
            if position is ABSENT or extra:
                raise lib_error("wrong number of arguments to 'insert'")
            if value is ABSENT:
                state.setindex(table, end, position)
                return ()
            place = check_integer(position, 2)
            arg_check(1 <= place <= end, 2, "position out of bounds")
            for key in range(end, place, -1):
                state.tick(1)
                state.setindex(table, key, state.index(table, key - 1))
            state.setindex(table, place, value)
            return ()
        finally:
            state.non_yieldable -= 1

    def remove(table: Any = ABSENT, position: Any = ABSENT, *_: Any) -> Any:
        """Remove and return the element at a position, shifting down what follows; the last without one."""
        if type(table) is LuaTable and table.meta is None:
            hash = table.hash
            size = table.length()
            place = size
            if position is not ABSENT:
                place = opt_integer(position, 2, size)
                if place != size:
                    arg_check(1 <= place <= size + 1, 1, "position out of bounds")
            if place >= size:
                return hash.pop(place, None)
            result = hash.get(place)
            while place < size:
                stop = min(size, place + PIECE)
                state.tick(stop - place >> 2)
                store(hash, place, list(map(hash.get, range(place + 1, stop + 1))))
                place = stop
            hash.pop(size, None)
            return result
        check_access(table, 1, "__index", "__newindex", "__len")
        state.non_yieldable += 1
        try:
            size = length(table)
            place = opt_integer(position, 2, size)
            if place != size:
                arg_check(1 <= place <= size + 1, 1, "position out of bounds")
            result = state.index(table, place)
            while place < size:
                state.tick(1)
                state.setindex(table, place, state.index(table, place + 1))
                place += 1
            state.setindex(table, place, None)
            return result
        finally:
            state.non_yieldable -= 1

    def move(
        table: Any = ABSENT, start: Any = ABSENT, stop: Any = ABSENT, to: Any = ABSENT, other: Any = None, *_: Any
    ) -> Any:
        """Copy elements ``start..stop`` to ``to`` and following, of ``other`` or the same table; the destination."""
        low = check_integer(start, 2)
        high = check_integer(stop, 3)
        goal = check_integer(to, 4)
        target = table if other is None else other
        check_access(table, 1, "__index")
        check_access(target, 1 if other is None else 5, "__newindex")
        if high < low:
            return target
        arg_check(low > 0 or high < MAX_INTEGER + low, 3, "too many elements to move")
        count = high - low + 1
        arg_check(goal <= MAX_INTEGER - count + 1, 4, "destination wrap around")
        state.non_yieldable += 1
        try:
            upwards = goal > high or goal <= low or (other is not None and not state.equals(table, target))
            if is_plain(table) and is_plain(target):
                move_plain(table.hash, target.hash, low, goal, count, upwards)
            else:
                for offset in range(count) if upwards else range(count - 1, -1, -1):
                    state.tick(1)
                    state.setindex(target, goal + offset, state.index(table, low + offset))
        finally:
            state.non_yieldable -= 1
        return target

    def move_plain(
        source: dict[Any, Any], target: dict[Any, Any], low: int, goal: int, count: int, upwards: bool
    ) -> None:
        pieces: Iterable[int] = range(0, count, PIECE)
        if not upwards:
            pieces = range((count - 1) // PIECE * PIECE, -1, -PIECE)
        for offset in pieces:
            size = min(PIECE, count - offset)
            state.tick(size)
            store(target, goal + offset, list(map(source.get, range(low + offset, low + offset + size))))
            state.check_entries(target)

    def concat(table: Any = ABSENT, separator: Any = ABSENT, start: Any = ABSENT, stop: Any = ABSENT, *_: Any) -> Any:
        """The elements ``start..stop``, strings and numbers, as one string with a separator between them."""
        check_access(table, 1, "__index", "__len")
        state.non_yieldable += 1
        try:
            size = length(table)
            between = opt_string(separator, 2, "")
            low = opt_integer(start, 3, 1)
            high = opt_integer(stop, 4, size)
            plain = is_plain(table)
            parts: list[str] = []
            total = 0
            while low <= high:
                count = min(PIECE, high - low + 1)
                if plain:
                    state.tick(count)
                    items = list(map(table.hash.get, range(low, low + count)))
                else:
                    count = 1
                    state.tick(1)
                    items = [state.index(table, low)]
                if set(map(type, items)) != {str}:
                    items = [text_of(item, key) for key, item in enumerate(items, low)]
                parts += items
                added = sum(map(len, items)) + len(between) * count
                total += added
                # without the last separator, which is not put
                state.check_length(total - len(between))
                state.charge_list(added)
                low += count
            # All of it at once, in addition to the pieces.
            state.meter.charge_memory(total)
            return between.join(parts)
        finally:
            state.non_yieldable -= 1

    def text_of(item: Any, key: int) -> str:
        """A string or number as text. Raises LuaError for any other value."""
        kind = type(item)
        if kind is str:
            return item  # type: ignore[no-any-return]
        if kind is int or kind is float:
            return number_text(item)
        name = state.type_name(item)
        raise lib_error(f"invalid value ({name}) at index {signed_32(key)} in table for 'concat'")

    def pack(*args: Any) -> Any:
        """A table of the arguments, with their number in field ``n``."""
        state.tick(len(args) >> 2)
        hash = {key: item for key, item in enumerate(args, 1) if item is not None}
        hash["n"] = len(args)  # type: ignore[index]
        state.check_entries(hash)
        return LuaTable(hash)

    def unpack(table: Any = ABSENT, start: Any = ABSENT, stop: Any = ABSENT, *_: Any) -> Any:
        """The elements ``start..stop`` (the whole sequence when not given) as results."""
        if start is ABSENT and type(table) is LuaTable and table.meta is None:
            # The common call: a whole short list.
            hash = table.hash
            size = len(hash)
            if size <= SHORT_LIST and size in hash and size + 1 not in hash:
                return tuple(map(hash.get, range(1, size + 1)))
        state.non_yieldable += 1
        try:
            low = opt_integer(start, 2, 1)
            if stop is ABSENT or stop is None:
                high = length(None if table is ABSENT else table)
            else:
                high = check_integer(stop, 3)
            if low > high:
                return ()
            if high - low >= MAX_RESULTS:
                raise lib_error("too many results to unpack")
            state.tick(high - low >> 2)
            if is_plain(table):
                return tuple(map(table.hash.get, range(low, high + 1)))
            return tuple([state.index(table, key) for key in range(low, high + 1)])
        finally:
            state.non_yieldable -= 1

    def sort(table: Any = ABSENT, order: Any = None, *_: Any) -> Any:
        """Sort the elements ``1..#table`` in place, by ``<`` or by a function that says whether a goes before b."""
        check_access(table, 1, "__index", "__newindex", "__len")
        state.non_yieldable += 1
        try:
            size = length(table)
            if size < 2:
                return ()
            arg_check(size < MAX_SORT, 1, "array too big")
            if order is not None:
                check_function(order, 2)
            state.tick(size * size.bit_length() >> 2)
            state.charge_list(size * 8)
            plain = is_plain(table)
            if plain:
                items = list(map(table.hash.get, range(1, size + 1)))
            else:
                items = [state.index(table, key) for key in range(1, size + 1)]
            before = [] if plain else items.copy()
            if order is not None:

                def less(left: Any, right: Any) -> Any:
                    result = order(left, right)
                    if type(result) is tuple:
                        result = first(result)
                    return result is not None and result is not False

                # As in PUC, one call through C code more.
                state.enter_c()
                try:
                    quicksort(items, less, state.tick)
                finally:
                    state.leave_c()
            elif not sort_plain(items, state.tick):
                quicksort(items, state.less_than, state.tick)
            if plain:
                store(table.hash, 1, items)
            else:
                for key, (old, new) in enumerate(zip(before, items, strict=True), 1):
                    if old is not new:
                        state.setindex(table, key, new)
            return ()
        finally:
            state.non_yieldable -= 1

    return state.library(
        "table",
        {
            "concat": concat,
            "insert": insert,
            "move": move,
            "pack": pack,
            "remove": remove,
            "sort": sort,
            "unpack": unpack,
        },
    )
