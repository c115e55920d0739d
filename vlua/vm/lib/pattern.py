"""Lua patterns, ready to match (manual §6.4.1).

In: the text of a pattern, subjects. Out: matches with the interface of ``re.Match``, captures as Lua values.

Matching is done by Python's ``re`` as long as the worst case for the length of the subject is small, else by the
machine, which charges every step. Compiled patterns are immutable and cached for the whole process.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vlua.vm.frames import lib_error
from vlua.vm.lib.pattern_items import CLOSE, OPEN, POSITION, SINGLE, UNITS_EACH, Item, characters, parse_pattern
from vlua.vm.lib.pattern_machine import Found, Machine
from vlua.vm.lib.pattern_regex import UNLIMITED, Translation, translate_items

__all__ = ["Match", "Pattern", "PatternCache", "compile_pattern"]

Match = re.Match[str] | Found
Tick = Callable[[int], Any]

# Characters that make a pattern more than a text to look for (lstrlib's SPECIALS).
SPECIALS = "^$*+?.([%-"
# Patterns kept compiled, by the process and by each runtime, each at most this long; a full cache starts anew.
CACHED_PATTERNS = 512
CACHED_LENGTH = 256
# What compiling a pattern is charged besides its characters.
COMPILE_UNITS = 64
# Worst-case steps that a search may take without being charged.
FREE_STEPS = 8192
# Subjects of linear patterns that are searched without being charged.
FREE_LENGTH = 512


class Pattern:
    """One compiled pattern.

    Public attributes, all read-only: ``text`` to look for if the pattern has no specials but ``)``, else ``None``;
    ``literal``, the only text that it matches, else ``None``; ``anchored``; ``nullable``, whether it may match the
    empty string; ``linear``, whether searching a whole subject takes time in proportion to it; ``free``, the longest
    subject for which ``search(subject, position)`` may be called directly and without charge; ``finditer`` for those
    subjects (and, if ``linear``, for all), or ``None`` when a match may be empty; ``plain``, whether all captures
    are strings; ``captures``, their number.
    """

    __slots__ = (
        "anchored",
        "captures",
        "finditer",
        "free",
        "items",
        "kinds",
        "linear",
        "literal",
        "machine",
        "nullable",
        "plain",
        "reach",
        "regex",
        "search",
        "start_regex",
        "text",
        "translation",
    )

    def __init__(self, pattern: str, anchors: bool, tick: Tick | None = None) -> None:
        self.text = None if any(special in pattern for special in SPECIALS) else pattern
        self.anchored = anchors and pattern.startswith("^")
        self.items: list[Item] = parse_pattern(pattern, int(self.anchored), tick)
        self.kinds = _capture_kinds(self.items)
        self.captures = len(self.kinds)
        self.plain = all(kind == "string" for kind in self.kinds)
        self.literal = _literal(self.items) if not self.anchored else None
        self.machine: Machine | None = None
        self.start_regex: re.Pattern[str] | None = None
        self.reach: re.Pattern[str] | None = None
        self.translation: Translation | None = None
        self.nullable = True
        self.free = -1
        self.linear = False
        self.search: Callable[[str, int], re.Match[str] | None] = _never
        self.finditer: Callable[..., Any] | None = None
        self.regex: re.Pattern[str] | None = None
        if len(pattern) <= CACHED_LENGTH:
            self._translate()

    def _translate(self) -> None:
        translation = self.translation = translate_items(self.items, self.anchored)
        if translation is None:
            return
        self.nullable = translation.nullable
        self.regex = regex = re.compile(translation.source, re.DOTALL)
        self.search = regex.match if self.anchored else regex.search
        if translation.longest == UNLIMITED:
            self.free = FREE_LENGTH
            self.linear = True
        else:
            self.free = min(translation.longest, int(FREE_STEPS ** (1 / translation.exponent)))
        if not self.anchored and not self.nullable:
            self.finditer = regex.finditer

    def find(self, tick: Tick, subject: str, position: int) -> Match | None:
        """The first match at or after ``position`` in a subject of any length; ``tick(n)`` charges n units.

        Raises LuaError for a malformed pattern, and whatever ``tick`` raises.
        """
        if self.linear:
            found = self.search(subject, position)
            self._charge(tick, subject, position, found)
            return found
        return self.searcher(tick, subject, position)(position)

    def searcher(self, tick: Tick, subject: str, origin: int) -> Callable[[int], Match | None]:
        """A function that finds the first match at or after a position not before ``origin``."""
        size = len(subject) - origin
        translation = self.translation
        if translation is None:
            return self._machine_searcher(tick, subject)
        if size <= translation.longest:
            if self.linear:
                return self._linear_searcher(tick, subject)
            # all searches of one subject together stay within this bound
            tick(int(size**translation.exponent) >> 10)
            return self._bounded_searcher(subject)
        if translation.start_source:
            return self._run_searcher(tick, subject, translation.start_source)
        if translation.needle:
            return self._needle_searcher(tick, subject, origin, translation.needle)
        return self._machine_searcher(tick, subject)

    def _machine_searcher(self, tick: Tick, subject: str) -> Callable[[int], Match | None]:
        machine = self.machine
        if machine is None:
            machine = self.machine = Machine(self.items)
        anchored = self.anchored
        return lambda position: machine.search(tick, subject, position, anchored)

    def _bounded_searcher(self, subject: str) -> Callable[[int], Match | None]:
        """A search whose worst case is known to be short, and charged."""
        search = self.search
        return lambda position: search(subject, position)

    def _linear_searcher(self, tick: Tick, subject: str) -> Callable[[int], Match | None]:
        """A search that looks once at what it passes."""
        search = self.search

        def linear(position: int) -> Match | None:
            found = search(subject, position)
            self._charge(tick, subject, position, found)
            return found

        return linear

    def _run_searcher(self, tick: Tick, subject: str, source: str) -> Callable[[int], Match | None]:
        """A search that, after its first position, starts only where a run of the first item starts."""
        regex = self.start_regex
        if regex is None:
            regex = self.start_regex = re.compile(source, re.DOTALL)
        match, search = self.regex.match, regex.search  # type: ignore[union-attr]

        def at_runs(position: int) -> Match | None:
            found = match(subject, position) or search(subject, position + 1)
            self._charge(tick, subject, position, found)
            return found

        return at_runs

    def _needle_searcher(self, tick: Tick, subject: str, origin: int, needle: str) -> Callable[[int], Match | None]:
        """A search up to the last occurrence of the text that ends every match."""
        search = self.search
        last = subject.rfind(needle, origin)
        end = last + len(needle)
        tick((len(subject) - end) >> 10)

        def to_needle(position: int) -> Match | None:
            if last < position:
                return None
            found = search(subject, position, end)  # type: ignore[call-arg]
            self._charge(tick, subject, position, found)
            return found

        return to_needle

    def _charge(self, tick: Tick, subject: str, position: int, found: Match | None) -> None:
        """Charge a linear search by the characters that it has looked at."""
        if found is not None:
            seen = found.end() - position
        elif self.anchored:
            seen = self._reached(subject, position) - position
        else:
            seen = len(subject) - position
        if seen > 255:
            tick(seen >> 4)

    def _reached(self, subject: str, position: int) -> int:
        """How far a failed attempt at ``position`` has looked."""
        reach = self.reach
        if reach is None:
            source = self.translation.reach_source  # type: ignore[union-attr]
            reach = self.reach = re.compile(source or ".*", re.DOTALL)
        return reach.match(subject, position).end()  # type: ignore[union-attr]

    # Captures

    def capture(self, found: Match, index: int) -> Any:
        """Capture ``index`` (0-based) as a Lua value; the whole match if the pattern has none and index is 0.

        Raises LuaError for a capture that the pattern does not have or does not close.
        """
        if index >= self.captures:
            if index == 0:
                return found[0]
            raise lib_error(f"invalid capture index %{index + 1}")
        kind = self.kinds[index]
        if kind == "string":
            return found[index + 1]
        if kind == "position":
            return found.start(index + 1) + 1
        raise lib_error("unfinished capture")

    def values(self, found: Match) -> tuple[Any, ...]:
        """All captures, or the whole match if there are none."""
        if self.captures == 0:
            return (found[0],)
        if self.plain:
            return found.groups()
        return tuple([self.capture(found, index) for index in range(self.captures)])


def _never(subject: str, position: int) -> None:
    raise AssertionError("no regular expression for this pattern")


def _capture_kinds(items: list[Item]) -> tuple[str, ...]:
    kinds: list[str] = []
    for item in items:
        if item.kind in (OPEN, POSITION):
            kinds.append("position" if item.kind == POSITION else "unfinished")
        elif item.kind == CLOSE:
            kinds[item.group] = "string"
    return tuple(kinds)


def _literal(items: list[Item]) -> str | None:
    """The text that the items spell, if they are nothing but single characters."""
    if any(item.kind != SINGLE or item.suffix or item.bytes.bit_count() != 1 for item in items):
        return None
    return "".join([characters(item.bytes) for item in items])


# Patterns by text for the whole process; in the second cache "^" is an ordinary character, as gmatch has it.
ANCHORING: dict[str, Pattern] = {}
UNANCHORED: dict[str, Pattern] = {}


def compile_pattern(pattern: str, anchors: bool = True) -> Pattern:
    """The compiled ``pattern``, from the cache of the process or new.

    With ``anchors`` a leading ``^`` anchors the match. Never raises LuaError: mistakes show when matching.
    """
    cache = ANCHORING if anchors else UNANCHORED
    compiled = cache.get(pattern)
    if compiled is None:
        compiled = Pattern(pattern, anchors)
        remember(cache, pattern, compiled)
    return compiled


def remember(cache: dict[str, Pattern], text: str, pattern: Pattern) -> None:
    """Put a pattern in a cache, if it is short enough."""
    if len(text) <= CACHED_LENGTH:
        if len(cache) >= CACHED_PATTERNS:
            cache.clear()
        cache[text] = pattern


class PatternCache(dict[str, Pattern]):
    """The patterns of one runtime by text: ``cache[text]`` compiles and charges what the runtime has not used yet.

    The charge does not depend on what other runtimes have compiled.
    """

    def __init__(self, tick: Tick, anchors: bool) -> None:
        super().__init__()
        self.tick = tick
        self.anchors = anchors

    def __missing__(self, text: str) -> Pattern:
        self.tick(COMPILE_UNITS)
        if len(text) > CACHED_LENGTH:
            return Pattern(text, self.anchors, self.tick)
        self.tick(UNITS_EACH * len(text))
        pattern = compile_pattern(text, self.anchors)
        remember(self, text, pattern)
        return pattern
