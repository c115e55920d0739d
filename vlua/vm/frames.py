"""The Lua call stack, read off Python's frames: positions, names, error texts, tracebacks.

In: Python frames and tracebacks of compiled Lua code, library functions and the machine's own helpers.
Out: errors worded as PUC words them, stack levels (manual §6.10), traceback text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any, NamedTuple

import attrs

from vlua.vm.call import PENDING_CALLERS, apply
from vlua.vm.charging import LONG_TEXT, charge_caller
from vlua.vm.errors import LuaError
from vlua.vm.table import LuaTable

__all__ = [
    "INTERRUPTIONS",
    "FunctionInfo",
    "Level",
    "Local",
    "Operation",
    "Origin",
    "arg_error",
    "call_error",
    "event_of",
    "information",
    "levels",
    "lib_error",
    "mark_native",
    "operand_error",
    "position_of",
    "run_error",
    "translate",
    "where",
]

Operand = tuple[str, str] | None


class Operation(NamedTuple):
    """What one operation of the source does: its ``kind`` and the names of its operands, as PUC describes them."""

    kind: str
    operands: tuple[Operand, ...]


@attrs.define(eq=False)
class Origin:
    """Where the functions of a chunk come from: its whole text, and how it was compiled.

    ``loose`` code is prepared for ``debug`` to assign its variables at any time; the rest relies on ``kinds``, the
    types of the variables (by Python name) that are only ever given values of one. ``stripped`` code shows no names
    and no positions.
    """

    text: str
    loose: bool
    stripped: bool
    kinds: dict[str, str]


# The end of what lasts as long as its function.
FOREVER = 1 << 62


@attrs.define(eq=False)
class Local:
    """A local variable in force for the operations from number ``start`` up to ``end``.

    ``ident`` is its Python name; ``None`` for a hidden one of a loop, whose value is not in a variable.
    """

    name: str
    ident: str | None
    start: int
    end: int = FOREVER


@attrs.define(eq=False)
class FunctionInfo:
    """What is known about one compiled Lua function; the last constant of its code object."""

    name: str
    source: str
    short_source: str
    line: int
    end_line: int
    parameters: tuple[str, ...]
    is_vararg: bool
    upvalues: tuple[tuple[str, str], ...]
    operations: list[Operation]
    origin: Origin
    number: int = 0
    locals: list[Local] = attrs.Factory(list)
    outlined: bool = False
    is_main: bool = False
    # Lines and operations by instruction, once something has asked for them.
    positions: list[tuple[int, int]] | None = None

    def locate(self, code: CodeType, instruction: int) -> tuple[int, Operation | None]:
        """Line and operation of the instruction at byte offset ``instruction``."""
        # Looking up a code object compares code objects, which takes long: each function's own positions are at hand.
        known = self.positions
        if known is None:
            # Line 0 is what every function begins with; stripped functions tell no line at all.
            first, stripped = max(self.line, 1), self.origin.stripped
            known = [(-1 if stripped else line or first, column or 0) for line, _, column, _ in code.co_positions()]
            self.positions = known
        index = instruction // 2
        line, column = known[index] if 0 <= index < len(known) else (self.line, 0)
        return line, self.operations[column] if column < len(self.operations) else None

    def active(self, code: CodeType, instruction: int) -> list[Local]:
        """The locals in force at an instruction, in the order of their declaration."""
        self.locate(code, instruction)
        known = self.positions or []
        index = instruction // 2
        column = known[index][1] if 0 <= index < len(known) else 0
        if column == 0:
            # Before the first instruction of the text there are the parameters.
            return self.locals[: len(self.parameters)]
        return [local for local in self.locals if local.start <= column < local.end]


APPLY = apply.__code__
# The machine's functions that call Lua in between, and what they do that for.
INTERRUPTIONS: dict[CodeType, str] = {}

# Code of library and host functions, with the qualified name PUC would find for it in ``package.loaded``.
NATIVE: dict[CodeType, str] = {}


def mark_native(function: FunctionType, name: str = "") -> None:
    """Register the code of a library or host function: it counts as a level of the Lua stack."""
    NATIVE.setdefault(function.__code__, name)


def information(code: CodeType) -> FunctionInfo | None:
    """The ``FunctionInfo`` of compiled Lua code, ``None`` for any other code."""
    last = code.co_consts[-1] if code.co_consts else None
    return last if type(last) is FunctionInfo else None


class Level(NamedTuple):
    """One level of the Lua stack: a frame of Lua code (``info``) or of a library function (``info`` is None)."""

    frame: FrameType
    instruction: int
    info: FunctionInfo | None
    line: int
    operation: Operation | None
    tail_called: bool
    # Why it stands still, if not for a call of its own: ``hook``, or ``__gc`` for a finalizer.
    interrupted: str = ""


def levels(frames: Iterator[tuple[FrameType, int]]) -> Iterator[Level]:
    """The Lua levels among Python frames (innermost first), helpers and replaced tail callers left out."""
    inside_outlined = False
    tail_called = applied = False
    interrupted = ""
    pending: Level | None = None
    for frame, instruction in frames:
        code = frame.f_code
        info = information(code)
        if info is None:
            if code in NATIVE:
                if pending is not None:
                    yield pending._replace(tail_called=tail_called) if tail_called else pending
                    tail_called = False
                pending = Level(frame, instruction, None, -1, None, False, interrupted)
                interrupted = ""
            elif code in INTERRUPTIONS:
                interrupted = INTERRUPTIONS[code]
            elif code in PENDING_CALLERS and applied and pending is not None and pending.info is not None:
                tail_called = True
            applied = code is APPLY
            continue
        applied = False
        if inside_outlined:
            inside_outlined = info.outlined
            continue
        line, operation = info.locate(code, instruction)
        inside_outlined = info.outlined
        if operation is not None and operation.kind == "tail" and pending is not None and pending.info is not None:
            tail_called = True
            continue
        if pending is not None:
            yield pending._replace(tail_called=tail_called) if tail_called else pending
            tail_called = False
        pending = Level(frame, instruction, info, line, operation, False, interrupted)
        interrupted = ""
    if pending is not None:
        yield pending._replace(tail_called=tail_called) if tail_called else pending


def walk(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    """Python frames from ``frame`` outwards with the instruction each is at."""
    while frame is not None:
        yield frame, frame.f_lasti
        frame = frame.f_back


def unwound(traceback: TracebackType | None) -> list[tuple[FrameType, int]]:
    """The frames an exception has left behind it, innermost first."""
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lasti))
        traceback = traceback.tb_next
    frames.reverse()
    return frames


# Metamethods by the name of the machine's function that calls them; the others have the event in a variable.
EVENTS = {
    "unm": "__unm",
    "bnot": "__bnot",
    "length": "__len",
    "eq": "__eq",
    "concat": "__concat",
    "concat_mixed": "__concat",
    "index": "__index",
    "setindex": "__newindex",
}


def event_of(level: Level, caller: Level) -> str | None:
    """The event for which an operation of ``caller`` has called the function of ``level`` as a metamethod."""
    frame = level.frame.f_back
    # Between a metamethod and the operation stands the machine's own code.
    while frame is not None and frame is not caller.frame:
        event: str | None = EVENTS.get(frame.f_code.co_name) or frame.f_locals.get("event")
        if event is not None:
            return event
        frame = frame.f_back
    return None


def where(level: int) -> str:
    """``"chunk:line: "`` of a stack level, 1 being the caller of the running library function; else ``""``."""
    for number, item in enumerate(levels(walk(sys._getframe(1)))):
        if number == level:
            # Library functions leave the position out where there is no line; errors of the code itself do not.
            return position_of(item) if item.line > 0 else ""
    return ""


def position_of(level: Level) -> str:
    """``"chunk:line: "`` of a level of Lua code, ``""`` of any other."""
    return f"{level.info.short_source}:{level.line}: " if level.info is not None else ""


def lib_error(message: str) -> LuaError:
    """The error a library function raises, with its caller's position."""
    if len(message) > LONG_TEXT:
        charge_caller(len(message))
    return LuaError(where(1) + message)


def arg_error(position: int, message: str) -> LuaError:
    """``bad argument #position to 'name' (message)``, named as the caller called the function."""
    stack = levels(walk(sys._getframe(1)))
    callee = next(stack, None)
    caller = next(stack, None)
    prefix = ""
    name = None
    if caller is not None and callee is not None and caller.info is not None:
        prefix = position_of(caller) if caller.line > 0 else ""
        if not callee.tail_called and caller.operation is not None:
            operation = caller.operation
            if operation.kind in ("call", "method", "tail") and operation.operands[0] is not None:
                role, name = operation.operands[0]
                if role == "method":
                    position -= 1
                    if position == 0:
                        return LuaError(f"{prefix}calling '{name}' on bad self ({message})")
            elif operation.kind == "iterator":
                name = "for iterator"
            else:
                name = event_of(callee, caller)
    if name is None and callee is not None:
        name = NATIVE.get(callee.frame.f_code)
    return LuaError(f"{prefix}bad argument #{position} to '{name or '?'}' ({message})")


def run_error(message: str) -> LuaError:
    """An error of the running Lua code itself, with its position unless a library function is running."""
    level = next(levels(walk(sys._getframe(1))), None)
    return LuaError((position_of(level) if level is not None else "") + message)


def operand_error(message: str, operand: int, suffix: str = "") -> LuaError:
    """``message`` plus the name of operand number ``operand`` of the running operation, with position."""
    level = next(levels(walk(sys._getframe(1))), None)
    if level is None or level.info is None:
        return LuaError(message)
    described = ""
    if level.operation is not None and operand < len(level.operation.operands):
        described = describe(level.operation.operands[operand])
    return LuaError(position_of(level) + message + described + suffix)


def describe(operand: Operand) -> str:
    """`` (global 'x')`` and the like; to C a name ends at its first zero."""
    return f" ({operand[0]} '{operand[1].partition(chr(0))[0]}')" if operand is not None else ""


TYPE_NAMES = {
    "NoneType": "nil",
    "bool": "boolean",
    "int": "number",
    "float": "number",
    "str": "string",
    "LuaTable": "table",
    "function": "function",
    "Coroutine": "thread",
}


def type_name(value: Any) -> str:
    """The name of a value's type, a string ``__name`` in its metatable winning, for error messages."""
    name = TYPE_NAMES.get(type(value).__name__, "userdata")
    if name in ("table", "userdata"):
        meta = getattr(value, "meta", None)
        given = meta.hash.get("__name") if isinstance(meta, LuaTable) else None
        if type(given) is str:
            return given
    return name


def call_error(value: Any) -> LuaError:
    """``attempt to call a … value`` for the running operation."""
    return operand_error(f"attempt to call a {type_name(value)} value", 0)


NOT_CALLABLE = re.compile(r"'([\w.]+)' object is not callable")


def translate(exception: Exception) -> LuaError:
    """The Lua error that a Python exception out of compiled code stands for; Lua errors pass through.

    Python's own refusal to call a non-function, a full stack and a full memory become PUC's errors.
    """
    if isinstance(exception, LuaError):
        return exception
    frames = unwound(exception.__traceback__)
    level = next(levels(iter(frames)), None)
    prefix = position_of(level) if level is not None else ""
    if isinstance(exception, RecursionError):
        return LuaError(prefix + "stack overflow")
    if isinstance(exception, MemoryError):
        return LuaError("not enough memory")
    if isinstance(exception, TypeError) and frames and level is not None and frames[0][0] is level.frame:
        found = NOT_CALLABLE.search(str(exception))
        if found:
            kind = TYPE_NAMES.get(found.group(1).rpartition(".")[2], "userdata")
            described = ""
            if level.operation is not None and level.operation.kind in ("call", "method", "tail"):
                described = describe(level.operation.operands[0])
            return LuaError(f"{prefix}attempt to call a {kind} value{described}")
    error = LuaError(f"{prefix}internal error: {type(exception).__name__}: {exception}")
    error.__cause__ = exception
    return error
