"""Hooks (manual §6.10 ``debug.sethook``) over Python's tracing, which is on only while a script has set one.

In: the hook of each coroutine. Out: calls of it at calls, returns, new lines, and every so many instructions.
Without hooks this module is never entered. While they are on, the host's own trace function (a debugger's, say) is off.
"""

from __future__ import annotations

import dis
import sys
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from vlua.vm.call import PENDING_CALLERS, TAIL, apply
from vlua.vm.frames import INTERRUPTIONS, NATIVE, FunctionInfo, information

if TYPE_CHECKING:
    from vlua.vm.coroutine import Coroutine
    from vlua.vm.state import State

__all__ = ["Hook", "Hooks"]

# Python's instructions that count as one of Lua's: about as many as PUC needs for the same text.
COUNTED = frozenset(
    dis.opmap[name]
    for name in ("CALL", "GET_ITER", "FOR_ITER", "COMPARE_OP", "BINARY_OP", "RETURN_VALUE")
    if name in dis.opmap
)
# Code objects whose instructions are kept at hand.
MAX_CODES = 500


class Hook:
    """A hook of one coroutine: the Lua function, the events it wants, and instructions left until the next count."""

    __slots__ = ("calls", "count", "function", "left", "lines", "returns")

    def __init__(self, function: FunctionType, mask: str, count: int) -> None:
        self.function = function
        self.calls = "c" in mask
        self.returns = "r" in mask
        self.lines = "l" in mask
        self.count = self.left = max(count, 0)

    @property
    def mask(self) -> str:
        """The events as ``gethook`` shows them."""
        return ("c" if self.calls else "") + ("r" if self.returns else "") + ("l" if self.lines else "")


class Hooks:
    """The hooks of one runtime."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.main: Hook | None = None
        self.others: WeakKeyDictionary[Coroutine, Hook] = WeakKeyDictionary()
        self.installed = False
        self.before: Any = None
        # Frames whose function has tail-called a Lua function: they return unseen.
        self.replaced: set[int] = set()
        # The frame that an exception is passing through.
        self.unwinding: FrameType | None = None
        # Where the last new line was: frame, line, instruction; whether code without a line has run since.
        self.last = (0, 0, 0)
        self.unseen = False
        self.codes: dict[int, tuple[CodeType, bytes]] = {}

    def get(self, thread: Coroutine | None) -> Hook | None:
        """The hook of a coroutine, of the main thread for ``None``."""
        return self.main if thread is None else self.others.get(thread)

    def set(self, thread: Coroutine | None, hook: Hook | None, frame: FrameType | None) -> None:
        """Give a coroutine a hook or take it away; ``frame`` is the innermost of those it is running."""
        if thread is None:
            self.main = hook
        elif hook is None:
            self.others.pop(thread, None)
        else:
            self.others[thread] = hook
        if hook is not None:
            self.watch(hook, frame)
        self.renew()

    def watch(self, hook: Hook, frame: FrameType | None) -> None:
        """Follow frames that are already running."""
        while frame is not None:
            if information(frame.f_code) is not None or frame.f_code in NATIVE:
                self.follow(hook, frame)
                frame.f_trace = self.trace
            frame = frame.f_back

    def follow(self, hook: Hook, frame: FrameType) -> None:
        """Say which events of a frame the hook needs."""
        frame.f_trace_lines = hook.lines and frame.f_code not in NATIVE
        frame.f_trace_opcodes = hook.count > 0

    def renew(self) -> None:
        """Switch tracing on or off as the running coroutine needs it.

        Wanted when another coroutine goes on, and after an error in a hook, when Python has ended its tracing.
        """
        if self.get(self.state.current) is None:
            self.leave()
        elif not self.installed or sys.gettrace() != self.trace:
            if not self.installed:
                self.before = sys.gettrace()
                self.installed = True
            sys.settrace(self.trace)

    def leave(self) -> None:
        """Give the host its own trace function back."""
        if self.installed:
            self.installed = False
            sys.settrace(self.before)
            self.before = None

    # Events

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Python's trace function, for all frames of the thread."""
        current = self.state.current
        hook = self.main if current is None else self.others.get(current)
        if hook is None:
            return None if event == "call" else self.trace
        code = frame.f_code
        info = information(code)
        if info is None and code not in NATIVE:
            return None
        if event == "call":
            self.follow(hook, frame)
            if info is None or not info.outlined:
                name = "tail call" if info is not None and self.is_tail_call(frame) else "call"
                if hook.calls:
                    self.run(hook, frame, name)
        elif event == "line":
            if info is not None:
                self.unwinding = None
                self.new_line(hook, frame, info)
        elif event == "opcode":
            if info is not None and hook.count and self.instruction(frame) in COUNTED:
                hook.left -= 1
                if hook.left <= 0:
                    hook.left = hook.count
                    self.run(hook, frame, "count")
        elif event == "return":
            self.returned(hook, frame, info, arg)
        elif event == "exception":
            self.unwinding = frame
        return self.trace

    def instruction(self, frame: FrameType) -> int:
        """The code of the instruction about to run."""
        code = frame.f_code
        known = self.codes.get(id(code))
        if known is None:
            if len(self.codes) >= MAX_CODES:
                self.codes.clear()
            known = self.codes[id(code)] = (code, code.co_code)
        return known[1][frame.f_lasti]

    def is_tail_call(self, frame: FrameType) -> bool:
        """Whether a Lua function that begins takes the place of its caller."""
        caller = frame.f_back
        if caller is None:
            return False
        info = information(caller.f_code)
        if info is not None:
            operation = info.locate(caller.f_code, caller.f_lasti)[1]
            if operation is not None and operation.kind == "tail":
                self.replaced.add(id(caller))
                return True
            return False
        return caller.f_code is apply.__code__ and caller.f_back is not None and caller.f_back.f_code in PENDING_CALLERS

    def new_line(self, hook: Hook, frame: FrameType, info: FunctionInfo) -> None:
        """A line event of Python, which means one of Lua's, unless it is of what surrounds the code of the text."""
        line = frame.f_lineno
        operation = info.locate(frame.f_code, frame.f_lasti)[1]
        if not line or operation is not None and operation.kind == "define":
            self.unseen = True
            return
        last, self.last = self.last, (id(frame), line, frame.f_lasti)
        unseen, self.unseen = self.unseen, False
        if unseen and last[:2] == self.last[:2] and last[2] < frame.f_lasti:
            # The line goes on behind code that is none of the text.
            return
        if hook.lines:
            self.run(hook, frame, "line", None if info.origin.stripped else line)

    def returned(self, hook: Hook, frame: FrameType, info: FunctionInfo | None, result: Any) -> None:
        """The end of a frame, by a return, an error, or a tail call."""
        replaced = id(frame) in self.replaced
        self.replaced.discard(id(frame))
        failed = self.unwinding is frame and result is None
        self.unwinding = None
        if failed or replaced or info is not None and info.outlined:
            return
        if type(result) is tuple and result and result[0] is TAIL:
            return
        if hook.returns:
            self.run(hook, frame, "return")

    def run(self, hook: Hook, frame: FrameType, event: str, line: int | None = None) -> None:
        """Call the hook; Python traces nothing meanwhile."""
        state = self.state
        state.non_yieldable += 1
        try:
            state.call(hook.function, event, line)
        finally:
            state.non_yieldable -= 1
        # Python now writes its copy of the frame's variables back: bring that up to date.
        frame.f_locals  # noqa: B018


INTERRUPTIONS[Hooks.run.__code__] = "hook"
