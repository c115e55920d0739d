"""The variables of running functions and of closures, by number, as ``debug`` reaches them (manual §6.10).

In: a stack level or a function, and a number. Out: name and value, or the assignment.
Compiled code that was not prepared for it (see ``Origin``) relies on the types of some variables: those it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CellType, FrameType, FunctionType
from typing import Any

from vlua.vm.access import NO_FIELDS
from vlua.vm.arguments import ABSENT
from vlua.vm.cpython import assign_variables, set_closure
from vlua.vm.frames import FunctionInfo, Level, information, lib_error
from vlua.vm.liveness import spent_variables
from vlua.vm.table import LuaTable

__all__ = ["Place", "contents", "join_upvalues", "local_place", "raw_contents", "upvalue", "vararg_place"]

TEMPORARY = "(*temporary)"
VARARG = "(*vararg)"
NO_NAME = "(*no name)"
# Stack slots that a function under a hook shows beyond its locals; they hold nothing.
HOOK_SLOTS = 20
# Hidden locals of loops: how many locals later the visible variable of the same value comes.
CONTROLS = {"(for index)": 3, "(for control)": 1}
KINDS: dict[str, tuple[type, ...]] = {
    "nil": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "float": (float,),
    "number": (int, float),
    "string": (str,),
    "table": (LuaTable,),
    "function": (FunctionType,),
}


class Place:
    """A variable of a stack level: its name as PUC shows it, its value, and a way to assign it (or none)."""

    __slots__ = ("name", "set", "value")

    def __init__(self, name: str, value: Any, set: Callable[[Any], None] | None = None) -> None:
        self.name = name
        self.value = value
        self.set = set


def local_place(level: Level, number: int, hooked: bool) -> Place | None:
    """Local number ``number`` of a level, temporaries behind; ``hooked``: the level was stopped by a hook."""
    if number < 1:
        return None
    if level.info is None:
        items = arguments(level.frame)
        return Place(TEMPORARY, items[number - 1]) if number <= len(items) else None
    info = level.info
    active = info.active(level.frame.f_code, level.instruction)
    if number <= len(active):
        local = active[number - 1]
        name = TEMPORARY if info.origin.stripped else local.name
        if local.ident is None:
            # Of what PUC keeps for a loop, the control variable shows in the first visible one.
            distance = CONTROLS.get(local.name, 0)
            shown = active[number - 1 + distance] if distance and number - 1 + distance < len(active) else None
            ident = shown.ident if shown is not None else None
            return Place(name, frame_place(level, info, name, ident).value if ident is not None else None)
        return frame_place(level, info, name, local.ident)
    number -= len(active)
    temporaries = sorted(live_temporaries(level.frame), key=lambda ident: int(ident[1:]))
    if number <= len(temporaries):
        ident = temporaries[number - 1]
        frame = level.frame
        return Place(TEMPORARY, frame.f_locals[ident], lambda value: assign_variables(frame, {ident: value}))
    return Place(TEMPORARY, None) if hooked and number <= HOOK_SLOTS else None


def vararg_place(level: Level, number: int) -> Place | None:
    """Extra argument number ``number`` of a level."""
    if level.info is None or not level.info.is_vararg:
        return None
    frame = function_frame(level.frame)
    extra = frame.f_locals.get("varargs", ())
    if not 1 <= number <= len(extra):
        return None

    def set(value: Any) -> None:
        assign_variables(frame, {"varargs": (*extra[: number - 1], value, *extra[number:])})

    return Place(VARARG, extra[number - 1], set)


def arguments(frame: FrameType) -> list[Any]:
    """The arguments that a library function was called with."""
    code = frame.f_code
    if not isinstance(frame, FrameType):
        return []
    seen = frame.f_locals
    items = [seen.get(name, ABSENT) for name in code.co_varnames[: code.co_argcount]]
    if code.co_flags & 0x04:  # CO_VARARGS
        items.extend(seen.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount], ()))
    while items and items[-1] is ABSENT:
        items.pop()
    return [None if item is ABSENT else item for item in items]


def live_temporaries(frame: FrameType) -> Iterator[str]:
    """The intermediate values that a frame will still read."""
    if not isinstance(frame, FrameType):
        return
    spent = set(spent_variables(frame))
    for ident in frame.f_locals:
        if ident[0] == "t" and ident[1:].isdecimal() and ident not in spent:
            yield ident


def function_frame(frame: FrameType) -> FrameType:
    """The frame of the whole function that an outlined loop belongs to."""
    while True:
        info = information(frame.f_code)
        if info is None or not info.outlined or frame.f_back is None:
            return frame
        frame = frame.f_back


def frame_place(level: Level, info: FunctionInfo, name: str, ident: str) -> Place:
    """A local by its Python name, in the frame that has it."""
    frame = level.frame
    while ident not in frame.f_locals:
        outer = frame.f_back
        around = information(frame.f_code)
        if outer is None or around is None or not around.outlined:
            return Place(name, None)
        frame = outer
    seen = frame.f_locals
    value = seen[ident]

    def set(new: Any) -> None:
        check_kind(info, name, ident, new)
        if type(value) is list:
            value[0] = new
            return
        changes = {ident: new}
        shadow = f"{ident}.hash"
        if shadow in seen:
            changes[shadow] = shadow_of(new)
        assign_variables(frame, changes)

    return Place(name, value[0] if type(value) is list else value, set)


def check_kind(info: FunctionInfo, name: str, ident: str, value: Any) -> None:
    """Refuse a value of a type that code relies on the variable not to have."""
    kind = info.origin.kinds.get(ident)
    if kind is not None and type(value) not in KINDS.get(kind, ()):
        raise lib_error(f"cannot change the type of variable '{name}': its chunk does not mention this function")


def shadow_of(value: Any) -> dict[Any, Any]:
    """What compiled code keeps beside a variable for access to fields."""
    return value.hash if type(value) is LuaTable else NO_FIELDS


# Upvalues


def raw_contents(cell: CellType) -> Any:
    """What a cell holds, ``None`` for nothing."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def contents(cell: CellType) -> Any:
    """The Lua value in a cell: variables of loops are boxed in a list; a variable without a value is nil."""
    value = raw_contents(cell)
    return value[0] if type(value) is list else value


class Upvalue:
    """An upvalue of a Lua function: its name as PUC shows it, and the cell that holds it."""

    __slots__ = ("cell", "function", "ident", "info", "name")

    def __init__(self, function: FunctionType, info: FunctionInfo, name: str, ident: str) -> None:
        self.function = function
        self.info = info
        self.name = NO_NAME if info.origin.stripped else name
        self.ident = ident
        self.cell = self.cell_of(ident)

    def cell_of(self, ident: str) -> CellType | None:
        names = self.function.__code__.co_freevars
        return self.function.__closure__[names.index(ident)] if ident in names else None  # type: ignore[index]

    @property
    def value(self) -> Any:
        """The Lua value."""
        return contents(self.cell) if self.cell is not None else None

    def set(self, value: Any) -> None:
        """Assign it. Raises LuaError for a type that its chunk does not expect."""
        check_kind(self.info, self.name, self.ident, value)
        if self.cell is None:
            return
        if type(raw_contents(self.cell)) is list:
            self.cell.cell_contents[0] = value
            return
        self.cell.cell_contents = value
        for ident in (f"{self.ident}.hash", "E" if self.ident == "_ENV" else ""):
            shadow = self.cell_of(ident)
            if shadow is not None:
                shadow.cell_contents = shadow_of(value)


def upvalue(function: FunctionType, number: int) -> Upvalue | None:
    """Upvalue ``number`` of a Lua function; ``None`` for others, and where there is none."""
    info = information(function.__code__)
    if info is None or not 1 <= number <= len(info.upvalues):
        return None
    return Upvalue(function, info, *info.upvalues[number - 1])


def join_upvalues(target: Upvalue, source: Upvalue) -> None:
    """Make one upvalue the variable that another is. Raises LuaError where compiled code rules that out."""
    if target.cell is None or source.cell is None:
        return
    boxed = type(raw_contents(target.cell)) is list
    if boxed != (type(raw_contents(source.cell)) is list):
        raise lib_error(f"cannot join variable '{target.name}' with a variable of a loop")
    check_kind(target.info, target.name, target.ident, source.value)
    # The box is the variable where there is one.
    cells = {target.ident: CellType(raw_contents(source.cell)) if boxed else source.cell}
    for ident in (f"{target.ident}.hash", "E" if target.ident == "_ENV" else ""):
        if target.cell_of(ident) is not None:
            cells[ident] = CellType(shadow_of(source.value))
    function = target.function
    names = function.__code__.co_freevars
    own = zip(names, function.__closure__ or (), strict=True)
    set_closure(function, tuple(cells.get(name, cell) for name, cell in own))
