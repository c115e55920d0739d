"""The ``debug`` library, as far as compiled code can be watched without slowing it down (manual §6.10).

In: a ``State``. Out: the library table. Only functions written in Lua open up: of library and host functions nothing
but the name shows, and the registry given out holds ``_LOADED`` alone.
"""

from __future__ import annotations

import gc
import sys
from itertools import islice
from types import CellType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from vlua.vm.arguments import (
    ABSENT,
    arg_check,
    check_any,
    check_function,
    check_integer,
    opt_integer,
    opt_string,
    type_name,
)
from vlua.vm.frames import FunctionInfo, information, lib_error
from vlua.vm.lib.traceback import call_site, function_names, stack_of, traceback_text
from vlua.vm.number import number_text
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.vm.coroutine import Coroutine
    from vlua.vm.frames import Level
    from vlua.vm.state import State

__all__ = ["open_debug"]

OPTIONS = frozenset("SlnrutLf")
# Units for finding the function object of a stack level: it takes a look at every object of the process.
SEARCH_UNITS = 10_000


class UpvalueId(Userdata):
    """The identity of an upvalue, as ``upvalueid`` gives it out."""

    __slots__ = ("cell",)

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell


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
    lines = {line for _, _, line in function.__code__.co_lines() if line}
    if info.line != info.end_line:
        lines.discard(info.line)
    lines.add(info.end_line or max(lines, default=1))
    return LuaTable(dict.fromkeys(sorted(lines), True))


def upvalue(function: Any, number: int) -> tuple[str, CellType] | None:
    """Name and cell of upvalue ``number`` of a Lua function; ``None`` for others, and where there is none."""
    info = information(function.__code__)
    if info is None or not 1 <= number <= len(info.upvalues):
        return None
    name, ident = info.upvalues[number - 1]
    names = function.__code__.co_freevars
    return (name, function.__closure__[names.index(ident)]) if ident in names else None


def contents(cell: CellType) -> Any:
    """The Lua value in a cell: variables of loops are boxed in a list; a variable without a value is nil."""
    try:
        value = cell.cell_contents
    except ValueError:
        return None
    return value[0] if type(value) is list else value


def function_of(state: State, level: Level) -> Any:
    """The function running at a level: the one with its code whose upvalues are those the frame sees."""
    state.tick(SEARCH_UNITS)
    frame = level.frame
    if not isinstance(frame, FrameType):
        return None
    code = frame.f_code
    found = [item for item in gc.get_referrers(code) if type(item) is FunctionType and item.__code__ is code]
    if len(found) > 1:
        seen = frame.f_locals
        for item in found:
            cells = zip(code.co_freevars, item.__closure__ or (), strict=True)
            if all(seen.get(name) is raw_contents(cell) for name, cell in cells):
                return item
    return found[0] if found else None


def raw_contents(cell: CellType) -> Any:
    """What a cell holds, ``None`` for nothing."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def local_variables(level: Level) -> list[tuple[str, Any]]:
    """Parameters and bound locals of a level, in the order of their declaration."""
    if level.info is None:
        return []
    seen = level.frame.f_locals
    hidden = set(level.frame.f_code.co_freevars)
    idents = [ident for ident in seen if "." in ident and ident not in hidden]
    idents.sort(key=lambda ident: int(ident.rpartition(".")[2]))
    boxes = [(ident.rpartition(".")[0], seen[ident]) for ident in idents]
    return [(name, value[0] if type(value) is list else value) for name, value in boxes]


def open_debug(state: State) -> LuaTable:
    """The table ``debug`` of a runtime."""
    registry = LuaTable({"_LOADED": state.registry.hash["_LOADED"]})
    identities: WeakValueDictionary[int, UpvalueId] = WeakValueDictionary()

    def find_level(thread: Coroutine | None, number: int) -> tuple[Level, Level | None] | None:
        """A level and its caller; number 0 is the function that asks."""
        if number < 0:
            return None
        stack = stack_of(state, thread, sys._getframe(1))
        found = list(islice(stack, number, number + 2))
        return (found[0], found[1] if len(found) > 1 else None) if found else None

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
            names = info.parameters if info is not None else ()
            return names[number - 1].rpartition(".")[0] if 1 <= number <= len(names) else None
        found = find_level(thread, check_integer(subject, shift + 1))
        arg_check(found is not None, shift + 1, "level out of range")
        level = found[0]  # type: ignore[index]
        if number < 0:
            extra = level.frame.f_locals.get("varargs", ()) if level.info is not None and level.info.is_vararg else ()
            return ("(*vararg)", extra[-number - 1]) if -number <= len(extra) else None
        variables = local_variables(level)
        return variables[number - 1] if 1 <= number <= len(variables) else None

    def getupvalue(function: Any = ABSENT, number: Any = ABSENT, *_: Any) -> Any:
        """Name and value of an upvalue."""
        position = check_integer(number, 2)
        found = upvalue(check_function(function, 1), position)
        return () if found is None else (found[0], contents(found[1]))

    def setupvalue(function: Any = ABSENT, number: Any = ABSENT, value: Any = ABSENT, *_: Any) -> Any:
        """Give an upvalue a value of the type it has; its name."""
        check_any(value, 3)
        position = check_integer(number, 2)
        found = upvalue(check_function(function, 1), position)
        if found is None:
            return ()
        name, cell = found
        old = contents(cell)
        if type(old) is not type(value):
            # Compiled code may rely on the type of a variable that is only ever given values of one.
            raise lib_error(f"cannot change the type of upvalue '{name}'")
        if type(raw_contents(cell)) is list:
            cell.cell_contents[0] = value
            return name
        cell.cell_contents = value
        names = function.__code__.co_freevars
        if name == "_ENV" and "E" in names:
            function.__closure__[names.index("E")].cell_contents = value.hash if type(value) is LuaTable else {}
        return name

    def upvalueid(function: Any = ABSENT, number: Any = ABSENT, *_: Any) -> Any:
        """A value that is the same for two upvalues only if they are the same variable."""
        position = check_integer(number, 2)
        found = upvalue(check_function(function, 1), position)
        arg_check(found is not None, 2, "invalid upvalue index")
        cell = found[1]  # type: ignore[index]
        shared = raw_contents(cell)
        # The box is the variable where there is one.
        variable = shared if type(shared) is list else cell
        identity = identities.get(id(variable))
        if identity is None:
            identity = identities[id(variable)] = UpvalueId(variable)
        return identity

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
        if type(value) is LuaTable:
            value.meta = meta
            return value
        if isinstance(value, Userdata):
            raise lib_error("cannot change the metatable of a userdata")
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

    def getuservalue(*_: Any) -> Any:
        """The Lua value of a userdata: none has one."""
        return None

    def traceback(*args: Any) -> Any:
        """The stack as text, after a message; a message that is no string comes back as it is."""
        thread, shift, (message, start, *_) = split_thread(args)
        if type(message) is int or type(message) is float:
            message = number_text(message)
        if message is not ABSENT and message is not None and type(message) is not str:
            return message
        own = thread is None or thread is state.current or (state.current is None and thread.status == "running")
        first = opt_integer(start, shift + 2, 1 if own else 0)
        stack = list(stack_of(state, thread, sys._getframe(0)))
        text = traceback_text(stack, first, function_names(state))
        return f"{message}\n{text}" if type(message) is str else text

    return state.library(
        "debug",
        {
            "getinfo": getinfo,
            "getlocal": getlocal,
            "getmetatable": getmetatable,
            "getregistry": getregistry,
            "getupvalue": getupvalue,
            "getuservalue": getuservalue,
            "setmetatable": setmetatable,
            "setupvalue": setupvalue,
            "traceback": traceback,
            "upvalueid": upvalueid,
        },
    )
