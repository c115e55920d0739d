"""What a script can still reach: trial deletion over the objects that a collection is about.

In: objects that may be garbage (weak tables, objects with finalizers, sleeping coroutines). Out: which of the objects
that they lead to are reachable from anywhere else.

Every reference from one of these objects to another is counted. An object with more references than that is held by
something outside: a running frame, a global, the host. It is alive, and so is all that it leads to; the rest is
garbage. What is not looked into (globals, libraries, host objects) can only make more objects alive, never fewer.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import CellType, FrameType, FunctionType
from typing import Any

from vlua.vm.coroutine import SUSPENDED, Coroutine, Coroutines
from vlua.vm.frames import information
from vlua.vm.liveness import spent_variables
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

__all__ = ["Survey", "collectable", "weakness"]

# Objects looked at between two charges of the meter, and the units for each.
PORTION = 500
OBJECT_UNITS = 15
# Units for a frame of running code.
FRAME_UNITS = 20
# Units for listing every object of the process, in search of the cells of sleeping frames.
SCAN_UNITS = 20_000

CONTAINERS = frozenset((LuaTable, FunctionType, Coroutine, CellType, tuple, list))
# Code of frames of every sleeping coroutine that refer to nothing of the script's.
MACHINERY = {id(Coroutines.yield_values.__code__), id(Coroutines.run.__code__)}
LEAVES = frozenset((int, str, float, bool, type(None)))


def collectable(value: Any) -> bool:
    """Whether a value is an object that can be removed from a weak table; strings and numbers never are."""
    return type(value) in (LuaTable, FunctionType, Coroutine) or isinstance(value, Userdata)


def weakness(table: LuaTable) -> str:
    """``"k"``, ``"v"``, ``"kv"`` or ``""``: what is weak in a table (manual §2.5.2)."""
    mode = table.meta.hash.get("__mode") if table.meta is not None else None
    if type(mode) is not str:
        return ""
    return ("k" if "k" in mode else "") + ("v" if "v" in mode else "")


class Survey:
    """One look at the objects that some others lead to.

    ``fixed`` are identities of objects known to be alive, not worth a look; ``tick`` charges the meter.
    After ``mark`` has run, ``dead(object)`` answers.
    """

    def __init__(self, fixed: set[int], tick: Callable[[int], Any]) -> None:
        self.fixed = fixed
        self.tick = tick
        # The objects, each once; their numbers by identity; the references to each from the others.
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.inner: list[int] = []
        # Where strong references lead, by number; ephemerons as pairs of key and value.
        self.edges: list[list[int]] = []
        self.ephemerons: dict[int, list[tuple[int, int]]] = {}
        self.alive = bytearray()
        # References out of sleeping frames to cells and functions, which only what they hold tells apart.
        self.cell_credits: Counter[int] = Counter()
        self.function_credits: Counter[tuple[int, ...]] = Counter()
        self.cell_owners: dict[int, list[int]] = {}
        self.function_owners: dict[tuple[int, ...], list[int]] = {}
        self.waiting: dict[int, list[int]] = {}

    # Building the graph

    def add(self, start: Iterable[Any]) -> None:
        """Take objects, and all that they lead to, into the survey."""
        for item in start:
            self.number(item)
        done = len(self.edges)
        while done < len(self.objects):
            item = self.objects[done]
            self.edges.append([])
            kind = type(item)
            if kind is LuaTable:
                self.table(done, item)
            elif kind is FunctionType:
                self.link(done, item.__closure__)
            elif kind is tuple or kind is list:
                for element in item:
                    self.link(done, element)
            elif kind is CellType:
                self.link(done, content(item))
            elif kind is Coroutine:
                self.link(done, item.function)
                if item.status == SUSPENDED and item.greenlet is not None:
                    self.sleeper(done, item)
            else:
                self.link(done, item.meta)
            done += 1
            if done % PORTION == 0:
                self.tick(PORTION * OBJECT_UNITS)
        self.tick(len(self.objects) % PORTION * OBJECT_UNITS)

    def number(self, item: Any) -> int:
        """The number of an object in the survey; -1 for what is none of its business."""
        identity = id(item)
        found = self.numbers.get(identity)
        if found is not None:
            return found
        if identity in self.fixed or not traversed(item):
            return -1
        found = self.numbers[identity] = len(self.objects)
        self.objects.append(item)
        self.inner.append(0)
        return found

    def link(self, owner: int, item: Any) -> None:
        """Note a strong reference."""
        found = self.number(item)
        if found >= 0:
            self.inner[found] += 1
            self.edges[owner].append(found)

    def discount(self, item: Any) -> int:
        """Note a reference that does not keep its object alive; the object's number."""
        found = self.number(item)
        if found >= 0:
            self.inner[found] += 1
        return found

    def table(self, owner: int, table: LuaTable) -> None:
        """A table's references; those to keys already traversed keep nothing alive."""
        if table.meta is not None:
            self.link(owner, table.meta)
        for key in getattr(table, "order", ()):
            self.discount(key)
        mode = weakness(table) if table.meta is not None else ""
        if not mode:
            # As `link`, in one piece: this is where the time goes.
            numbers, inner, edges = self.numbers, self.inner, self.edges[owner]
            hash = table.hash
            for item in chain(hash, hash.values()):
                if type(item) not in LEAVES:
                    found = numbers.get(id(item))
                    if found is None:
                        found = self.number(item)
                        if found < 0:
                            continue
                    inner[found] += 1
                    edges.append(found)
            return
        for key, value in table.hash.items():
            weak_key = "k" in mode and collectable(key)
            if weak_key:
                key_number = self.discount(key)
            else:
                self.link(owner, key)
            if "v" in mode and collectable(value):
                self.discount(value)
            elif weak_key and key_number >= 0:
                number = self.discount(value)
                if number >= 0:
                    self.ephemerons.setdefault(owner, []).append((key_number, number))
            else:
                self.link(owner, value)

    def sleeper(self, owner: int, coroutine: Coroutine) -> None:
        """The references out of the frames of a suspended coroutine."""
        frame = coroutine.frame
        while frame is not None:
            code = frame.f_code
            if id(code) in MACHINERY:
                frame = frame.f_back
                continue
            variables = snapshot(frame)
            spent = set(spent_variables(frame)) if information(code) is not None else ()
            cells = {*code.co_cellvars, *code.co_freevars}
            for name, value in variables.items():
                if name in cells:
                    if self.number(value) >= 0:
                        self.cell_credits[id(value)] += 1
                        self.cell_owners.setdefault(id(value), []).append(owner)
                elif type(value) not in LEAVES:
                    if name in spent:
                        self.discount(value)
                    else:
                        self.link(owner, value)
            if code.co_freevars:
                key = (id(code), *[id(variables.get(name)) for name in code.co_freevars])
                self.function_credits[key] += 1
                self.function_owners.setdefault(key, []).append(owner)
            del variables
            frame = frame.f_back

    def add_hidden(self) -> None:
        """Take in the cells and functions that only sleeping frames refer to, which cannot be seen from there."""
        if not self.cell_credits and not self.function_credits:
            return
        self.tick(SCAN_UNITS)
        codes = {key[0] for key in self.function_credits}
        found = [
            item
            for item in gc.get_objects()
            if type(item) is CellType
            and id(content(item)) in self.cell_credits
            or type(item) is FunctionType
            and id(item.__code__) in codes
        ]
        self.add(found)

    def running(self, innermost: Iterable[FrameType]) -> None:
        """Discount what the spent variables of running code refer to, and look at what nothing else refers to."""
        spent: list[Any] = []
        looked = 0
        for start in innermost:
            frame: FrameType | None = start
            while frame is not None:
                looked += 1
                if looked % PORTION == 0:
                    self.tick(PORTION * FRAME_UNITS)
                if information(frame.f_code) is not None:
                    names = spent_variables(frame)
                    if names:
                        variables = snapshot(frame)
                        spent.extend(filter(traversed, map(variables.get, names)))
                        del variables
                frame = frame.f_back
        times = Counter(map(id, spent))
        # Twice: from the frame and from the list here; the rest is the loop's.
        self.add([item for item in spent if sys.getrefcount(item) <= 2 * times[id(item)] + OWN_REFERENCES])
        for item in spent:
            if id(item) in self.numbers:
                self.discount(item)

    # Marking

    def mark(self) -> None:
        """Find what is held from outside, and all that it leads to."""
        objects, inner = self.objects, self.inner
        self.alive = bytearray(len(objects))
        cells: Counter[int] = Counter()
        functions: Counter[tuple[int, ...]] = Counter()
        shared_cells: dict[int, list[int]] = {}
        shared_functions: dict[tuple[int, ...], list[int]] = {}
        start: list[int] = []
        for number in range(len(objects)):
            held = sys.getrefcount(objects[number]) - OWN_REFERENCES - inner[number]
            if held <= 0:
                continue
            kind = type(objects[number])
            if kind is CellType:
                identity = id(content(objects[number]))
                if identity in self.cell_credits:
                    cells[identity] += held
                    shared_cells.setdefault(identity, []).append(number)
                    continue
            elif kind is FunctionType and self.function_credits:
                key = function_key(objects[number])
                if key in self.function_credits:
                    functions[key] += held
                    shared_functions.setdefault(key, []).append(number)
                    continue
            start.append(number)
        # Cells with the same content lead to the same: whether frames alone hold them can be said of all together.
        for identity, members in shared_cells.items():
            if cells[identity] > self.cell_credits[identity]:
                start.extend(members)
            else:
                for owner in self.cell_owners[identity]:
                    self.edges[owner].extend(members)
        for key, members in shared_functions.items():
            if functions[key] > self.function_credits[key]:
                start.extend(members)
            else:
                for owner in self.function_owners[key]:
                    self.edges[owner].extend(members)
        self.reach(start)

    def keep(self, items: Iterable[Any]) -> None:
        """Mark more objects, and all that they lead to, as alive."""
        self.reach([self.numbers[id(item)] for item in items])

    def reach(self, work: list[int]) -> None:
        """Spread life along strong references, and to an ephemeron's value once table and key are alive."""
        alive, edges, waiting = self.alive, self.edges, self.waiting
        while work:
            number = work.pop()
            if alive[number]:
                continue
            alive[number] = 1
            work.extend(edges[number])
            for key, value in self.ephemerons.get(number, ()):
                if alive[key]:
                    work.append(value)
                else:
                    waiting.setdefault(key, []).append(value)
            if number in waiting:
                work.extend(waiting.pop(number))

    def dead(self, item: Any) -> bool:
        """Whether an object is part of the survey and not reachable."""
        number = self.numbers.get(id(item), -1)
        return number >= 0 and not self.alive[number]

    def leads_to(self, start: Iterable[Any]) -> Iterator[Any]:
        """The dead objects that dead objects lead to, themselves included."""
        seen: set[int] = set()
        work = [self.numbers[id(item)] for item in start]
        while work:
            number = work.pop()
            if number in seen or self.alive[number]:
                continue
            seen.add(number)
            yield self.objects[number]
            work.extend(self.edges[number])
            work.extend(value for _, value in self.ephemerons.get(number, ()))


def traversed(item: Any) -> bool:
    """Whether a survey looks into an object."""
    return type(item) in CONTAINERS or isinstance(item, Userdata)


def content(cell: CellType) -> Any:
    """What a cell holds; ``None`` for nothing."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def function_key(function: FunctionType) -> tuple[int, ...]:
    """Functions of the same code that hold the same objects lead to the same."""
    return (id(function.__code__), *[id(content(cell)) for cell in function.__closure__ or ()])


def snapshot(frame: FrameType) -> dict[str, Any]:
    """The variables of a frame, without leaving a copy of them in it."""
    variables = frame.f_locals
    found = dict(variables)
    if type(variables) is dict and sys.gettrace() is None:
        # Python 3.11 and 3.12 keep the copy; a trace function's would be written back, so that one stays.
        variables.clear()
    return found


def own_references() -> int:
    """References to an object of a survey that the survey itself makes while it counts them."""
    survey = Survey(set(), lambda units: None)
    survey.add([LuaTable()])
    objects = survey.objects
    number = 0
    return sys.getrefcount(objects[number])


OWN_REFERENCES = own_references()
