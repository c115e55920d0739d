"""Values on their way between Python and Lua.

In: host values, or Lua values. Out: the other side's values: scalars by value, containers as new tables, Lua tables and
functions as proxies, Python callables as Lua functions, and everything else as opaque userdata.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from vlua.proxy import LuaCoroutine, LuaFunction, LuaTable, LuaUserdata, unwrap
from vlua.vm.errors import LuaError
from vlua.vm.frames import lib_error, mark_native
from vlua.vm.table import LuaTable as RawTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.entry import Entry
    from vlua.vm.state import State

__all__ = ["HostObject", "Marshaller"]

MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**63 - 1


class HostObject(Userdata):
    """A Python object that Lua may hold and hand back; nothing of it is reachable from Lua."""

    __slots__ = ("subject",)

    def __init__(self, subject: Any, meta: RawTable) -> None:
        super().__init__(meta)
        self.subject = subject


class Marshaller:
    """Converts the values of one runtime.

    ``encoding`` is that of Python strings on the Lua side, where strings are bytes; ``None`` makes Lua strings
    arrive as ``bytes``.
    """

    def __init__(self, state: State, entry: Entry, encoding: str | None = "utf-8") -> None:
        self.state = state
        self.entry = entry
        self.encoding = encoding
        self.host_meta = RawTable({"__name": "host object", "__metatable": False})
        # while a wrapper lives it keeps its subject alive, and so the subject's id belongs to nobody else
        self.wrappers: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self.originals: weakref.WeakKeyDictionary[Callable[..., Any], Any] = weakref.WeakKeyDictionary()

    # Python to Lua

    def to_lua(self, value: Any) -> Any:
        """The Lua value for a Python value.

        Raises ValueError for an integer outside 64 bits, for text that the encoding cannot express, for a key that
        Lua does not allow and for an object of another runtime.
        """
        kind = type(value)
        if kind is str:
            return value if value.isascii() else self.encode(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int and MIN_INTEGER <= value <= MAX_INTEGER:
            return value
        if kind in (dict, list, tuple) or isinstance(value, dict | list | tuple | Mapping):
            return self.table_of(value)
        return self.to_lua_item(value)

    def to_lua_item(self, value: Any) -> Any:
        """The Lua value for anything but a container, which becomes opaque."""
        if isinstance(value, str):
            return self.encode(str.__str__(value))
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            value = int(value)
            if not MIN_INTEGER <= value <= MAX_INTEGER:
                raise ValueError(f"integer out of range: Lua integers have 64 bits, this one {value.bit_length() + 1}")
            return value
        if isinstance(value, float):
            return float(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value).decode("latin-1")
        if isinstance(value, LuaTable | LuaFunction | LuaCoroutine | LuaUserdata):
            owner, raw = unwrap(value)
            if owner is not self:
                raise ValueError(f"{value!r} belongs to another LuaRuntime")
            return raw
        if hasattr(type(value), "__index__"):
            return self.to_lua_item(value.__index__())
        if callable(value):
            return self.wrap_function(value)
        return self.wrap_object(value)

    def encode(self, text: str) -> str:
        """Text as Lua keeps it: one character per byte."""
        if text.isascii():
            return text
        try:
            return text.encode(self.encoding or "utf-8").decode("latin-1")
        except UnicodeEncodeError as error:
            reason = f"cannot be encoded as {error.encoding}: {error.reason}"
            raise ValueError(f"text {reason} (character {error.start})") from None

    def table_of(self, *sources: Any, recursive: bool = True) -> RawTable:
        """A new Lua table with the content of mappings (as fields) and iterables (as items 1, 2, …).

        Inner containers become tables as well, shared and cyclic ones keep their shape; unless ``recursive``, they
        become opaque. ``None`` as a value means that there is no such field.
        """
        result = RawTable()
        made: dict[int, tuple[Any, RawTable]] = {}  # by id, with the container itself so that its id stays its own
        pending: list[tuple[Any, RawTable]] = []

        def item(value: Any) -> Any:
            if not isinstance(value, dict | list | tuple | Mapping):
                return self.to_lua(value)
            if not recursive:
                return self.wrap_object(value)
            if id(value) not in made:
                table = RawTable()
                made[id(value)] = value, table
                pending.append((value, table))
            return made[id(value)][1]

        def fill(source: Any, table: RawTable, count: int = 0) -> int:
            if isinstance(source, Mapping | LuaTable):
                for key, value in source.items():
                    table.set(self.to_key(key), item(value))
                return count
            for value in source:
                count += 1
                table.set(count, item(value))
            return count

        if len(sources) == 1:
            made[id(sources[0])] = sources[0], result
        count = 0
        for source in sources:
            count = fill(source, result, count)
        while pending:  # a list of work instead of recursion: depth is no matter
            fill(*pending.pop())
        return result

    def to_key(self, key: Any) -> Any:
        """The Lua key for a Python key. Raises ValueError for None and NaN, which Lua does not allow."""
        key = self.to_lua(key)
        if key is None or key != key:
            raise ValueError(f"{'None' if key is None else 'NaN'} cannot be a key of a Lua table")
        return key

    def wrap_function(self, function: Callable[..., Any]) -> FunctionType:
        """The Lua function for a Python callable; the same one as long as Lua holds on to it.

        A tuple that the callable returns is several results. Its exceptions become Lua errors; a ``LuaError`` keeps
        its value.
        """
        known = self.wrappers.get(id(function))
        if type(known) is FunctionType:
            return known
        to_lua, to_python = self.to_lua, self.to_python

        def host_function(*args: Any) -> Any:
            try:
                result = function(*map(to_python, args))
                if type(result) is tuple or isinstance(result, tuple):
                    return tuple(map(to_lua, result))
                return to_lua(result)
            except LuaError as error:
                raise self.to_lua_error(error) from error.__cause__
            except (MemoryError, RecursionError):
                raise  # a full memory or stack is the machine's to report
            except Exception as error:
                raise lib_error(self.encode_leniently(message_of(error))) from error

        wrapper = cast(FunctionType, host_function)
        # tracebacks tell functions apart by their code
        wrapper.__code__ = wrapper.__code__.replace(co_name=f"host {getattr(function, '__name__', 'object')}")
        mark_native(wrapper)
        self.wrappers[id(function)] = wrapper
        self.originals[wrapper] = function
        return wrapper

    def wrap_object(self, subject: Any) -> HostObject:
        """The opaque userdata for a Python object; the same one as long as Lua holds on to it."""
        known = self.wrappers.get(id(subject))
        if type(known) is not HostObject:
            known = self.wrappers[id(subject)] = HostObject(subject, self.host_meta)
        return known

    def to_lua_error(self, error: LuaError) -> LuaError:
        """A host's LuaError as Lua sees it."""
        try:
            value = self.to_lua(error.value)
        except ValueError as refusal:
            value = self.encode_leniently(str(refusal))
        return LuaError(value)

    def encode_leniently(self, text: str) -> str:
        """``encode`` for texts that must get through: what cannot be expressed becomes ``?``."""
        return text.encode(self.encoding or "utf-8", "replace").decode("latin-1")

    # Lua to Python

    def to_python(self, value: Any) -> Any:
        """The Python value for a Lua value; never raises."""
        kind = type(value)
        if kind is str:
            return value if self.encoding is not None and value.isascii() else self.decode(value)
        if value is None or kind is int or kind is float or kind is bool:
            return value
        if kind is RawTable:
            return LuaTable(self, value)
        if kind is FunctionType:
            original = self.originals.get(value)
            return LuaFunction(self, value) if original is None else original
        if kind is HostObject:
            return value.subject
        if isinstance(value, Userdata):
            return LuaUserdata(self, value)
        return LuaCoroutine(self, value)

    def decode(self, text: str) -> str | bytes:
        """A Lua string as Python text, or as bytes where it is not text in the encoding."""
        data = text.encode("latin-1")
        if self.encoding is None:
            return data
        try:
            return data.decode(self.encoding)
        except UnicodeDecodeError:
            return data

    def results(self, values: Iterable[Any]) -> Any:
        """The results of a call: none is ``None``, one comes naked, several as a tuple."""
        converted = tuple(map(self.to_python, values))
        if len(converted) == 1:
            return converted[0]
        return converted or None


def message_of(error: Exception) -> str:
    """What a script is told of a host function's exception: its text, without paths of the host."""
    text = error.strerror if isinstance(error, OSError) else str(error)
    return text or type(error).__name__
