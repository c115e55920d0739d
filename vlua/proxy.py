"""What a host holds of Lua: tables, functions, coroutines and userdata of a runtime.

In: raw Lua values and the marshaller of their runtime. Out: Python objects that behave as Python programmers expect
and convert everything that passes through them. Proxies of the same Lua value are equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from vlua.vm.errors import LuaError

if TYPE_CHECKING:
    from vlua.marshalling import Marshaller

__all__ = ["LuaCoroutine", "LuaFunction", "LuaTable", "LuaUserdata", "unwrap"]


class LuaProxy:
    """What all proxies share: identity, text and being callable. Calling and indexing may run Lua code, and so raise
    ``LuaError``, ``LimitExceeded`` or ``LuaExit``.
    """

    __slots__ = ("__marshaller", "__raw", "__weakref__")

    def __init__(self, marshaller: Marshaller, raw: Any) -> None:
        object.__setattr__(self, "_LuaProxy__marshaller", marshaller)
        object.__setattr__(self, "_LuaProxy__raw", raw)

    def __call__(self, *args: Any) -> Any:
        marshaller, raw = unwrap(self)
        lua_args = map(marshaller.to_lua, args)
        return marshaller.results(marshaller.entry(marshaller.state.call, raw, *lua_args))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LuaProxy):
            return NotImplemented
        return unwrap(self)[1] is unwrap(other)[1]

    def __hash__(self) -> int:
        return hash(id(unwrap(self)[1]))

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        marshaller, raw = unwrap(self)
        text = marshaller.to_python(marshaller.entry(marshaller.state.tostring, raw))
        return text if isinstance(text, str) else text.decode("utf-8", "replace")

    def __repr__(self) -> str:
        marshaller, raw = unwrap(self)
        return f"<{type(self).__name__} {marshaller.state.address(raw)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} belongs to its LuaRuntime and cannot be copied or pickled")


class LuaFunction(LuaProxy):
    """A Lua function: call it with Python values, get its results as Python values."""

    __slots__ = ()


class LuaUserdata(LuaProxy):
    """A userdata of Lua's own, such as a file handle: opaque, to be handed back to Lua."""

    __slots__ = ()


class LuaTable(LuaProxy):
    """A Lua table: ``t["k"]`` and ``t.k`` read and write fields (manual §2.4, metamethods included).

    An absent field reads as ``None`` and writing ``None`` removes one. ``len`` is Lua's ``#``. Iteration, ``keys``,
    ``values`` and ``items`` visit the table's own fields as they are when it begins, without metamethods.
    Fields named like the methods here, or with two underscores, are reached by ``t["keys"]`` only.
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        marshaller, raw = unwrap(self)
        key = marshaller.to_lua(key)
        if raw.meta is None:
            return marshaller.to_python(raw.get(key))
        return marshaller.to_python(marshaller.entry(marshaller.state.index, raw, key))

    def __setitem__(self, key: Any, value: Any) -> None:
        marshaller, raw = unwrap(self)
        key, value = marshaller.to_lua(key), marshaller.to_lua(value)
        if raw.meta is None and key is not None and key == key:
            raw.set(key, value)
        else:
            marshaller.entry(marshaller.state.setindex, raw, key, value)

    def __delitem__(self, key: Any) -> None:
        self[key] = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"no attribute {name!r}; a Lua field of that name is reached by table[{name!r}]")
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") or hasattr(type(self), name):
            raise AttributeError(f"cannot set {name!r}; a Lua field of that name is set by table[{name!r}]")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __contains__(self, key: Any) -> bool:
        return self[key] is not None

    def __len__(self) -> int:
        marshaller, raw = unwrap(self)
        length = marshaller.entry(marshaller.state.length, raw)
        if type(length) is not int or length < 0:
            raise TypeError(f"{self!r} has no length that Python could use")
        return length

    def __iter__(self) -> Iterator[Any]:
        return self.keys()

    def keys(self) -> Iterator[Any]:
        """The keys of the table's own fields, in traversal order."""
        return (key for key, _ in self.items())

    def values(self) -> Iterator[Any]:
        """The values of the table's own fields, in traversal order."""
        return (value for _, value in self.items())

    def items(self) -> Iterator[tuple[Any, Any]]:
        """Pairs of key and value of the table's own fields, in traversal order (manual §6.1 ``next``)."""
        marshaller, raw = unwrap(self)
        to_python = marshaller.to_python
        return ((to_python(key), to_python(value)) for key, value in raw.items())


class LuaCoroutine(LuaProxy):
    """A Lua coroutine (manual §2.6): ``send`` resumes it, iteration resumes it until it has finished."""

    __slots__ = ()

    def send(self, *args: Any) -> Any:
        """Resume with ``args``; what the coroutine yields, or at its end returns.

        Raises LuaError for an error inside, and for a coroutine that is not suspended.
        """
        marshaller, raw = unwrap(self)
        lua_args = map(marshaller.to_lua, args)
        return marshaller.results(marshaller.entry(resume, raw, *lua_args))

    @property
    def status(self) -> str:
        """``"suspended"``, ``"running"``, ``"normal"`` or ``"dead"`` (manual §6.2 ``coroutine.status``)."""
        return str(unwrap(self)[1].status)

    def __iter__(self) -> Iterator[Any]:
        while self.status == "suspended":
            value = self.send()
            if self.status == "suspended":
                yield value


def resume(coroutine: Any, *args: Any) -> Any:
    """Resume a raw coroutine; raises the error it ends with."""
    result = coroutine.resume(args)
    if isinstance(result, LuaError):
        raise result
    return result


def unwrap(proxy: LuaProxy) -> tuple[Marshaller, Any]:
    """The marshaller and the raw Lua value of a proxy; for vlua's own use."""
    read = object.__getattribute__
    return read(proxy, "_LuaProxy__marshaller"), read(proxy, "_LuaProxy__raw")
