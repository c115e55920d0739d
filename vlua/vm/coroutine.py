"""Coroutines over greenlets (manual §2.6).

In: a Lua function and the values passed by ``resume`` and ``yield``. Out: the values they hand over, or the error.
``State.current`` names the running coroutine; ``None`` is the main thread.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, ClassVar, Final
from weakref import WeakSet

from greenlet import error as GreenletError
from greenlet import getcurrent, greenlet

from vlua.vm.call import apply, values
from vlua.vm.errors import LimitReached, LuaError
from vlua.vm.frames import Level, levels, translate, unwound

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["DEAD", "MAX_ALIVE", "NORMAL", "RUNNING", "SUSPENDED", "Coroutine", "Coroutines"]

SUSPENDED: Final = "suspended"
RUNNING: Final = "running"
NORMAL: Final = "normal"
DEAD: Final = "dead"

# Instruction units for starting one: about eight microseconds.
START_UNITS = 50
# Started and unfinished coroutines of one runtime, each of which takes 7 KB: past this a script gets "not enough
# memory".
MAX_ALIVE = 200_000
# Nested calls through C code, as in State: every nested resume takes a piece of the C stack.
MAX_NESTING = 200
# Levels of a failed coroutine's stack that debug.traceback can still show.
KEPT_LEVELS = 30


class Remains:
    """What is kept of a frame that an error has unwound: its code, nothing of its variables."""

    __slots__ = ("f_code",)

    f_back = None
    f_locals: ClassVar[dict[str, Any]] = {}
    f_globals: ClassVar[dict[str, Any]] = {}

    def __init__(self, code: CodeType) -> None:
        self.f_code = code


class Coroutines:
    """The coroutines of one runtime: makes them, counts them, and ends the abandoned ones."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.alive: WeakSet[Coroutine] = WeakSet()
        self.abandoned: list[greenlet] = []
        self.ending = False
        # What the coroutine that is being left yields.
        self.handed_over: tuple[Any, ...] = ()
        # Function and arguments of the coroutine that is being started.
        self.beginning: list[Any] = []
        self.main = Coroutine(self, None)
        self.main.status = RUNNING

    def running(self) -> Coroutine:
        """The running coroutine, or the object that stands for the main thread."""
        return self.state.current or self.main

    def yield_values(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Suspend the running coroutine, handing over ``args``; the values of the next resume.

        Raises LuaError outside a coroutine and inside library functions that cannot be suspended (manual §6.2).
        """
        state = self.state
        if state.current is None:
            raise LuaError("attempt to yield from outside a coroutine")
        if state.non_yieldable:
            raise LuaError("attempt to yield across a C-call boundary")
        # No local here may name the coroutine, nor may the C stack hold what it yields: both last as long as it sleeps.
        self.handed_over = args
        del args
        return getcurrent().parent.switch()  # type: ignore[no-any-return]

    def start(self, coroutine: Coroutine) -> greenlet:
        """Count a coroutine as alive and give it a greenlet. Raises LuaError when there are too many."""
        state = self.state
        state.tick(START_UNITS)
        alive = len(self.alive)
        allowed = state.meter.limits.coroutines
        if alive >= min(MAX_ALIVE, state.garbage.coroutine_threshold) or allowed is not None and alive >= allowed:
            # Those that only their own frames refer to are freed by a collection.
            state.garbage.crowded(alive)
            if allowed is not None and len(self.alive) >= allowed:
                raise LimitReached("coroutines", allowed)
            if len(self.alive) >= MAX_ALIVE:
                raise LuaError("not enough memory")
        self.alive.add(coroutine)
        return greenlet(self.run)

    def sleeping(self) -> list[Coroutine]:
        """The coroutines that wait to be resumed."""
        return [item for item in self.alive if item.status == SUSPENDED and item.greenlet is not None]

    def waiting_frames(self) -> Iterator[FrameType]:
        """The innermost frames of the threads that have resumed the running one."""
        waiting = getcurrent().parent
        while waiting is not None:
            frame = waiting.gr_frame
            if frame is not None:
                yield frame
            waiting = waiting.parent

    def run(self) -> tuple[Any, ...] | LuaError:
        """The life of a coroutine: what its function returns, or the error it ends with."""
        beginning, self.beginning = self.beginning, []
        try:
            return values(launch(beginning))
        except Exception as exception:
            # Whatever a protected call catches; the two limits and the greenlet's own end are no Exception.
            error = translate(exception)
            current = self.state.current
            if current is not None:
                stack = islice(levels(iter(unwound(exception.__traceback__))), KEPT_LEVELS)
                current.failure = [
                    level._replace(frame=Remains(level.frame.f_code))  # type: ignore[arg-type]
                    for level in stack
                ]
            for item in (exception, error):
                item.__traceback__ = item.__context__ = item.__cause__ = None
            return error

    def end(self, sleeper: greenlet) -> None:
        """Unwind a greenlet that nobody will resume.

        Its frames may own further coroutines, whose turn comes in this loop, so that a chain does not fill the C stack.
        """
        self.abandoned.append(sleeper)
        if self.ending:
            return
        self.ending = True
        state = self.state
        depth, nesting, non_yieldable, current = state.c_depth, state.nesting[0], state.non_yieldable, state.current
        try:
            while self.abandoned:
                target = self.abandoned.pop()
                try:
                    target.parent = getcurrent()
                    target.throw()
                except (ValueError, GreenletError):
                    # It belongs to another host thread, where greenlet ends it when it gets there.
                    pass
                except RuntimeError:
                    # The interpreter is being taken down, and greenlet with it.
                    if not target.dead and not sys.is_finalizing():
                        raise
        finally:
            self.ending = False
            state.c_depth, state.nesting[0], state.non_yieldable, state.current = depth, nesting, non_yieldable, current

    def close(self) -> None:
        """End every sleeping coroutine of the runtime: frees the ones that own themselves, which nothing else does."""
        for coroutine in self.sleeping():
            coroutine.abandon()


class Coroutine:
    """A Lua thread: its function, and the greenlet that runs it once it has been resumed.

    ``status`` is one of the words of ``coroutine.status``. Nothing in the greenlet's own frames refers to this object,
    so a coroutine that no one else can reach is freed, and its greenlet ended, at once.
    """

    __slots__ = ("__weakref__", "coroutines", "depths", "failure", "function", "greenlet", "status")

    coroutines: Coroutines
    function: Any
    greenlet: greenlet | None
    status: str
    # The state's counters of nested calls as it went to sleep.
    depths: tuple[int, int]
    # Where the error that ended it was raised, innermost level first.
    failure: list[Level]

    def __init__(self, coroutines: Coroutines, function: Any) -> None:
        """``function`` is the Lua function to run; ``None`` for the main thread's object."""
        self.coroutines = coroutines
        self.function = function
        self.greenlet = None
        self.status = SUSPENDED
        self.failure = []

    def __del__(self) -> None:
        sleeper = self.greenlet
        if sleeper is not None and not sleeper.dead:
            self.coroutines.end(sleeper)

    def abandon(self) -> None:
        """End a sleeping coroutine that nobody will resume."""
        sleeper, self.greenlet = self.greenlet, None
        self.status = DEAD
        self.coroutines.alive.discard(self)
        if sleeper is not None:
            self.coroutines.end(sleeper)

    @property
    def frame(self) -> FrameType | None:
        """The innermost Python frame while another thread runs; ``None`` before the start and after the end."""
        return self.greenlet.gr_frame if self.greenlet is not None else None

    def resume(self, args: tuple[Any, ...]) -> tuple[Any, ...] | LuaError:
        """Run until the next yield, the end or an error: the values handed over, or the error, returned, not raised.

        ``LimitReached`` and ``ExitRequest`` pass through. Manual §6.2 ``coroutine.resume``.
        """
        if self.status != SUSPENDED:
            return LuaError(f"cannot resume {'dead' if self.status == DEAD else 'non-suspended'} coroutine")
        state = self.coroutines.state
        depth, nesting = state.c_depth, state.nesting[0]
        if depth + 1 >= state.max_depth:
            if state.max_depth < MAX_NESTING:
                raise state.too_deep()
            return LuaError("C stack overflow")
        target = self.greenlet
        here = getcurrent()
        message: tuple[Any, ...] = (args,)
        if target is None:
            target = self.coroutines.start(self)
            message = ()
            self.greenlet = target
            self.coroutines.beginning = [self.function, *args]
            self.function = None
        elif target.parent is not here:
            try:
                target.parent = here
            except ValueError:
                return LuaError("cannot resume a coroutine of another host thread")
        if message and state.meter.call_depth is not None:
            state.meter.deepen(frame_count(target.gr_frame))
        previous = state.current
        non_yieldable = state.non_yieldable
        if previous is None:
            self.coroutines.main.status = NORMAL
            self.coroutines.main.greenlet = here
        else:
            previous.status = NORMAL
        state.current = self
        state.non_yieldable = 0
        # A greenlet always runs where on the C stack it was started, so its depth is its own.
        state.c_depth, state.nesting[0] = self.depths if message else (depth + 1, nesting)
        self.status = RUNNING
        if state.hooks is not None:
            state.hooks.renew()
        try:
            result: tuple[Any, ...] | LuaError = target.switch(*message)
            if not target.dead:
                result, self.coroutines.handed_over = self.coroutines.handed_over, ()
            return result
        finally:
            self.depths = state.c_depth, state.nesting[0]
            state.current = previous
            state.non_yieldable = non_yieldable
            state.c_depth, state.nesting[0] = depth, nesting
            if previous is None:
                self.coroutines.main.status = RUNNING
                self.coroutines.main.greenlet = None
            else:
                previous.status = RUNNING
            if target.dead:
                self.status = DEAD
                self.greenlet = None
                self.coroutines.alive.discard(self)
            else:
                self.status = SUSPENDED
            if state.hooks is not None:
                state.hooks.renew()


def frame_count(frame: FrameType | None) -> int:
    """The number of frames from one outwards."""
    count = 0
    while frame is not None:
        count += 1
        frame = frame.f_back
    return count


def launch(beginning: list[Any]) -> Any:
    """Call the first item with the others; this frame, which lasts as long as the coroutine, keeps none of them."""
    count = len(beginning)
    take = beginning.pop
    if count == 1:
        return take()()
    if count == 2:
        return take(0)(take())
    if count == 3:
        return take(0)(take(0), take())
    function, args = beginning[0], tuple(beginning[1:])
    beginning.clear()
    return apply(function, args)
