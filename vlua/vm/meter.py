"""The meter: one iterator that every call and every loop pulls from, and the limits that are looked at while it runs.

In: what a run may cost. Out: an iterator, ``ticks``, that never ends: it raises ``LimitReached`` instead.
Compiled code pays one ``for`` step per call or iteration; the checks run once per slice, and at these safe points the
garbage collector gets its turn.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat
from operator import length_hint
from typing import Any, Protocol
from weakref import WeakSet

from vlua.vm.depth import call_depth
from vlua.vm.errors import LimitReached, LuaError

__all__ = ["Figures", "Meter"]

# Units between two looks at the clock: about a millisecond of compiled code; fewer while memory is watched, so that
# what they allocate in small pieces (strings up to State.uncharged, that is) stays in the tens of megabytes.
SLICE = 5_000
WATCHED_SLICE = 1_000
# Units that one look at the clock may cover when a library charges in bulk.
BULK = 10_000
# Bytes of a string that may be looked at once for every unit of a whole slice: with longer ones slices get shorter,
# since comparing two of them costs but a unit.
SHORT_STRING = 1 << 18
LEAST_SLICE = 50
# Units between two looks at the clock while they are handed out one by one.
SINGLES = 500
# Bytes charged between two looks at the memory, as a part of the memory that is allowed.
MEMORY_PARTS = 16
# Bytes of the trees for each byte of a source that is compiled, which are freed when it is: such trees may take that
# many times the memory that is allowed to stay, or so much at least.
TREE_BYTES = 1_400
TREE_PARTS = 8
LEAST_TREES = 1 << 28
# Seconds that may always pass without a look at the clock.
MOMENT = 0.05
# What `refill` returns to say that the next slice stands ready.
REFILLED = object()


class Figures:
    """What a run may cost; ``None``: as much as it likes. ``vlua.sandbox.limits.Limits`` is the public form."""

    instructions: int | None = None
    wall_time: float | None = None
    cpu_time: float | None = None
    memory: int | None = None
    call_depth: int | None = None
    nesting: int | None = None
    string_bytes: int | None = None
    table_entries: int | None = None
    coroutines: int | None = None
    pattern_steps: int | None = None
    output: int | None = None
    on_limit: str = "stop"


class Watcher(Protocol):
    """Watches the memory; see ``vlua.sandbox.memory``."""

    def begin(self) -> None:
        """A run begins."""

    def end(self) -> None:
        """A run ends."""

    def check(self, pending: int = 0) -> None:
        """Look whether there is too much; ``pending`` bytes are about to be allocated. Raises LimitReached."""


class Meter:
    """Counts instructions (calls and loop iterations) and watches the clocks, the depth of calls and the memory.

    ``instructions``: units allowed, or ``None``; ``limits``: the figures for all the rest. ``clock`` and ``cpu_clock``
    are functions returning seconds, needed for ``wall_time`` and ``cpu_time``. Several states may share a meter.
    """

    def __init__(
        self,
        instructions: int | None = None,
        limits: Any = Figures,
        clock: Callable[[], float] | None = None,
        cpu_clock: Callable[[], float] | None = None,
    ) -> None:
        self.limits: Any = limits
        self.instructions: int | None = limits.instructions if instructions is None else instructions
        self.call_depth: int | None = limits.call_depth
        self.clock = clock
        self.cpu_clock = cpu_clock
        self.deadline: float | None = None
        self.cpu_deadline: float | None = None
        # Seconds of the runs that have ended; when the present one began; the last look at the thread's clock.
        self.wall_spent = self.cpu_spent = 0.0
        self.wall_begun = self.cpu_begun = self.cpu_seen = 0.0
        self.running = False
        self.handed = 0
        self.bulk = 0
        # Bytes of large strings charged so far, and how many before the next look at the memory.
        self.charged = 0
        self.charged_at = sys.maxsize
        self.written = 0
        self.cancelled: LimitReached | None = None
        # The states that take their units from here.
        self.states: WeakSet[Any] = WeakSet()
        self.current: Iterator[None] = iter(())
        self.slice = SLICE
        self.bulk_size = BULK
        self.watcher: Watcher | None = None
        # Units that may be handed out before the depth of calls has to be measured again.
        self.slack = 0
        # Called at a refill once that many units have been handed out; they may run Lua code, and return when they
        # want to be called again.
        self.alarms: list[Callable[[], int]] = []
        self.alarm_at = sys.maxsize
        self.ringing = False
        # An exception out of the *source* of a chain ends the chain for good, one out of the *running* part does not.
        # So the source is C code that cannot fail, and `refill` is a part of its own: it may raise again and again,
        # and an interrupt in it leaves the meter whole.
        self.parts: deque[Iterator[None]] = deque([iter(self.refill, REFILLED)])
        self.ticks: Iterator[None] = chain.from_iterable(iter(self.parts.popleft, None))

    # Runs

    def start(self) -> None:
        """Start the clocks of a run; the instruction count goes on over several runs."""
        limits = self.limits
        if self.clock is not None:
            self.wall_begun = self.clock()
            if limits.wall_time is not None:
                self.deadline = self.wall_begun + limits.wall_time
        if self.cpu_clock is not None:
            self.cpu_begun = self.cpu_seen = self.cpu_clock()
            if limits.cpu_time is not None:
                self.cpu_deadline = self.cpu_begun + limits.cpu_time
        if self.watcher is not None:
            self.watcher.begin()
        self.running = True

    def stop(self) -> None:
        """End the run that ``start`` began."""
        self.running = False
        self.deadline = self.cpu_deadline = self.cancelled = None
        if self.watcher is not None:
            self.watcher.end()
        if self.clock is not None:
            self.wall_spent += self.clock() - self.wall_begun
        if self.cpu_clock is not None:
            self.cpu_spent += self.cpu_clock() - self.cpu_begun

    def cancel(self) -> None:
        """Stop the running script at its next slice, or else the next one at once; callable from another thread."""
        self.cancelled = LimitReached("cancelled", 0)

    def observe(self, watcher: Watcher, allowed: int) -> None:
        """Have ``watcher`` look at the memory at every slice, and whenever large strings have been charged for."""
        self.watcher = watcher
        self.slice = self.bulk_size = WATCHED_SLICE
        self.charge_pause = max(allowed // MEMORY_PARTS, 1)
        self.charged_at = self.charged + self.charge_pause

    charge_pause = sys.maxsize

    @property
    def used(self) -> int:
        """Units spent so far."""
        return self.handed - length_hint(self.current)

    @property
    def wall_seconds(self) -> float:
        """Seconds of all runs, the present one included; readable from any thread."""
        running = self.running and self.clock is not None
        return self.wall_spent + (self.clock() - self.wall_begun if running else 0.0)  # type: ignore[misc]

    @property
    def cpu_seconds(self) -> float:
        """Seconds that the runs' threads have computed, as of the last slice; readable from any thread."""
        return self.cpu_spent + (self.cpu_seen - self.cpu_begun if self.running else 0.0)

    # Units

    def refill(self) -> Any:
        """Hand out the next slice of units. Raises LimitReached when nothing is left, now and ever after."""
        if self.ringing:
            return self.single()
        self.check()
        if self.handed >= self.alarm_at:
            self.ring()
        size = self.slice
        if self.instructions is not None:
            size = min(size, self.instructions - self.handed)
            if size <= 0:
                raise self.exhausted()
        if self.call_depth is not None:
            # Every call takes a unit: with so many, no call gets deeper than is allowed.
            if self.slack <= 0:
                self.slack = self.calls_left()
            size = min(size, self.slack)
            self.slack -= size
        self.handed += size
        self.current = repeat(None, size)
        self.parts.extend((self.current, iter(self.refill, REFILLED)))
        return REFILLED

    def calls_left(self) -> int:
        """Units after which the depth of calls has to be measured again, this one included. Raises LimitReached."""
        allowed = self.call_depth or 0
        left = allowed - call_depth(self.ticks) + 1
        if left <= 0:
            raise LimitReached("call_depth", allowed)
        return left

    def deepen(self, calls: int) -> None:
        """Note that so many calls come on top of the running ones without a unit: a coroutine is resumed."""
        if calls <= self.slack:
            self.slack -= calls
            return
        # Measure at the next unit.
        self.take_back(length_hint(self.current))
        self.slack = 0

    def take_back(self, units: int) -> None:
        """Take back so many of the units in hand."""
        deque(islice(self.current, units), maxlen=0)
        self.handed -= units

    def shorten(self, units: int) -> None:
        """Look at the clocks every so many units at least, if there is any limit of time."""
        if units < self.slice and (self.limits.wall_time is not None or self.limits.cpu_time is not None):
            self.slice = self.bulk_size = units
            excess = length_hint(self.current) - units
            if excess > 0:
                self.take_back(excess)
                self.slack += excess

    def ring(self) -> None:
        """Let the alarms run. What they call pulls on the same iterator meanwhile, and gets its units one by one."""
        self.ringing = True
        try:
            self.alarm_at = min((alarm() for alarm in list(self.alarms)), default=sys.maxsize)
        finally:
            self.ringing = False

    def single(self) -> None:
        """One unit while the alarms ring. Raises LimitReached."""
        if self.instructions is not None and self.handed >= self.instructions:
            raise self.exhausted()
        self.handed += 1
        if self.call_depth is not None:
            if self.slack <= 0:
                self.check()
                self.slack = self.calls_left()
            self.slack -= 1
        if self.handed % SINGLES == 0:
            self.check()

    def exhausted(self) -> BaseException:
        """What the end of the instructions raises: uncatchable, unless the policy wants an error."""
        assert self.instructions is not None
        if self.limits.on_limit == "error":
            return LuaError("instruction limit exceeded")
        return LimitReached("instructions", self.instructions)

    def check(self) -> None:
        """Look at the clocks, the memory and the cancellation flag. Raises LimitReached."""
        self.check_time()
        if self.watcher is not None:
            self.watcher.check()

    def check_time(self) -> None:
        """Look at the clocks and the cancellation flag. Raises LimitReached."""
        if self.cancelled is not None:
            raise self.cancelled
        if self.deadline is not None and self.clock is not None and self.clock() > self.deadline:
            raise LimitReached("wall_time", self.limits.wall_time)
        if self.cpu_clock is not None:
            self.cpu_seen = self.cpu_clock()
            if self.cpu_deadline is not None and self.cpu_seen > self.cpu_deadline:
                raise LimitReached("cpu_time", self.limits.cpu_time)

    def charge(self, units: int) -> None:
        """Charge ``units`` at once, before a library does work of that size. Raises LimitReached."""
        self.bulk += units
        if self.bulk > self.bulk_size:
            self.bulk = 0
            self.check()
        self.handed += units
        limit = self.instructions
        if limit is not None and self.handed > limit:
            if self.used > limit:
                raise self.exhausted()
            # The slice in hand reaches past the limit now: take the difference back.
            self.take_back(self.handed - limit)

    # Bytes

    def charge_memory(self, size: int) -> None:
        """Note that ``size`` bytes are about to be allocated in one piece. Raises LimitReached."""
        allowed = self.limits.memory
        if allowed is not None and size > allowed:
            raise LimitReached("memory", allowed)
        if size > SHORT_STRING:
            self.shorten(max(SLICE * SHORT_STRING // size, LEAST_SLICE))
        self.charged += size
        if self.charged >= self.charged_at:
            self.charged_at = self.charged + self.charge_pause
            self.check_time()
            if self.watcher is not None:
                self.watcher.check(size)

    def require_source(self, size: int) -> None:
        """Note that a source of ``size`` bytes is to be compiled, whose trees need memory. Raises LimitReached."""
        allowed = self.limits.memory
        if allowed is not None and size * TREE_BYTES > max(TREE_PARTS * allowed, LEAST_TREES):
            raise LimitReached("memory", allowed)

    def require_time(self, seconds: float) -> None:
        """Note that so many seconds will pass without a look at the clock. Raises LimitReached if they are not left."""
        if seconds < MOMENT or self.clock is None or self.deadline is None:
            return
        if self.clock() + seconds > self.deadline:
            raise LimitReached("wall_time", self.limits.wall_time)

    def write(self, size: int) -> None:
        """Note that ``size`` bytes are about to be written to standard output or error. Raises LimitReached."""
        self.written += size
        allowed = self.limits.output
        if allowed is not None and self.written > allowed:
            self.written -= size
            raise LimitReached("output", allowed)
