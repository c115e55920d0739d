"""The instruction and wall-clock meter: one iterator that every call and every loop pulls from.

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
from typing import Any

from vlua.vm.errors import LimitReached

__all__ = ["Meter"]

# Units between two looks at the clock: about a millisecond of compiled code.
SLICE = 5_000
# Units that one look at the clock may cover when a library charges in bulk.
BULK = 10_000
# Units between two looks at the clock while they are handed out one by one.
SINGLES = 500
# What `refill` returns to say that the next slice stands ready.
REFILLED = object()


class Meter:
    """Counts instructions (calls and loop iterations) and watches the wall clock.

    ``instructions``: units allowed, or ``None``; ``wall_seconds``: seconds allowed, or ``None``;
    ``clock``: a function returning seconds, needed for ``wall_seconds``.
    """

    def __init__(
        self,
        instructions: int | None = None,
        wall_seconds: float | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.instructions = instructions
        self.wall_seconds = wall_seconds
        self.clock = clock
        self.deadline: float | None = None
        self.handed = 0
        self.bulk = 0
        self.cancelled: LimitReached | None = None
        self.current: Iterator[None] = iter(())
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

    def start(self) -> None:
        """Start the wall clock of a run; the instruction count goes on over several runs."""
        if self.wall_seconds is not None and self.clock is not None:
            self.deadline = self.clock() + self.wall_seconds

    def stop(self) -> None:
        """End the run that ``start`` began."""
        self.deadline = None

    def cancel(self) -> None:
        """Stop the running script at its next slice; callable from another thread."""
        self.cancelled = LimitReached("cancelled", 0)

    @property
    def used(self) -> int:
        """Units spent so far."""
        return self.handed - length_hint(self.current)

    def refill(self) -> Any:
        """Hand out the next slice of units. Raises LimitReached when nothing is left, now and ever after."""
        if self.ringing:
            return self.single()
        self.check()
        if self.handed >= self.alarm_at:
            self.ring()
        size = SLICE
        if self.instructions is not None:
            size = min(size, self.instructions - self.handed)
            if size <= 0:
                raise LimitReached("instructions", self.instructions)
        self.handed += size
        self.current = repeat(None, size)
        self.parts.extend((self.current, iter(self.refill, REFILLED)))
        return REFILLED

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
            raise LimitReached("instructions", self.instructions)
        self.handed += 1
        if self.handed % SINGLES == 0:
            self.check()

    def check(self) -> None:
        """Look at the clock and at the cancellation flag. Raises LimitReached."""
        if self.cancelled is not None:
            raise self.cancelled
        if self.deadline is not None and self.clock is not None and self.clock() > self.deadline:
            raise LimitReached("wall_seconds", self.wall_seconds or 0)

    def charge(self, units: int) -> None:
        """Charge ``units`` at once, before a library does work of that size. Raises LimitReached."""
        self.bulk += units
        if self.bulk > BULK:
            self.bulk = 0
            self.check()
        self.handed += units
        limit = self.instructions
        if limit is not None and self.handed > limit:
            if self.used > limit:
                raise LimitReached("instructions", limit)
            # The slice in hand reaches past the limit now: take the difference back.
            excess = self.handed - limit
            deque(islice(self.current, excess), maxlen=0)
            self.handed -= excess
