"""``collectgarbage`` (manual §6.1): control of the collector, and figures that move as PUC's do.

In: a ``State``. Out: the function. Python frees memory by itself, so the amount in use is an estimate: what the
globals and the running functions lead to, measured at each full collection, plus what has been allocated since, which
the meter tells. Nothing of the host shows in it.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, check_option, opt_integer
from vlua.vm.frames import information
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["collectgarbage_of"]

OPTIONS = ("stop", "restart", "collect", "count", "step", "setpause", "setstepmul", "isrunning")
# Bytes that a call or a loop round is taken to allocate; strings charge theirs, a unit for 16 of them.
BYTES_PER_UNIT = 320
# Bytes of an empty state; of a table, an entry, a string, a function, a coroutine or userdata.
STATE_BYTES = 22_000
TABLE_BYTES = 56
ENTRY_BYTES = 40
STRING_BYTES = 25
FUNCTION_BYTES = 40
OBJECT_BYTES = 1_000
# Tables and functions that a measurement looks at, at most; and the units for each.
MEASURED = 100_000
MEASURED_UNITS = 3
# Kilobytes that a step works through, at least; those of the shortest cycle; a step of so many ends any cycle.
STEP_KILOBYTES = 2
CYCLE_KILOBYTES = 24
WHOLE_CYCLE = 10_000
# Units for a full collection on top of what it charges itself.
COLLECTION_UNITS = 100
# Bytes allocated since the last collection that make ``count`` begin a new one, at least.
LEAST_GARBAGE = 262_144


class Collector:
    """The answers of ``collectgarbage`` in one runtime."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.garbage = state.garbage
        # Bytes in use when last measured, if ever; the meter's figures at the beginning of the cycle.
        self.live = 0
        self.used = 0
        self.charged = 0
        self.cycles = 0
        self.progress = 0

    def collect(self) -> int:
        """A full collection."""
        self.state.tick(COLLECTION_UNITS)
        self.progress = 0
        try:
            self.garbage.collect()
        finally:
            if self.live:
                self.measure()
            self.begin()
        return 0

    def count(self) -> float:
        """Memory in use, in kilobytes."""
        self.state.tick(1)
        if not self.live:
            self.measure()
        elif self.garbage.cycles != self.cycles:
            self.measure()
            self.begin()
        allocated = self.allocated()
        if self.garbage.running and allocated > max(LEAST_GARBAGE, self.live * (self.garbage.pause - 100) // 100):
            self.garbage.sweep()
            self.measure()
            self.begin()
            allocated = 0
        return (self.live + allocated) / 1024

    def begin(self) -> None:
        """Note where the meter stands as a cycle begins."""
        self.used, self.charged = self.state.meter.used, self.state.allocated
        self.cycles = self.garbage.cycles

    def allocated(self) -> int:
        """Bytes that have been allocated in this cycle, as far as the meter can tell."""
        charged = self.state.allocated - self.charged
        return (self.state.meter.used - self.used - charged // 16) * BYTES_PER_UNIT + charged

    def measure(self) -> None:
        """Take stock of the bytes of everything in reach."""
        state = self.state
        coroutines = getattr(state, "coroutines", None)
        total = STATE_BYTES + (len(coroutines.alive) * OBJECT_BYTES if coroutines is not None else 0)
        work: list[Any] = [state.globals, state.registry]
        frame = sys._getframe()
        while frame.f_back is not None:
            frame = frame.f_back
            if information(frame.f_code) is not None:
                work.extend(frame.f_locals.values())
        seen: set[int] = set()
        while work and len(seen) < MEASURED:
            item = work.pop()
            kind = type(item)
            if kind is str:
                total += STRING_BYTES + len(item)
                continue
            if id(item) in seen:
                continue
            if kind is LuaTable:
                seen.add(id(item))
                total += TABLE_BYTES + ENTRY_BYTES * len(item.hash)
                work.append(item.meta)
                work.extend(key for key in item.hash if type(key) is LuaTable)
                work.extend(value for value in item.hash.values() if type(value) in MEASURED_KINDS)
            elif kind is FunctionType:
                seen.add(id(item))
                total += FUNCTION_BYTES
                for cell in item.__closure__ or ():
                    try:
                        work.append(cell.cell_contents)
                    except ValueError:
                        pass
        state.tick(len(seen) * MEASURED_UNITS)
        # That was no allocation of the script.
        self.used += len(seen) * MEASURED_UNITS
        self.live = total

    def step(self, size: int) -> bool:
        """One step of a cycle, ``size`` kilobytes long; whether it finished the cycle."""
        self.progress += max(STEP_KILOBYTES, 2 * size)
        if size < WHOLE_CYCLE and self.progress < max(CYCLE_KILOBYTES, self.count() if self.live else 0):
            return False
        self.collect()
        return True


MEASURED_KINDS = frozenset((LuaTable, FunctionType, str))


def collectgarbage_of(state: State) -> Any:
    """The function ``collectgarbage`` of a runtime."""
    collector = Collector(state)
    garbage = state.garbage

    def collectgarbage(option: Any = ABSENT, argument: Any = ABSENT, *_: Any) -> Any:
        """Control of the garbage collector."""
        name = check_option(option, 1, "collect", OPTIONS)
        number = opt_integer(argument, 2, 0)
        if name == "count":
            return collector.count()
        if name == "collect":
            return collector.collect()
        if name == "step":
            return collector.step(number)
        if name == "isrunning":
            return garbage.running
        if name == "setpause":
            garbage.pause, number = number, garbage.pause
            return number
        if name == "setstepmul":
            garbage.step_multiplier, number = number, garbage.step_multiplier
            return number
        garbage.running = name == "restart"
        return 0

    return collectgarbage
