"""The ``debug`` library (manual §6.10).

In: a ``State``. Out: the library table. Only functions written in Lua open up: of library and host functions nothing
but the name shows, and the registry given out holds ``_LOADED`` alone.
"""

from __future__ import annotations

import gc
import sys
from itertools import islice
from types import FrameType, FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from vlua.vm.arguments import (
    ABSENT,
    arg_check,
    check_any,
    check_function,
    check_integer,
    check_string,
    opt_integer,
    opt_string,
    type_error,
    type_name,
)
from vlua.vm.frames import INTERRUPTIONS, NATIVE, FunctionInfo, arg_error, information, lib_error
from vlua.vm.garbage import Garbage
from vlua.vm.hooks import Hook, Hooks
from vlua.vm.lib.traceback import call_site, function_names, stack_of, traceback_text
from vlua.vm.number import number_text
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata
from vlua.vm.variables import join_upvalues, local_place, raw_contents, upvalue, vararg_place

if TYPE_CHECKING:
    from vlua.vm.coroutine import Coroutine
    from vlua.vm.frames import Level
    from vlua.vm.state import State

__all__ = ["open_debug"]

INTERRUPTIONS[Garbage.finalize.__code__] = "__gc"

OPTIONS = frozenset("SlnrutLf")
# Units for finding the function object of a stack level: it takes a look at every object of the process.
SEARCH_UNITS = 10_000
# The greatest number of a stack level: C's int.
MAX_LEVEL = 2**31 - 1
# Upvalues that an iterator of a library owns up to, as ``string.gmatch``'s in PUC Lua.
ITERATOR_UPVALUES = 3
# The package of the libraries that have such iterators; host functions come from elsewhere.
LIBRARIES = "vlua.vm.lib."


class UpvalueId(Userdata):
    """The identity of an upvalue, as ``upvalueid`` gives it out: a light userdata to the messages of ``debug``."""

    __slots__ = ("variable",)

    def __init__(self, variable: Any) -> None:
        super().__init__()
        self.variable = variable


def split_thread(args: tuple[Any, ...]) -> tuple[Coroutine | None, int, tuple[Any, ...]]:
    """The thread that may stand first, how many arguments it takes up, and the others, padded."""
    rest = (*args, ABSENT, ABSENT, ABSENT)
    if args and type_name(args[0]) == "thread":
        return args[0], 1, rest[1:]
    return None, 0, rest


def source_fields(info: FunctionInfo | None) -> dict[Any, Any]:
    """The fields of option "S"."""
    if info is None:
        return {"source": "=[C]", "short_src": "[C]", "linedefined": -1, "lastlinedefined": -1, "what": "C"}
    return {
        "source": info.source,
        "short_src": info.short_source,
        "linedefined": info.line,
        "lastlinedefined": info.end_line,
        "what": "main" if info.is_main else "Lua",
    }


def active_lines(function: FunctionType, info: FunctionInfo) -> LuaTable:
    """The lines of a function that have code."""
    if info.origin.stripped:
        return LuaTable()
    lines = [line for _, _, line in function.__code__.co_lines()]
    if 0 in lines:
        # What comes before the instructions that begin every function is not of the text.
        lines = lines[lines.index(0) :]
    found = {line for line in lines if line}
    found.add(info.end_line or max(found, default=1))
    return LuaTable(dict.fromkeys(sorted(found), True))


def function_of(state: State, level: Level) -> Any:
    """The function running at a level: by the name its caller called it, else the one that has the frame's cells."""
    frame = level.frame
    if not isinstance(frame, FrameType):
        return None
    code = frame.f_code
    native = state.natives.get(code)
    if native is not None:
        return native
    named = named_function(state, frame)
    if named is not None:
        return named
    state.tick(SEARCH_UNITS)
    found = [item for item in gc.get_referrers(code) if type(item) is FunctionType and item.__code__ is code]
    for item in found:
        if has_cells_of(item, frame):
            return item
    return found[0] if found else None


def has_cells_of(function: FunctionType, frame: FrameType) -> bool:
    """Whether a function sees the upvalues that a frame sees."""
    seen = frame.f_locals
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return all(seen.get(name) is raw_contents(cell) for name, cell in cells)


def named_function(state: State, frame: FrameType) -> FunctionType | None:
    """The function of a frame when its caller's variables lead to it."""
    caller = frame.f_back
    info = information(caller.f_code) if caller is not None else None
    if caller is None or info is None:
        return None
    operation = info.locate(caller.f_code, caller.f_lasti)[1]
    if operation is None or operation.kind not in ("call", "tail") or not operation.operands[0]:
        return None
    role, name = operation.operands[0]
    candidates: list[Any] = []
    if role == "global":
        candidates.append(state.globals.hash.get(name))
    elif role in ("local", "upvalue"):
        candidates += [value for ident, value in caller.f_locals.items() if ident.rpartition(".")[0] == name]
    for value in candidates:
        function = value[0] if type(value) is list else value
        if type(function) is FunctionType and function.__code__ is frame.f_code and has_cells_of(function, frame):
            return function
    return None


def native_upvalues(function: FunctionType) -> int:
    """How many upvalues a library function shows, all nameless: only the iterators have any."""
    iterator = NATIVE.get(function.__code__) == "" and function.__module__.startswith(LIBRARIES)
    return ITERATOR_UPVALUES if iterator else 0


def open_debug(state: State) -> LuaTable:
    """The table ``debug`` of a runtime."""
    registry = LuaTable({"_LOADED": state.registry.hash["_LOADED"]})
    identities: WeakValueDictionary[Any, UpvalueId] = WeakValueDictionary()

    def find_level(thread: Coroutine | None, number: int) -> tuple[Level, Level | None] | None:
        """A level and its caller; number 0 is the function that asks."""
        if not 0 <= number <= MAX_LEVEL:
            return None
        stack = stack_of(state, thread, sys._getframe(1))
        found = list(islice(stack, number, number + 2))
        return (found[0], found[1] if len(found) > 1 else None) if found else None

    def is_own(thread: Coroutine | None) -> bool:
        """Whether a thread is the running one."""
        return thread is None or thread is state.current or (state.current is None and thread.status == "running")

    def getinfo(*args: Any) -> Any:
        """A table about a function or a stack level; nil for a level that does not exist."""
        thread, shift, (subject, what, *_) = split_thread(args)
        options = opt_string(what, shift + 2, "flnStu")
        function = subject if type(subject) is FunctionType else None
        level = caller = None
        if function is None:
            found = find_level(thread, check_integer(subject, shift + 1))
            if found is None:
                return None
            level, caller = found
        arg_check(OPTIONS.issuperset(options), shift + 2, "invalid option")
        info = level.info if level is not None else information(function.__code__)  # type: ignore[union-attr]
        fields: dict[Any, Any] = {}
        if "S" in options:
            fields |= source_fields(info)
        if "l" in options:
            fields["currentline"] = level.line if level is not None else -1
        if "u" in options:
            fields["nups"] = len(info.upvalues) if info is not None else 0
            fields["nparams"] = len(info.parameters) if info is not None else 0
            fields["isvararg"] = info is None or info.is_vararg
        if "n" in options:
            namewhat, name = call_site(level, caller) if level is not None else ("", None)
            fields |= {"namewhat": namewhat, "name": name}
        if "t" in options:
            fields["istailcall"] = level is not None and level.tail_called
        if level is not None and ("f" in options or "L" in options):
            function = function_of(state, level)
        if "L" in options and info is not None and function is not None:
            fields["activelines"] = active_lines(function, info)
        if "f" in options:
            fields["func"] = function
        return LuaTable({key: value for key, value in fields.items() if value is not None})

    def getlocal(*args: Any) -> Any:
        """Name and value of a local variable of a level; the name of a parameter of a function."""
        thread, shift, (subject, which, *_) = split_thread(args)
        number = check_integer(which, shift + 2)
        if type(subject) is FunctionType:
            info = information(subject.__code__)
            if info is None or info.origin.stripped or not 1 <= number <= len(info.parameters):
                return None
            return info.parameters[number - 1].rpartition(".")[0]
        found = find_level(thread, check_integer(subject, shift + 1))
        if found is None:
            raise arg_error(shift + 1, "level out of range")
        level = found[0]
        place = vararg_place(level, -number) if number < 0 else local_place(level, number, level.interrupted == "hook")
        return None if place is None else (place.name, place.value)

    def setlocal(*args: Any) -> Any:
        """Give a local variable of a level a value; its name."""
        thread, shift, (subject, which, value, *_) = split_thread(args)
        found = find_level(thread, check_integer(subject, shift + 1))
        number = check_integer(which, shift + 2)
        if found is None:
            raise arg_error(shift + 1, "level out of range")
        check_any(value, shift + 3)
        level = found[0]
        place = vararg_place(level, -number) if number < 0 else local_place(level, number, level.interrupted == "hook")
        if place is None:
            return None
        if place.set is not None:
            place.set(value)
        return place.name

    def getupvalue(function: Any = ABSENT, number: Any = ABSENT, *_: Any) -> Any:
        """Name and value of an upvalue."""
        position = check_integer(number, 2)
        found = upvalue(check_function(function, 1), position)
        if found is not None:
            return found.name, found.value
        return ("", None) if 1 <= position <= native_upvalues(function) else ()

    def setupvalue(function: Any = ABSENT, number: Any = ABSENT, value: Any = ABSENT, *_: Any) -> Any:
        """Give an upvalue a value; its name."""
        check_any(value, 3)
        position = check_integer(number, 2)
        found = upvalue(check_function(function, 1), position)
        if found is None:
            return ()
        found.set(value)
        return found.name

    def upvalueid(function: Any = ABSENT, number: Any = ABSENT, *_: Any) -> Any:
        """A value that is the same for two upvalues only if they are the same variable."""
        position = check_integer(number, 2)
        found = upvalue(check_function(function, 1), position)
        variable: Any
        key: Any
        if found is None:
            arg_check(1 <= position <= native_upvalues(function), 2, "invalid upvalue index")
            variable, key = function, (id(function), position)
        else:
            # The box is the variable where there is one.
            content = raw_contents(found.cell) if found.cell is not None else None
            variable = content if type(content) is list else found.cell if found.cell is not None else function
            key = id(variable)
        identity = identities.get(key)
        if identity is None:
            identity = identities[key] = UpvalueId(variable)
        return identity

    def upvaluejoin(
        function: Any = ABSENT, number: Any = ABSENT, other: Any = ABSENT, other_number: Any = ABSENT, *_: Any
    ) -> Any:
        """Make an upvalue of one function refer to an upvalue of another."""
        position = check_integer(number, 2)
        found = upvalue(check_function(function, 1), position)
        in_native = found is None and position <= native_upvalues(function)
        arg_check(found is not None or in_native, 2, "invalid upvalue index")
        other_position = check_integer(other_number, 4)
        source = upvalue(check_function(other, 3), other_position)
        in_native_other = source is None and other_position <= native_upvalues(other)
        arg_check(source is not None or in_native_other, 4, "invalid upvalue index")
        arg_check(found is not None, 1, "Lua function expected")
        arg_check(source is not None, 3, "Lua function expected")
        join_upvalues(found, source)  # type: ignore[arg-type]
        return ()

    def getmetatable(value: Any = ABSENT, *_: Any) -> Any:
        """The metatable of a value, whatever ``__metatable`` says, except that of a protected userdata."""
        meta = state.getmetatable(check_any(value, 1))
        if meta is not None and isinstance(value, Userdata):
            hidden = meta.hash.get("__metatable")
            return meta if hidden is None else hidden
        return meta

    def setmetatable(value: Any = ABSENT, meta: Any = ABSENT, *_: Any) -> Any:
        """Set the metatable of a table, or of all values of a basic type; the value."""
        arg_check(meta is None or type(meta) is LuaTable, 2, "nil or table expected")
        if type(value) is LuaTable or isinstance(value, Userdata):
            if (
                type(value) is not LuaTable
                and value.meta is not None
                and value.meta.hash.get("__metatable") is not None
            ):
                raise lib_error("cannot change a protected metatable")
            value.meta = meta
            if meta is not None:
                state.garbage.note(value, meta)
            return value
        value = None if value is ABSENT else value
        kind = int if type(value) is float else type(value)
        if meta is None:
            state.type_metatables.pop(kind, None)
        else:
            state.type_metatables[kind] = meta
        return value

    def getregistry(*_: Any) -> Any:
        """A table with the loaded modules; what else PUC keeps in its registry is not in reach."""
        return registry

    def getuservalue(userdata: Any = ABSENT, *_: Any) -> Any:
        """The Lua value that a userdata carries."""
        return userdata.user_value if isinstance(userdata, Userdata) else None

    def setuservalue(userdata: Any = ABSENT, value: Any = ABSENT, *_: Any) -> Any:
        """Give a userdata a Lua value to carry; the userdata."""
        if type(userdata) is UpvalueId:
            raise arg_error(1, "userdata expected, got light userdata")
        if not isinstance(userdata, Userdata):
            raise type_error(userdata, 1, "userdata")
        userdata.user_value = check_any(value, 2)
        return userdata

    def sethook(*args: Any) -> Any:
        """Have a function called at events: "c" calls, "r" returns, "l" new lines, and every ``count`` instructions."""
        thread, shift, (function, mask, count, *_) = split_thread(args)
        target = state.current if thread is None or is_own(thread) else thread
        hook = None
        if function is not None and function is not ABSENT:
            events = check_string(mask, shift + 2)
            check_function(function, shift + 1)
            hook = Hook(function, events, opt_integer(count, shift + 3, 0))
            if not (hook.mask or hook.count):
                hook = None
        if hook is None and state.hooks is None:
            return ()
        if state.hooks is None:
            state.hooks = Hooks(state)
        if is_own(thread):
            frame: FrameType | None = sys._getframe(0)
        else:
            frame = thread.frame  # type: ignore[union-attr]
        state.hooks.set(target, hook, frame)
        return ()

    def gethook(*args: Any) -> Any:
        """Hook function, events and count of a thread; nil without a hook."""
        thread, _, _ = split_thread(args)
        target = state.current if thread is None or is_own(thread) else thread
        hook = state.hooks.get(target) if state.hooks is not None else None
        return (None, "", 0) if hook is None else (hook.function, hook.mask, hook.count)

    def traceback(*args: Any) -> Any:
        """The stack as text, after a message; a message that is no string comes back as it is."""
        thread, shift, (message, start, *_) = split_thread(args)
        if type(message) is int or type(message) is float:
            message = number_text(message)
        if message is not ABSENT and message is not None and type(message) is not str:
            return message
        first = opt_integer(start, shift + 2, 1 if is_own(thread) else 0)
        stack = list(stack_of(state, thread, sys._getframe(0)))
        text = traceback_text(stack, first, function_names(state))
        state.charge_bytes(len(text) + (len(message) if type(message) is str else 0))
        return f"{message}\n{text}" if type(message) is str else text

    return state.library(
        "debug",
        {
            "gethook": gethook,
            "getinfo": getinfo,
            "getlocal": getlocal,
            "getmetatable": getmetatable,
            "getregistry": getregistry,
            "getupvalue": getupvalue,
            "getuservalue": getuservalue,
            "sethook": sethook,
            "setlocal": setlocal,
            "setmetatable": setmetatable,
            "setupvalue": setupvalue,
            "setuservalue": setuservalue,
            "traceback": traceback,
            "upvalueid": upvalueid,
            "upvaluejoin": upvaluejoin,
        },
    )
