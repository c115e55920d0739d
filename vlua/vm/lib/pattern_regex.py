"""Lua patterns as Python regular expressions, with a bound on what a search may cost.

In: the items of a pattern. Out: a ``Translation``, or ``None`` when only the machine can match it.

Python's ``re`` cannot be interrupted, so a translation says for which lengths of subject it is safe. Suffixes that
could backtrack in Lua but never with success become possessive, which leaves most patterns linear once started.
A search from every position can still be quadratic; three shapes escape that too, and make a pattern safe for any
length: those that cannot fail late, those that need to start only where a run of characters starts (a look-behind
keeps the other starts out), and those that end in a fixed text, beyond whose last occurrence nothing can match.
"""

from __future__ import annotations

from typing import NamedTuple

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

__all__ = ["UNLIMITED", "Translation", "byte_class", "translate_items"]

# Steps that one uninterruptible call of ``re`` may take in the worst case: some ten milliseconds.
STEP_LIMIT = 1_000_000
# Patterns with more items than this are left to the machine: they would take long to compile.
MAX_ITEMS = 64
# A subject length that no string reaches.
UNLIMITED = 1 << 62


class Translation(NamedTuple):
    """A pattern as a regular expression.

    ``source`` matches as the pattern does from one position. ``exponent`` bounds the steps of a search of ``n``
    characters by ``n ** exponent``, up to a factor that ``longest``, the longest subject it is safe for, includes.
    ``start_source`` is the same with starts inside a run left out, ``needle`` the text that every match ends in;
    at most one of them is set, and it makes searching subjects of any length safe. ``reach_source`` matches as far
    as a failed attempt from one position looks.
    """

    source: str
    exponent: int
    longest: int
    nullable: bool
    start_source: str = ""
    needle: str = ""
    reach_source: str = ""


def byte_class(members: int) -> str:
    """A set of bytes as a regular expression for one character."""
    if members == ALL:
        return "."
    if members == 0:
        return "(?!)"
    count = members.bit_count()
    if count == 1:
        return _escape(characters(members))
    if count > 128:
        return f"[^{_ranges(ALL & ~members)}]"
    return f"[{_ranges(members)}]"


def _escape(char: str) -> str:
    return char if char.isalnum() and char < "\x80" else f"\\x{ord(char):02x}"


def _ranges(members: int) -> str:
    parts: list[str] = []
    byte = 0
    while byte < 256:
        if members >> byte & 1:
            first = byte
            while byte < 255 and members >> (byte + 1) & 1:
                byte += 1
            parts.append(f"\\x{first:02x}" if first == byte else f"\\x{first:02x}-\\x{byte:02x}")
        byte += 1
    return "".join(parts)


def translate_items(items: list[Item], anchored: bool) -> Translation | None:
    """The translation of a pattern, or ``None`` if it has no bounded one."""
    if len(items) > MAX_ITEMS or any(item.kind in (BALANCE, ERROR) for item in items):
        return None
    if sum(item.kind == OPEN for item in items) != sum(item.kind == CLOSE for item in items):
        return None
    return _Translator(items).translate(anchored)


class _Step(NamedTuple):
    """A consuming item as emitted.

    ``run`` is its set if it is unbounded (after narrowing), ``free`` says that it may give characters back,
    ``sure`` that whatever follows it succeeds, so that no failed attempt gets past it.
    """

    at: int
    bytes: int
    optional: bool
    unbounded: bool
    free: bool
    sure: bool
    fork: bool


class _Translator:
    """Emits and analyses one list of items; the two lists below are indexed like it, with one more at the end."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        size = len(items)
        # the characters that may come next when the items from here on match; whether they always do;
        # whether they do at the end of the subject
        self.first = [0] * (size + 1)
        self.sure = [True] * (size + 1)
        self.nullable = [True] * (size + 1)
        for at in range(size - 1, -1, -1):
            self._look_ahead(at)
        self.steps: list[_Step] = []
        self.parts: list[str] = []

    def _look_ahead(self, at: int) -> None:
        item = self.items[at]
        first, sure, nullable = self.first[at + 1], self.sure[at + 1], self.nullable[at + 1]
        if item.kind == SINGLE:
            if item.suffix in ("", "+"):
                first, sure, nullable = item.bytes, False, False
            else:
                first |= item.bytes
                sure = sure or (item.bytes == ALL and item.suffix != "?" and nullable)
        elif item.kind == BACKREF:
            first, sure = ALL, False
        elif item.kind == FRONTIER:
            # not a character that is consumed, but one that must be there
            first, sure = item.bytes, False
            nullable = False
        elif item.kind == END:
            first, sure = 0, False
        self.first[at], self.sure[at], self.nullable[at] = first, sure, nullable

    def translate(self, anchored: bool) -> Translation | None:
        for at, item in enumerate(self.items):
            self.parts.append(self._emit(at, item))
        source = "".join(self.parts)
        exponent = self._attempt_exponent()
        start_source = needle = ""
        if exponent and not anchored and not self.sure[0]:
            if self._starts_with_frontier_of_runs():
                pass
            elif self._runs_apart():
                start_source = self._run_start() + source if self._run_start() else ""
                if not start_source and not self._first_run_is_entered_once():
                    exponent += 1
            else:
                needle = self._final_text()
                exponent += 1
        exponent = max(exponent, 1)
        return self._bounded(source, exponent, start_source, needle)

    def _bounded(self, source: str, exponent: int, start_source: str, needle: str) -> Translation | None:
        factor = max(1, len(self.steps) // 16) << min(40, sum(step.fork for step in self.steps))
        if start_source:
            exponent = 2
        longest = int((STEP_LIMIT / factor) ** (1 / exponent))
        if exponent == 1 and factor <= 8:
            longest = UNLIMITED
        if longest < 8:
            return None
        reach = ""
        if not any(step.free for step in self.steps) and not any(item.kind == BACKREF for item in self.items):
            reach = self._reach()
        nullable = not any(item.kind == SINGLE and item.suffix in ("", "+") for item in self.items)
        return Translation(source, exponent, longest, nullable, start_source, needle, reach)

    # Emitting

    def _emit(self, at: int, item: Item) -> str:
        kind = item.kind
        if kind == SINGLE:
            return self._emit_single(at, item)
        if kind == OPEN:
            return "("
        if kind == CLOSE:
            return ")"
        if kind == POSITION:
            return "()"
        if kind == END:
            return r"\Z"
        if kind == BACKREF:
            return rf"(?:\{item.group + 1})"
        return _frontier(item.bytes)

    def _emit_single(self, at: int, item: Item) -> str:
        members, suffix = item.bytes, item.suffix
        sure = self.sure[at + 1]
        settled = sure or not members & self.first[at + 1]
        unit = byte_class(members)
        if not members and suffix not in ("", "+"):
            return ""
        if suffix == "" or not members:
            self._step(at, members)
            return unit
        if suffix == "?":
            self._step(at, members, optional=True, fork=not settled)
            return unit + ("?+" if settled else "?")
        if suffix in "*+":
            self._step(at, members, optional=suffix == "*", unbounded=True, free=not settled, sure=sure)
            return unit + suffix + ("+" if settled else "")
        return self._emit_lazy(at, members)

    def _emit_lazy(self, at: int, members: int) -> str:
        """``-``: as many as needed, written as a run up to what follows wherever that is the same."""
        unit = byte_class(members)
        if self.sure[at + 1]:
            return ""
        if not members & self.first[at + 1]:
            self._step(at, members, optional=True, unbounded=True)
            return f"{unit}*+"
        after = self._next_consumer(at + 1)
        item = self.items[after] if after < len(self.items) else Item(END)
        if item.kind == SINGLE and item.suffix in ("", "+") and self.sure[after + 1]:
            rest = members & ~item.bytes
            self._step(at, rest, optional=True, unbounded=True)
            return f"{byte_class(rest)}*+" if rest else ""
        if item.kind == SINGLE and item.suffix == "*" and members == ALL and self._is_end(after + 1):
            # up to the last character that the final run cannot take
            self._step(at, members, optional=True, unbounded=True, sure=True)
            return f"(?:.*{byte_class(ALL & ~item.bytes)})?"
        self._step(at, members, optional=True, unbounded=True, free=True)
        return f"{unit}*?"

    def _step(
        self,
        at: int,
        members: int,
        *,
        optional: bool = False,
        unbounded: bool = False,
        free: bool = False,
        sure: bool = False,
        fork: bool = False,
    ) -> None:
        self.steps.append(_Step(at, members, optional, unbounded, free, sure, fork))

    def _next_consumer(self, at: int) -> int:
        """Index of the first item from ``at`` on that is no capture mark."""
        while at < len(self.items) and self.items[at].kind in (OPEN, CLOSE, POSITION):
            at += 1
        return at

    def _is_end(self, at: int) -> bool:
        """Whether only the end of the subject is asked for from ``at`` on."""
        at = self._next_consumer(at)
        return at == len(self.items) - 1 and self.items[at].kind == END

    def _reach(self) -> str:
        """The items one inside the other, each optional: matches as far as an attempt gets."""
        suffixes = ["*+" if step.unbounded else "?+" if step.optional else "" for step in self.steps]
        parts = ["(?:" + byte_class(step.bytes) + suffix for step, suffix in zip(self.steps, suffixes, strict=True)]
        return "".join(parts) + ")?" * len(parts)

    # What a failed attempt costs

    def _attempt_exponent(self) -> int:
        """The exponent of the steps that one failed attempt from one position may take."""
        free = [index for index, step in enumerate(self.steps) if step.free]
        compared = sum(item.kind == BACKREF and self._is_long(item.group) for item in self.items)
        if not free:
            return min(1, sum(step.unbounded and not step.sure for step in self.steps)) + compared
        later = self.steps[free[-1] + 1 :]
        return len(free) + any(step.unbounded and not step.sure for step in later) + compared

    def _is_long(self, group: int) -> bool:
        """Whether capture ``group`` may hold more than a few characters."""
        first = next(at for at, item in enumerate(self.items) if item.kind == OPEN and item.group == group)
        last = next(at for at, item in enumerate(self.items) if item.kind == CLOSE and item.group == group)
        return any(item.kind == BACKREF or item.suffix in ("*", "+", "-") for item in self.items[first:last])

    # Shapes that may be searched for from every position

    def _is_deterministic(self) -> bool:
        """Whether an attempt can go only one way."""
        return not any(step.free or step.fork for step in self.steps) and not any(
            item.kind == BACKREF for item in self.items
        )

    def _runs_apart(self) -> bool:
        """Whether every run but the first item's begins after a character that the run cannot hold.

        Then each run of the subject is entered from one place only, and the attempts together are linear.
        """
        if not self._is_deterministic():
            return False
        for index, step in enumerate(self.steps):
            if index == 0 or not step.unbounded or step.sure:
                continue
            before = index - 1
            while True:
                if step.bytes & self.steps[before].bytes:
                    return False
                if not self.steps[before].optional:
                    break
                if before == 0:
                    return False
                before -= 1
        return True

    def _first_run_is_entered_once(self) -> bool:
        step = self.steps[0]
        return not step.unbounded or step.sure

    def _run_start(self) -> str:
        """A look-behind that holds at the start of a run of the first item, if that is unbounded."""
        step = self.steps[0]
        if self._first_run_is_entered_once() or step.at != self._next_consumer(0):
            return ""
        return f"(?<!{byte_class(step.bytes)})"

    def _starts_with_frontier_of_runs(self) -> bool:
        """Whether the pattern is ``%f[set]`` and then a run within the set, entered only where the run starts."""
        at = self._next_consumer(0)
        if at == len(self.items) or self.items[at].kind != FRONTIER or not self._runs_apart():
            return False
        return not self.steps[0].bytes & ~self.items[at].bytes

    def _final_text(self) -> str:
        """The text that ends every match, if an attempt that finds one ahead always succeeds."""
        runs = [index for index, step in enumerate(self.steps) if step.unbounded]
        if len(runs) != 1 or any(item.kind not in (SINGLE, OPEN, CLOSE, POSITION) for item in self.items):
            return ""
        run = self.steps[runs[0]]
        tail = self.steps[runs[0] + 1 :]
        if not tail or any(step.optional or step.bytes.bit_count() != 1 for step in tail):
            return ""
        text = "".join(characters(step.bytes) for step in tail)
        if self.items[run.at].suffix == "-" and self.items[run.at].bytes == ALL:
            return text
        return text if len(tail) == 1 and run.bytes | tail[0].bytes == ALL and not run.free else ""


def _frontier(members: int) -> str:
    """``%f[set]``: a place between a character outside and one inside the set, the ends counting as ``\\0``."""
    others = ALL & ~members
    if members & 1:
        # the end of the subject is inside the set, its beginning too
        return f"(?<={byte_class(others)})(?!{byte_class(others)})" if others else "(?!)"
    return f"(?<!{byte_class(members)})(?={byte_class(members)})" if members else "(?!)"
