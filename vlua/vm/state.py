"""One Lua state: globals, metatables of basic types, the meter, and the namespace compiled code runs in.

In: a meter and the host's streams. Out: what the libraries and the compiled code of one runtime share.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from vlua.vm import frames
from vlua.vm.call import apply, callee_of, first, values
from vlua.vm.errors import LimitReached, LuaError
from vlua.vm.frames import lib_error, mark_native, run_error, translate
from vlua.vm.garbage import Garbage
from vlua.vm.meter import Meter
from vlua.vm.number import number_text
from vlua.vm.operators import bind_operators
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.vm.coroutine import Coroutine
    from vlua.vm.hooks import Hooks

__all__ = ["State"]

# Nested calls through C code, as PUC's LUAI_MAXCCALLS.
MAX_C_DEPTH = 200
# Levels beyond that which error handlers still get, as PUC's error zone (LUAI_MAXCCALLS >> 3).
HANDLER_EXTRA = 25
# Python frames a script may stack up; about PUC's depth for plain recursion, 50 MB of frames.
MAX_FRAMES = 190_000
# The largest string a library may build: PUC's limit is the address space.
MAX_STRING = 2**31
# Strings shorter than this are made without a charge; and lists, in bytes.
UNCHARGED_BYTES = 4096
# Table constructors with up to so many items are not counted while the limit is not below.
UNCOUNTED_ENTRIES = 64
# Strings up to this are charged no instructions.
UNTICKED_BYTES = 1024


class Recursion:
    """Raises Python's process-wide recursion limit while any runtime runs, and puts it back after the last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.before = 0

    def __enter__(self) -> None:
        with self.lock:
            if self.users == 0:
                self.before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self.before, MAX_FRAMES))
            self.users += 1

    def __exit__(self, *exc: object) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0:
                try:
                    sys.setrecursionlimit(self.before)
                except RecursionError:
                    # The host is deeper by now than its own limit allows: leave the higher one.
                    pass


RECURSION = Recursion()


class State:
    """Everything that belongs to one runtime; two states share no mutable object.

    ``meter`` counts instructions; ``stdout`` has a ``write(str)`` method taking byte characters.
    """

    def __init__(self, meter: Meter | None = None, stdout: Any = None) -> None:
        self.meter = meter if meter is not None else Meter()
        self.meter.states.add(self)
        self.stdout = stdout
        self.globals = LuaTable()
        self.registry = LuaTable({"_LOADED": LuaTable()})
        self.type_metatables: dict[type, LuaTable] = {}
        self.string_meta: LuaTable = LuaTable()
        self.current: Coroutine | None = None
        self.non_yieldable = 0
        self.c_depth = 0
        # How many iterators of loops are running inside one another; one number that the loops share.
        self.nesting = [0]
        self.error_frames: list[Any] = []
        # Message handlers at work on a stack overflow.
        self.overflows = 0
        # Made by the library ``debug`` when a script first sets a hook.
        self.hooks: Hooks | None = None
        # The library functions by their code, for ``debug``.
        self.natives: dict[CodeType, FunctionType] = {}
        self.addresses: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self.next_address = 0x55D0_0000_1000
        self.tick = self.meter.charge
        limits = self.meter.limits
        # Calls through C code inside one another; the length of strings; the entries of tables.
        self.max_depth = MAX_C_DEPTH if limits.nesting is None else min(limits.nesting, MAX_C_DEPTH)
        self.max_string = MAX_STRING if limits.string_bytes is None else min(limits.string_bytes, MAX_STRING)
        self.max_entries = sys.maxsize if limits.table_entries is None else limits.table_entries
        # Not 0: compiled code has to count entries, those of tables larger than this.
        self.counting = 0 if limits.table_entries is None else min(limits.table_entries, UNCOUNTED_ENTRIES)
        self.namespace: dict[str, Any] = bind_operators(self)
        self.namespace.update(
            state=self,
            meter=self.meter.ticks,
            charge=self.tick,
            tails=repeat(None, 0),
            # Strings shorter than that are joined without asking; the room before the longest there may be.
            uncharged=min(UNCHARGED_BYTES, self.max_string + 1),
            longest=self.max_string,
            entries=self.max_entries,
            room=self.max_string - UNCHARGED_BYTES,
        )
        # Whether chunks of `string.dump` may be loaded.
        self.binary_chunks = True
        # Bytes charged so far.
        self.allocated = 0
        self.garbage = Garbage(self)
        self.next_function: Callable[..., Any] | None = None
        self.ipairs_step: Callable[..., Any] | None = None

    # Entering and nesting

    @contextmanager
    def entry(self) -> Iterator[None]:
        """Wrap every call from the host into Lua: makes room on the Python stack."""
        with RECURSION:
            if self.hooks is not None:
                self.hooks.renew()
            try:
                yield
            finally:
                if self.hooks is not None:
                    self.hooks.leave()

    def enter_c(self) -> None:
        """Count one nested call through C code. Raises a Lua error past the limit; undo with ``c_depth -= 1``."""
        if self.c_depth >= self.max_depth:
            raise self.too_deep()
        self.c_depth += 1

    def too_deep(self) -> BaseException:
        """What one call through C code too many raises: an error as in PUC, unless the policy has set the limit."""
        if self.max_depth < MAX_C_DEPTH:
            return LimitReached("nesting", self.max_depth)
        return run_error("C stack overflow")

    def leave_c(self) -> None:
        """Undo ``enter_c``."""
        self.c_depth -= 1

    def close(self) -> None:
        """End the state: run all finalizers (manual §2.5.1), then end the coroutines. Raises LimitReached."""
        self.garbage.close()
        coroutines = getattr(self, "coroutines", None)
        if coroutines is not None:
            coroutines.close()

    # Libraries

    def library(self, name: str, functions: dict[str, Any]) -> LuaTable:
        """A library table of ``functions``, registered as levels of the Lua stack and under qualified names."""
        for key, function in functions.items():
            if type(function) is FunctionType:
                mark_native(function, key if name == "_G" else f"{name}.{key}")
                self.natives[function.__code__] = function
        if name == "_G":
            self.globals.hash.update(functions)
            if "next" in functions:
                self.next_function = functions["next"]
            return self.globals
        return LuaTable(dict(functions))

    # Metatables and names

    def getmetatable(self, value: Any) -> LuaTable | None:
        """The metatable of any value (manual §2.4)."""
        if isinstance(value, (LuaTable, Userdata)):
            return value.meta
        return self.type_metatables.get(basic_type(value))

    def metamethod(self, value: Any, event: str) -> Any:
        """The metamethod of ``value`` for ``event`` (``"__index"``), or nil."""
        meta = self.getmetatable(value)
        return meta.hash.get(event) if meta is not None else None

    def type_name(self, value: Any) -> str:
        """The Lua type name of a value (manual §6.1 ``type``)."""
        return frames.TYPE_NAMES.get(type(value).__name__, "userdata")

    def address(self, value: Any) -> str:
        """A name for the identity of an object that tells nothing of the host's memory."""
        number = self.addresses.get(value)
        if number is None:
            number = self.next_address
            self.next_address = number + 32
            self.addresses[value] = number
        return f"0x{number:012x}"

    def tostring(self, value: Any) -> str:
        """``tostring`` of the manual §6.1: ``__tostring``, ``__name``, else the type and an address."""
        kind = type(value)
        if kind is str:
            return value  # type: ignore[no-any-return]
        meta = self.getmetatable(value)
        if meta is not None:
            handler = meta.hash.get("__tostring")
            if handler is not None:
                text = self.call1(handler, value)
                if type(text) is int or type(text) is float:
                    text = number_text(text)
                if type(text) is not str:
                    raise lib_error("'__tostring' must return a string")
                return text
        if kind is int or kind is float:
            return number_text(value)
        if value is None:
            return "nil"
        if kind is bool:
            return "true" if value else "false"
        name = meta.hash.get("__name") if meta is not None else None
        if type(name) is not str:
            name = self.type_name(value)
        return f"{name}: {self.address(value)}"

    # Calls

    def call(self, function: Any, *args: Any) -> tuple[Any, ...]:
        """Call any Lua value from a library: all results. Counts the nesting, honours ``__call``."""
        if type(function) is not FunctionType:
            function, args = self.resolve(function, args)
        if self.c_depth >= self.max_depth:
            raise self.too_deep()
        self.c_depth += 1
        try:
            return values(apply(function, args))
        finally:
            self.c_depth -= 1

    def call1(self, function: Any, *args: Any) -> Any:
        """Call any Lua value from a library: the first result."""
        if type(function) is not FunctionType:
            function, args = self.resolve(function, args)
        if self.c_depth >= self.max_depth:
            raise self.too_deep()
        self.c_depth += 1
        try:
            return first(apply(function, args))
        finally:
            self.c_depth -= 1

    def resolve(self, value: Any, args: tuple[Any, ...]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Function and arguments for a value that is not itself a function."""
        meta = self.type_metatables.get(basic_type(value))
        handler = meta.hash.get("__call") if meta is not None else None
        if type(handler) is FunctionType:
            return handler, (value, *args)
        return callee_of(value, args)

    def run_handler(self, handler: Any, exception: Exception) -> tuple[Any, ...]:
        """Call an ``xpcall`` message handler with the stack of ``exception`` still visible to ``debug``."""
        error = translate(exception)
        saved = self.error_frames
        depth = self.c_depth
        overflows = self.overflows
        if isinstance(exception, RecursionError):
            self.overflows += 1
        try:
            while True:
                self.error_frames = [*frames.unwound(exception.__traceback__), *saved]
                # An error in the handler calls the handler again, one C level deeper each time, as luaG_errormsg does.
                if self.c_depth >= MAX_C_DEPTH + HANDLER_EXTRA:
                    return ("error in error handling",)
                value = error.value
                if self.c_depth == MAX_C_DEPTH:
                    value = "C stack overflow"
                self.c_depth += 1
                try:
                    return values(apply(*self.handler_call(handler, value)))
                except RecursionError:
                    # As PUC: the handler has used up the stack that was left to it.
                    return ("error in error handling",)
                except Exception as again:
                    exception, error = again, translate(again)
        finally:
            self.c_depth = depth
            self.error_frames = saved
            self.overflows = overflows

    def handler_call(self, handler: Any, value: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Function and arguments of a message handler's call."""
        return (handler, (value,)) if type(handler) is FunctionType else self.resolve(handler, (value,))

    def step_counter(self) -> Callable[[int], Any]:
        """What one call of a pattern function charges its steps with: ``tick``, unless their number is limited."""
        allowed = self.meter.limits.pattern_steps
        if allowed is None:
            return self.tick
        left = allowed

        def step(units: int) -> None:
            nonlocal left
            left -= units
            if left < 0:
                raise LimitReached("pattern_steps", allowed)
            self.tick(units)

        return step

    # Memory

    def charge_bytes(self, size: int) -> None:
        """Charge a string of ``size`` bytes before it is made. Raises ``not enough memory``, LimitReached."""
        if size > self.max_string:
            raise self.too_long()
        if size > UNTICKED_BYTES:
            self.charge_list(size)

    def check_length(self, size: int) -> None:
        """Note that a string charged for otherwise has ``size`` bytes. Raises as ``charge_bytes``."""
        if size > self.max_string:
            raise self.too_long()

    def too_long(self) -> BaseException:
        """What a string too long raises: an error as in PUC, unless the policy has set the limit."""
        if self.max_string < MAX_STRING:
            return LimitReached("string_bytes", self.max_string)
        return LuaError("not enough memory")

    def charge_list(self, size: int) -> None:
        """Charge a list or anything else of ``size`` bytes before it is made. Raises as ``charge_bytes``."""
        if size > MAX_STRING:
            raise LuaError("not enough memory")
        self.allocated += size
        self.tick(size // 16)
        if size >= UNCHARGED_BYTES:
            self.meter.charge_memory(size)

    def check_entries(self, hash: dict[Any, Any]) -> None:
        """Look at the number of entries of a table that has grown. Raises LimitReached."""
        if len(hash) > self.max_entries:
            raise LimitReached("table_entries", self.max_entries)

    # Operators, for the libraries

    def index(self, value: Any, key: Any) -> Any:
        """``value[key]`` (manual §2.4 ``__index``)."""
        return self.namespace["index"](value, key)

    def setindex(self, value: Any, key: Any, item: Any) -> None:
        """``value[key] = item`` (manual §2.4 ``__newindex``)."""
        self.namespace["setindex"](value, key, item)

    def length(self, value: Any) -> Any:
        """``#value`` (manual §3.4.7)."""
        return self.namespace["length"](value)

    def equals(self, left: Any, right: Any) -> bool:
        """``left == right`` (manual §3.4.4)."""
        return self.namespace["eq"](left, right)  # type: ignore[no-any-return]

    def less_than(self, left: Any, right: Any) -> bool:
        """``left < right`` (manual §3.4.4)."""
        return self.namespace["lt"](left, right)  # type: ignore[no-any-return]

    def less_equal(self, left: Any, right: Any) -> bool:
        """``left <= right`` (manual §3.4.4)."""
        return self.namespace["le"](left, right)  # type: ignore[no-any-return]

    def concat(self, left: Any, right: Any) -> Any:
        """``left .. right`` (manual §3.4.6)."""
        return self.namespace["concat"](left, right)

    def arith(self, op: str, left: Any, right: Any) -> Any:
        """An arithmetic or bitwise operator by its Lua spelling (manual §3.4.1, §3.4.2)."""
        return self.namespace[OPERATOR_NAMES[op]](left, right)

    def load(self, source: str, chunkname: str, env: Any) -> Callable[..., Any]:
        """Compile a text chunk and bind it to this state (manual §6.1 ``load``). Raises LuaSyntaxError."""
        from vlua.vm.chunk import compile_chunk

        if len(source) > 256:
            self.tick(len(source) // 4)
        return compile_chunk(source, chunkname, counting=self.counting, meter=self.meter).bind(self, env)


def basic_type(value: Any) -> type:
    """The key of ``type_metatables`` for a value: numbers share one metatable."""
    kind = type(value)
    return int if kind is float else kind


OPERATOR_NAMES = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "idiv",
    "%": "mod",
    "^": "power",
    "&": "band",
    "|": "bor",
    "~": "bxor",
    "<<": "shl",
    ">>": "shr",
}
