"""A backtracking matcher for Lua patterns that can be interrupted (manual §6.4.1).

In: the items of a pattern and a subject. Out: a ``Found``, the error that PUC Lua raises at the same place, or
whatever the meter raises: every step is charged. It explores exactly the alternatives that PUC's does, in the same
order, except those that are sure to fail at the very next character.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from vlua.vm.frames import lib_error
from vlua.vm.lib.pattern_items import (
    ALL,
    BACKREF,
    BALANCE,
    CLOSE,
    END,
    ERROR,
    FRONTIER,
    OPEN,
    POSITION,
    SINGLE,
    Item,
    characters,
)
from vlua.vm.lib.pattern_regex import byte_class

__all__ = ["Found", "Machine"]

# Steps between two charges to the meter.
SLICE = 256
# MAXCCALLS of PUC's lstrlib: nested calls of its matcher, which scripts see as "pattern too complex".
MAX_DEPTH = 200

# Length and number of the texts that are looked for ahead of matching.
MAX_NEEDLE = 32
MAX_NEEDLES = 4

# What the program does; the kinds of items continue with the suffixes of single characters and the end.
OPTIONAL, GREEDY, LAZY, SUCCESS = range(ERROR + 1, ERROR + 5)
# What a frame of the stack holds instead of a lower bound if it is not of a greedy repetition.
LAZY_FRAME, OPTIONAL_FRAME = -1, -2


class Operation(NamedTuple):
    """One instruction of the program.

    ``members`` are the characters of a set; ``least`` the smallest number of repetitions; ``run`` matches as many
    members as possible; ``next_members`` are those that must follow a repetition, ``None`` if unknown; ``skip``
    matches the members up to one of those, or to the end if that must follow; ``settled`` says that giving
    characters back is of no use.
    """

    kind: int
    group: int = 0
    text: str = ""
    members: frozenset[str] = frozenset()
    least: int = 0
    run: Callable[..., Any] | None = None
    next_members: frozenset[str] | None = None
    next_char: str = ""
    skip: Callable[..., Any] | None = None
    settled: bool = False


class Found:
    """A match: as much of ``re.Match`` as the string library uses. An unfinished capture ends at -1."""

    __slots__ = ("ends", "starts", "subject")

    def __init__(self, subject: str, starts: list[int], ends: list[int]) -> None:
        self.subject = subject
        self.starts = starts
        self.ends = ends

    def start(self, group: int = 0) -> int:
        """Index where the match or a capture begins."""
        return self.starts[group]

    def end(self, group: int = 0) -> int:
        """Index after the match or a capture."""
        return self.ends[group]

    def span(self, group: int = 0) -> tuple[int, int]:
        """Both ends of the match or a capture."""
        return self.starts[group], self.ends[group]

    def __getitem__(self, group: int) -> str:
        return self.subject[self.starts[group] : self.ends[group]]

    def group(self, *groups: int) -> str | tuple[str, ...]:
        """One capture, or several as a tuple."""
        return self[groups[0]] if len(groups) == 1 else tuple([self[group] for group in groups])

    def groups(self) -> tuple[str, ...]:
        """The captures."""
        return tuple([self[group] for group in range(1, len(self.starts))])


class Machine:
    """The program of one pattern, shared by all runtimes; an operation is made when matching first arrives at it."""

    __slots__ = ("captures", "deep", "items", "needles", "operations", "starts")

    def __init__(self, items: list[Item]) -> None:
        self.captures = sum(item.kind in (OPEN, POSITION) for item in items)
        nesting = sum(item.kind in (OPEN, POSITION, CLOSE) or item.suffix != "" for item in items)
        # only then can a match be "too complex", and no alternative may be left out
        self.deep = nesting >= MAX_DEPTH - 1
        self.items = items
        self.operations: list[Operation | None] = [None] * len(items)
        self.operations.append(Operation(SUCCESS))
        self.starts = _starts(items)
        self.needles = () if self.deep else _needles(items)

    def operation(self, at: int) -> Operation:
        """The operation of the item at an index."""
        operation = self.operations[at] = _operation(self.items, at, self.deep)
        return operation

    def search(self, tick: Callable[[int], Any], subject: str, position: int, anchored: bool) -> Found | None:
        """The first match at or after ``position`` (only at it if ``anchored``); ``tick(n)`` charges n steps."""
        run = _Run(self, tick, subject)
        if anchored:
            found = run.attempt(position)
            run.charge()
            return found
        starts = self.starts
        size = len(subject)
        last = size
        for needle in self.needles:
            # no match starts after the last occurrence of a text that every match holds
            last = min(last, subject.rfind(needle, position))
            run.steps += (size - max(last, position)) >> 8
        while position <= last:
            if starts is not None:
                candidate = starts(subject, position)
                run.steps += ((size if candidate is None else candidate.start()) - position) >> 4
                if candidate is None:
                    break
                position = candidate.start()
            found = run.attempt(position)
            if found is not None:
                run.charge()
                return found
            if run.steps >= SLICE:
                run.charge()
            position += 1
        run.charge()
        return None


@lru_cache(256)
def _members(bytes: int) -> frozenset[str]:
    return frozenset(characters(bytes))


def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.DOTALL)


def _repeated(members: int) -> Callable[..., Any]:
    """Matches as many members of the set as there are."""
    return _compiled(byte_class(members) + "*+" if members else "").match


def _starts(items: list[Item]) -> Callable[..., Any] | None:
    """A search for the characters that a match may begin with, if every match must begin with one."""
    for item in items:
        if item.kind == SINGLE and item.suffix in ("", "+"):
            return None if item.bytes == ALL else _compiled(byte_class(item.bytes)).search
        if item.kind == BALANCE:
            return _compiled(byte_class(1 << ord(item.text[0]))).search
        if item.kind not in (OPEN, POSITION):
            return None
    return None


def _needles(items: list[Item]) -> tuple[str, ...]:
    """Texts that every match holds: those that single characters in a row spell."""
    needles: list[str] = []
    text = ""
    for item in items:
        if item.kind == ERROR:
            # an error must not be missed for want of a match
            return ()
        if item.kind == SINGLE and item.suffix in ("", "+") and item.bytes.bit_count() == 1 and len(text) < MAX_NEEDLE:
            char = characters(item.bytes)
            text += char
            if not item.suffix:
                continue
            needles.append(text)
            text = char
        elif item.kind not in (OPEN, CLOSE, POSITION):
            needles.append(text)
            text = ""
    needles.append(text)
    return tuple(sorted(set(needles), key=len)[-MAX_NEEDLES:])


def _operation(items: list[Item], at: int, deep: bool) -> Operation:
    item = items[at]
    kind = item.kind
    if kind == BALANCE:
        opening, closing = item.text[0], item.text[1]
        scan = _compiled(byte_class((1 << ord(opening)) | (1 << ord(closing)))).finditer
        return Operation(BALANCE, text=item.text, run=scan)
    members = _members(item.bytes)
    if kind != SINGLE or item.suffix == "":
        return Operation(kind, item.group, item.text, members)
    if item.suffix == "?":
        return Operation(OPTIONAL, members=members)
    run = _repeated(item.bytes)
    following = None if deep else _must_follow(items, at + 1)
    next_members = None if following is None else _members(following)
    if item.suffix == "-":
        skip = None
        if following is not None:
            skip = _repeated(item.bytes & ~following)
        elif not deep and _ends(items, at + 1):
            skip = run
        return Operation(LAZY, members=members, run=run, next_members=next_members, skip=skip)
    return Operation(
        GREEDY,
        members=members,
        least=1 if item.suffix == "+" else 0,
        run=run,
        next_members=next_members,
        next_char=characters(following) if following is not None and following.bit_count() == 1 else "",
        settled=following is not None and not following & item.bytes,
    )


def _must_follow(items: list[Item], at: int) -> int | None:
    """The set of characters one of which must come next for the items from ``at`` on, ``None`` if unknown."""
    for item in items[at:]:
        if item.kind == SINGLE:
            return item.bytes if item.suffix in ("", "+") else None
        if item.kind not in (OPEN, POSITION, CLOSE):
            return None
    return None


def _ends(items: list[Item], at: int) -> bool:
    """Whether the items from ``at`` on ask for the end of the subject first."""
    for item in items[at:]:
        if item.kind not in (OPEN, POSITION, CLOSE):
            return item.kind == END
    return False


class _Run:
    """The matching of one subject: counts steps, holds the captures of the current attempt."""

    __slots__ = ("ends", "machine", "size", "starts", "steps", "subject", "tick")

    def __init__(self, machine: Machine, tick: Callable[[int], Any], subject: str) -> None:
        self.machine = machine
        self.tick = tick
        self.subject = subject
        self.size = len(subject)
        self.steps = 0
        self.starts = [0] * (machine.captures + 1)
        self.ends = [-1] * (machine.captures + 1)

    def charge(self) -> None:
        """Charge the steps taken since the last charge."""
        steps, self.steps = self.steps, 0
        if steps:
            self.tick(steps)

    def attempt(self, origin: int) -> Found | None:
        """Match at exactly ``origin``.

        The stack holds what may still be tried: the operation, the position, the bound of a repetition (or what else
        it is) and the depth. Captures need no undoing: those after an operation are set again on the way back.
        """
        operations, subject, size = self.machine.operations, self.subject, self.size
        starts, ends = self.starts, self.ends
        stack: list[tuple[int, int, int, int]] = []
        at, position, depth, steps = 0, origin, 1, 0
        while True:
            steps += 1
            if steps >= SLICE:
                self.steps += steps
                steps = 0
                self.charge()
            operation = operations[at] or self.machine.operation(at)
            kind = operation.kind
            at += 1
            matched = True
            if kind == SINGLE:
                matched = position < size and subject[position] in operation.members
                position += 1
            elif kind == SUCCESS:
                self.steps += steps
                starts[0], ends[0] = origin, position
                return Found(subject, starts[:], ends[:])
            elif kind == GREEDY:
                low, high = position + operation.least, operation.run(subject, position).end()  # type: ignore[misc]
                steps += (high - position) >> 4
                if high > position:
                    depth += 1
                    if operation.settled:
                        position = high
                    else:
                        stack.append((at, high, low, depth))
                        matched = False
                else:
                    matched = high >= low
            elif kind == LAZY:
                if position < size and subject[position] in operation.members:
                    depth += 1
                position = self._longer(operation, position)
                if position >= 0:
                    stack.append((at, position, LAZY_FRAME, depth))
                matched = position >= 0
            elif kind == OPTIONAL:
                if position < size and subject[position] in operation.members:
                    stack.append((at, position, OPTIONAL_FRAME, depth))
                    position += 1
                    depth += 1
            elif kind == END:
                matched = position == size
            elif kind == FRONTIER:
                before = subject[position - 1] if position else "\0"
                here = subject[position] if position < size else "\0"
                matched = before not in operation.members and here in operation.members
            elif kind == BACKREF:
                begin, end = self.starts[operation.group + 1], self.ends[operation.group + 1]
                steps += (end - begin) >> 4
                matched = subject.startswith(subject[begin:end], position)
                position += end - begin
            elif kind == BALANCE:
                position = self._balance(operation, position)
                matched = position >= 0
            elif kind == ERROR:
                raise lib_error(operation.text)
            else:
                # a capture mark: an open capture ends at -1 until it is closed, a position where it starts
                if kind != CLOSE:
                    starts[operation.group + 1] = position
                ends[operation.group + 1] = -1 if kind == OPEN else position
                depth += 1
            if depth > MAX_DEPTH:
                raise lib_error("pattern too complex")
            while not matched:
                if not stack:
                    self.steps += steps
                    return None
                steps += 1
                at, position, low, depth = stack.pop()
                if low == OPTIONAL_FRAME:
                    break
                operation = operations[at - 1] or self.machine.operation(at - 1)
                if low == LAZY_FRAME:
                    if position < size and subject[position] in operation.members:
                        position = self._longer(operation, position + 1)
                        if position >= 0:
                            stack.append((at, position, LAZY_FRAME, depth))
                            break
                else:
                    position = self._shorter(operation, position, low)
                    if position >= 0:
                        if position > low:
                            stack.append((at, position - 1, low, depth))
                        break

    def _longer(self, operation: Operation, position: int) -> int:
        """The next position from ``position`` on where what follows a lazy repetition may match, -1 if none."""
        if operation.skip is None:
            return position
        found: int = operation.skip(self.subject, position).end()
        self.steps += (found - position) >> 4
        following = operation.next_members
        if following is None:
            return found if found == self.size else -1
        return found if found < self.size and self.subject[found] in following else -1

    def _balance(self, operation: Operation, position: int) -> int:
        """The position after the text balanced in two characters that begins at ``position``, -1 if none."""
        subject = self.subject
        opening, closing = operation.text[0], operation.text[1]
        if not subject.startswith(opening, position):
            return -1
        level = 1
        last = position
        for found in operation.run(subject, position + 1):  # type: ignore[misc]
            here: int = found.start()
            self.steps += 1 + ((here - last) >> 4)
            if self.steps >= SLICE:
                self.charge()
            last = here
            if subject[here] == closing:
                level -= 1
                if level == 0:
                    return here + 1
            else:
                level += 1
        self.steps += (self.size - last) >> 4
        return -1

    def _shorter(self, operation: Operation, high: int, low: int) -> int:
        """The next position from ``high`` down to ``low`` where what follows a repetition may match, -1 if none."""
        following = operation.next_members
        if following is None:
            return high
        subject = self.subject
        if operation.next_char:
            found = subject.rfind(operation.next_char, low, high + 1)
            self.steps += (high - max(found, low)) >> 4
            return found
        while high >= low:
            if high < self.size and subject[high] in following:
                return high
            high -= 1
            self.steps += 1
            if self.steps >= SLICE:
                self.charge()
        return -1
