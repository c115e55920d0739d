"""The Lua stack as ``debug`` shows it: its levels, what each is called, and ``debug.traceback``'s text.

In: a state and a thread. Out: levels, names, text in PUC's format.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING

from vlua.vm.frames import Level, event_of, information, levels, walk
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vm.coroutine import Coroutine
    from vlua.vm.state import State

__all__ = ["call_site", "function_names", "stack_of", "traceback_text"]

# Levels shown at the top and at the bottom of a stack too long to show.
TOP_LEVELS = 10
BOTTOM_LEVELS = 11


def stack_of(state: State, thread: Coroutine | None, here: FrameType) -> Iterator[Level]:
    """The levels of a thread, innermost first; ``None`` is the running one, seen from frame ``here``."""
    if thread is None or thread is state.current or (state.current is None and thread.status == "running"):
        return levels(running_frames(state, here))
    if thread.frame is not None:
        return levels(walk(thread.frame))
    return iter(thread.failure)


def running_frames(state: State, frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    """The frames of the running thread; below a message handler those of the error it handles."""
    handler_code = type(state).run_handler.__code__
    handling = False
    while frame is not None:
        if frame.f_code is handler_code and not handling:
            handling = True
            # The last one is the frame that caught the error, which is still running.
            yield from state.error_frames[:-1]
        yield frame, frame.f_lasti
        frame = frame.f_back


def call_site(level: Level, caller: Level | None) -> tuple[str, str | None]:
    """What the calling code calls the function of a level: kind of name ("local", "method", …) and name."""
    if level.interrupted == "__gc":
        # As in PUC, it is the function that the finalizer has interrupted which is called so.
        return "metamethod", "__gc"
    if caller is None or caller.info is None or caller.operation is None or level.tail_called:
        return "", None
    if caller.interrupted == "hook":
        return "hook", "?"
    operation = caller.operation
    if operation.kind in ("call", "method", "tail"):
        operand = operation.operands[0] if operation.operands else None
        return ("", None) if operand is None else operand
    if operation.kind == "iterator":
        return "for iterator", "for iterator"
    event = event_of(level, caller)
    return ("", None) if event is None else ("metamethod", event)


def function_names(state: State) -> dict[CodeType, str]:
    """The names that functions have in ``package.loaded``, by their code; globals go without prefix."""
    names: dict[CodeType, str] = {}
    loaded = state.registry.hash["_LOADED"]
    for module, table in list(loaded.hash.items()):
        if type(table) is not LuaTable or type(module) is not str:
            continue
        state.tick(len(table.hash) // 4)
        prefix = "" if module == "_G" else f"{module}."
        for key, value in table.hash.items():
            if type(value) is FunctionType and type(key) is str:
                names.setdefault(getattr(value, "__wrapped__", value).__code__, prefix + key)
    return names


def describe(level: Level, caller: Level | None, names: dict[CodeType, str]) -> str:
    """What a traceback calls a level."""
    known = names.get(level.frame.f_code)
    if known is not None:
        return f"function '{known}'"
    kind, name = call_site(level, caller)
    if kind:
        return f"{kind} '{name}'"
    info = information(level.frame.f_code)
    if info is None:
        return "?"
    return "main chunk" if info.is_main else f"function <{info.short_source}:{info.line}>"


def traceback_text(stack: list[Level], start: int, names: dict[CodeType, str]) -> str:
    """The lines of ``debug.traceback`` for the levels from number ``start``."""
    lines = ["stack traceback:"]
    last = len(stack) - 1
    skipping = last - start > TOP_LEVELS + BOTTOM_LEVELS
    number = max(start, 0)
    while number <= last:
        if skipping and number - start == TOP_LEVELS:
            lines.append("\n\t...")
            number = last - BOTTOM_LEVELS + 1
            skipping = False
            continue
        level = stack[number]
        caller = stack[number + 1] if number < last else None
        place = f"{level.info.short_source}:" if level.info is not None else "[C]:"
        if level.line > 0:
            place += f"{level.line}:"
        lines.append(f"\n\t{place} in {describe(level, caller, names)}")
        if level.tail_called:
            lines.append("\n\t(...tail calls...)")
        number += 1
    return "".join(lines)
