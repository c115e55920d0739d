"""Lua's only data structure (manual §2.1).

In: Lua keys and values. Out: values, borders, traversal order.
The layout (one dict of normalised keys) is known here and in the code generator's emit helpers only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["FALSE_KEY", "TRUE_KEY", "LuaTable", "decode_key", "encode_key"]


class BooleanKey:
    """Stands for ``true`` or ``false`` as a dict key, because Python's ``True == 1``."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value


TRUE_KEY = BooleanKey(True)
FALSE_KEY = BooleanKey(False)


def encode_key(key: Any) -> Any:
    """The dict key of a Lua key: integral floats become integers, booleans their stand-ins (manual §2.1, §3.4.3)."""
    kind = type(key)
    if kind is float:
        return int(key) if key.is_integer() and -9223372036854775808.0 <= key < 9223372036854775808.0 else key
    if kind is bool:
        return TRUE_KEY if key else FALSE_KEY
    return key


def decode_key(key: Any) -> Any:
    """The Lua key of a dict key."""
    return key.value if type(key) is BooleanKey else key


NO_ORDER: list[Any] = []
# Bytes of a dict in which the last entry may lie far behind removed ones.
LARGE_DICT = 1 << 22


class LuaTable:
    """An associative array with an optional metatable.

    ``hash`` maps encoded keys to values that are never ``None``; it is one dict for the table's whole life.
    ``meta`` is the metatable or ``None``. The methods here are *raw*: no metamethod is called.
    """

    __slots__ = ("__weakref__", "hash", "meta", "noted", "order", "position")

    hash: dict[Any, Any]
    meta: LuaTable | None
    # Set on a metatable that the garbage collector knows of.
    noted: bool

    def __init__(self, hash: dict[Any, Any] | None = None) -> None:
        self.hash = {} if hash is None else hash
        self.meta = None

    def __call__(self, *args: Any) -> Any:
        """``t(...)`` in compiled code: the ``__call`` metamethod (manual §2.4)."""
        from vlua.vm.call import call_table

        return call_table(self, args)

    def get(self, key: Any) -> Any:
        """Raw read of any Lua key; nil when absent."""
        return self.hash.get(key) if type(key) is not bool else self.hash.get(TRUE_KEY if key else FALSE_KEY)

    def set(self, key: Any, value: Any) -> None:
        """Raw write of any valid Lua key (the caller has refused nil and NaN); ``None`` removes."""
        if type(key) is float or type(key) is bool:
            key = encode_key(key)
        if value is None:
            self.hash.pop(key, None)
        else:
            self.hash[key] = value

    def length(self) -> int:
        """A border (manual §3.4.7): ``n`` with ``t[n]`` present and ``t[n + 1]`` absent, or 0."""
        hash = self.hash
        size = len(hash)
        if size == 0:
            return 0
        if size in hash:
            if size + 1 not in hash:
                return size
            low, high = size + 1, 2 * size + 2
            while high in hash:
                low, high = high, high * 2
        else:
            # In a list with holes the key added last is most often its end, where PUC finds the border too.
            last = next(reversed(hash)) if hash.__sizeof__() < LARGE_DICT else None
            if type(last) is int and last > 0 and last + 1 not in hash:
                return last
            low, high = 0, size
        while high - low > 1:
            middle = (low + high) // 2
            if middle in hash:
                low = middle
            else:
                high = middle
        return low

    def items(self) -> Iterator[tuple[Any, Any]]:
        """Every pair as of now, as Lua keys; entries removed meanwhile are left out."""
        hash = self.hash
        for key in list(hash):
            value = hash.get(key)
            if value is not None:
                yield (key.value if type(key) is BooleanKey else key), value

    def stands_at(self, key: Any) -> bool:
        """Whether the traversal that is remembered has come to ``key``, so that ``next`` need not look for it."""
        order: list[Any] = getattr(self, "order", NO_ORDER)
        position: int = getattr(self, "position", 0)
        return position < len(order) and (order[position] is key or order[position] == encode_key(key))

    def next(self, key: Any) -> tuple[Any, Any] | None:
        """The pair after ``key`` in traversal order (manual §6.1 ``next``), ``None`` at the end.

        Entries may be changed or removed while traversing. Raises KeyError for a key never seen.
        """
        hash = self.hash
        if key is None:
            for first in hash:
                return decode_key(first), hash[first]
            return None
        key = encode_key(key)
        order: list[Any] = getattr(self, "order", NO_ORDER)
        position: int = getattr(self, "position", 0)
        if position >= len(order) or order[position] is not key and order[position] != key:
            position = self._locate(key)
            order = self.order
        for later in range(position + 1, len(order)):
            following = order[later]
            value = hash.get(following)
            if value is not None:
                self.position = later
                return decode_key(following), value
        self.order = []
        return None

    order: list[Any]
    position: int

    def _locate(self, key: Any) -> int:
        """Index of ``key`` in the remembered traversal, else in a new one."""
        order = getattr(self, "order", [])
        if key in self.hash:
            first = next(iter(self.hash))
            if not order or first == key or key not in order:
                self.order = order = list(self.hash)
        return order.index(key) if key in order else self._missing(key)

    def _missing(self, key: Any) -> int:
        raise KeyError(key)
