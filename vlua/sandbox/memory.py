"""How many bytes a runtime's values take, and the limit on them.

In: the states of a runtime. Out: their size, and ``LimitReached`` when it is more than is allowed.

What counts is what the runtime's own values hold: tables, strings, functions, variables, coroutines with their stacks,
each once however often it is referred to. The interpreter, compiled code and libraries do not count, nor do files
(``file_bytes`` limits those) and the host's objects; nor does what only the host still holds, such as a table
that it was given and has kept: that is the host's own doing. The figure is within 25 % of what the process really
spends on them (less for tables, strings and functions; most for coroutines, whose stacks the system rounds up to
pages).

Looking at everything takes about a third of a microsecond a value, so it is done rarely. At every slice of the meter
the process itself is asked how much it has grown since the last look, which costs about a microsecond. A look is taken
when it has grown by what is left of the limit (or an eighth of the limit, if less is left), so growth of the process is
bounded by the limit, that eighth, and what one slice allocates. Memory that was free inside the process before can be
filled unseen; against that looks are taken anyway, as often as they cost less than a twentieth of the time. Runtimes in
one process do not pay for each other: what others take makes for more looks, never for a larger figure.

Values that wait on Python's own stack for an operation to go on, such as the first arguments of a call while later ones
are computed, cannot be seen there; compiled code keeps them in temporaries as well.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from types import BuiltinMethodType, CellType, CodeType, FrameType, FunctionType, GeneratorType
from typing import TYPE_CHECKING, Any

from vlua.vm.depth import running_frames
from vlua.vm.errors import LimitReached
from vlua.vm.table import FALSE_KEY, TRUE_KEY, LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.vm.coroutine import Coroutine
    from vlua.vm.meter import Meter
    from vlua.vm.state import State

__all__ = ["MemoryWatch", "process_bytes"]

# How many times the duration of a look passes before the next one that nothing calls for.
PATIENCE = 20
# The same when large strings alone may have passed the limit, which fill free memory fast.
HASTE = 4
# The part of the limit by which the process may grow before a look, when less of the limit is left.
LEAST_PART = 8
# Bytes that a unit of the meter may have allocated in small pieces, for a look that nothing calls for.
UNIT_BYTES = 512
# A greenlet, its piece of the C stack, and the first piece of its Python stack, of which the system gives whole pages.
COROUTINE_BYTES = 6_000
# The words of a frame besides its variables and its stack.
FRAME_WORDS = 11
# Bytes lost to the rounding up to 16, on average.
OVERHEAD = 8
# Objects looked into at once, between two looks at the clock.
PORTION = 20_000
# Frames, or coroutines, between two looks at the clock.
FRAMES = 1_000

LEAVES = frozenset((str, int, float, bytes))
CONTAINERS = frozenset((LuaTable, dict, list, tuple, FunctionType, CellType, GeneratorType, BuiltinMethodType, set))
COUNTED = LEAVES | CONTAINERS


def _resident() -> Callable[[], int] | None:
    """A function that tells the bytes of the process's memory in use, where the system tells it cheaply."""
    try:
        descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        page = os.sysconf("SC_PAGE_SIZE")
        int(os.pread(descriptor, 96, 0).split()[1])
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    owner = [os.getpid(), descriptor]

    def resident() -> int:
        if owner[0] != os.getpid():
            # A forked process has to open its own.
            owner[:] = [os.getpid(), os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)]
        try:
            return int(os.pread(owner[1], 96, 0).split()[1]) * page
        except (OSError, ValueError, IndexError):
            return blocks()

    return resident


def blocks() -> int:
    """The bytes of the process's small objects, more or less."""
    return sys.getallocatedblocks() * 96


# Bytes of objects that are all alike, rounded up as the allocator does.
SIZES: dict[type, int] = {
    kind: (sys.getsizeof(example) + 15) // 16 * 16
    for kind, example in (
        (LuaTable, LuaTable()),
        (float, 0.5),
        (int, 1 << 29),
        (FunctionType, blocks),
        (CellType, CellType()),
    )
}

PROBES: list[Callable[[], int]] = []


def process_bytes() -> int:
    """A figure that grows by at least about as much as the process's memory does."""
    if not PROBES:
        PROBES.append(_resident() or blocks)
    return PROBES[0]()


class MemoryWatch:
    """Watches what the states that share a meter hold; ``allowed`` is the limit in bytes, or ``None``.

    ``bytes`` is the figure of the last look, ``peak`` the largest so far. ``clock`` tells seconds.
    """

    def __init__(self, meter: Meter, allowed: int | None, clock: Callable[[], float]) -> None:
        self.meter = meter
        self.allowed = allowed
        self.clock = clock
        self.bytes = 0
        self.peak = 0
        self.looks = 0
        # Where things stood at the last look.
        self.process = 0
        self.grown = 0
        self.handed = 0
        self.charged = 0
        self.looked = self.took = 0.0
        self.looking = False
        if allowed is not None:
            meter.observe(self, allowed)

    def begin(self) -> None:
        """A run begins: what the process has taken between the runs is not this runtime's doing."""
        self.process = process_bytes() - self.grown

    def end(self) -> None:
        """A run ends."""
        self.grown = max(process_bytes() - self.process, 0)

    def check(self, pending: int = 0) -> None:
        """Look at the values if it may be time; ``pending`` bytes are about to be allocated.

        Raises LimitReached when they take more than is allowed.
        """
        allowed, meter = self.allowed, self.meter
        if allowed is None or self.looking:
            return
        left = max(allowed - self.bytes, allowed // LEAST_PART)
        process = process_bytes() + pending
        if process - self.process < left:
            charged = meter.charged - self.charged
            if charged < left and (meter.handed - self.handed) * UNIT_BYTES + charged < left:
                return
            if self.clock() < self.looked + self.took * (HASTE if charged >= left else PATIENCE):
                return
        grown = process - self.process
        self.look()
        if grown > allowed and self.bytes < allowed // 2:
            # Cycles that Python has not collected yet, for all that is known here.
            gc.collect(1)
        if self.bytes + pending > allowed:
            self.sweep()
            if self.bytes + pending > allowed:
                raise LimitReached("memory", allowed)

    def sweep(self) -> None:
        """Free what the script cannot reach any more but Python cannot know of, and look again."""
        self.looking = True
        try:
            for state in list(self.meter.states):
                state.garbage.sweep()
        finally:
            self.looking = False
        self.look()

    def look(self) -> int:
        """Look at everything: the bytes it takes."""
        begun = self.clock()
        self.looking = True
        try:
            self.bytes = size_of(self.meter.states, self.meter.check_time)
        finally:
            self.looking = False
        ended = self.clock()
        self.looks += 1
        self.peak = max(self.peak, self.bytes)
        self.process = process_bytes()
        self.handed, self.charged = self.meter.handed, self.meter.charged
        self.looked, self.took = ended, ended - begun
        return self.bytes


def size_of(states: Iterable[State], pulse: Callable[[], object] = lambda: None) -> int:
    """The bytes that the values of some states take.

    ``pulse`` is called now and then, and may raise.
    """
    states = list(states)
    total = 0
    roots: list[Any] = []
    seen: dict[int, Any] = {}
    for state in states:
        for known in (state.namespace, state.natives, LuaTable, TRUE_KEY, FALSE_KEY, *state.natives.values()):
            seen[id(known)] = known
        roots += (state.globals, state.registry, state.string_meta, *state.type_metatables.values())
        roots += (*state.garbage.marked.values(), *state.garbage.due)
        for frame, _ in state.error_frames:
            # An error's own stack, while its handler runs.
            frame_bytes(frame, roots)
    markers = {id(state.namespace["meter"]) for state in states}
    coroutines = [item for state in states for item in alive_in(state)]
    for number, frame in enumerate(running_frames()):
        if number % FRAMES == 0:
            pulse()
        if belongs(frame, markers):
            total += frame_bytes(frame, roots)
    for number, coroutine in enumerate(coroutines):
        if number % FRAMES == 0:
            pulse()
        total += coroutine_bytes(coroutine, roots)
    new: list[Any] = roots
    while new:
        inner: list[Any] = []
        for start in range(0, len(new), PORTION):
            pulse()
            portion = new[start : start + PORTION]
            before = len(seen)
            seen.update(zip(map(id, portion), portion, strict=True))
            fresh = list(islice(reversed(seen.values()), len(seen) - before))
            kinds = Counter(map(type, fresh))
            for kind, count in kinds.items():
                fixed = SIZES.get(kind)
                if fixed is not None:
                    total += count * fixed
                elif kind in COUNTED or issubclass(kind, Userdata):
                    total += sum(map(sys.getsizeof, [item for item in fresh if type(item) is kind]))
                    total += count * OVERHEAD
            if kinds.keys() - LEAVES:
                inner += [item for item in fresh if type(item) in CONTAINERS or isinstance(item, Userdata)]
        new = []
        for start in range(0, len(inner), PORTION):
            new += gc.get_referents(*inner[start : start + PORTION])
    return total


def alive_in(state: State) -> list[Coroutine]:
    """The coroutines of a state that have begun and not ended."""
    coroutines = getattr(state, "coroutines", None)
    return list(coroutines.alive) if coroutines is not None else []


def belongs(frame: FrameType, markers: set[int]) -> bool:
    """Whether a frame is one of compiled code that uses one of the meters, or of the machine's own functions."""
    names = frame.f_globals
    if id(names.get("meter")) in markers:
        return True
    module = names.get("__name__")
    return type(module) is str and module.startswith(("vlua.vm.", "vlua.vfs."))


def frame_bytes(frame: FrameType, roots: list[Any]) -> int:
    """The bytes of a frame; its variables are added to ``roots``."""
    from vlua.vm.reachability import snapshot

    if frame.f_locals:
        roots += snapshot(frame).values()
    return words_of(frame.f_code) * 8


def words_of(code: CodeType) -> int:
    """The words that a frame of some code takes on Python's stack."""
    return code.co_nlocals + len(code.co_cellvars) + len(code.co_freevars) + code.co_stacksize + FRAME_WORDS


def coroutine_bytes(coroutine: Coroutine, roots: list[Any]) -> int:
    """The bytes of a coroutine that has begun, its frames included."""
    total = COROUTINE_BYTES
    frame = coroutine.frame
    while frame is not None:
        total += frame_bytes(frame, roots)
        frame = frame.f_back
    return total
