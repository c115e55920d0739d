"""Lua patterns taken apart (manual §6.4.1).

In: the text of a pattern. Out: its items in order, each a single-character class with its suffix, a capture mark
or one of the special items. PUC Lua finds mistakes only when matching arrives at them, so a mistake is an item
too (``ERROR``, always the last one), and parsing itself never fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = [
    "ALL",
    "BACKREF",
    "BALANCE",
    "CLOSE",
    "END",
    "ERROR",
    "FRONTIER",
    "MAX_CAPTURES",
    "OPEN",
    "POSITION",
    "SINGLE",
    "UNITS_EACH",
    "Item",
    "characters",
    "parse_pattern",
]

# LUA_MAXCAPTURES of PUC Lua; scripts see it as an error.
MAX_CAPTURES = 32

# Characters of a pattern read between two charges, and what each is charged.
SLICE = 1024
UNITS_EACH = 16

# Kinds of items. SINGLE is matched against one character; the others are zero-width, marks or special.
SINGLE, OPEN, CLOSE, POSITION, BACKREF, BALANCE, FRONTIER, END, ERROR = range(9)

# Sets of bytes are integers whose bit ``n`` says whether byte ``n`` is a member.
ALL = (1 << 256) - 1


class Item(NamedTuple):
    """One item of a pattern.

    ``bytes`` is the set of a SINGLE or FRONTIER; ``suffix`` one of ``""``, ``"?"``, ``"*"``, ``"+"``, ``"-"``;
    ``group`` the 0-based capture of a mark or back reference; ``text`` the two characters of a BALANCE or the
    message of an ERROR.
    """

    kind: int
    bytes: int = 0
    suffix: str = ""
    group: int = 0
    text: str = ""


def _mask(*ranges: str) -> int:
    """The set of all bytes in the ranges, each written as its first and last character."""
    members = 0
    for pair in ranges:
        members |= (2 << ord(pair[1])) - (1 << ord(pair[0]))
    return members


UPPER, LOWER, DIGITS = _mask("AZ"), _mask("az"), _mask("09")

# What C's <ctype.h> says in the "C" locale, by the letter of the class; "%z" is deprecated but still there.
CLASSES = {
    "a": UPPER | LOWER,
    "c": _mask("\0\x1f", "\x7f\x7f"),
    "d": DIGITS,
    "g": _mask("!~"),
    "l": LOWER,
    "p": _mask("!~") & ~(UPPER | LOWER | DIGITS),
    "s": _mask("\t\r", "  "),
    "u": UPPER,
    "w": UPPER | LOWER | DIGITS,
    "x": DIGITS | _mask("af", "AF"),
    "z": 1,
}
CLASSES.update({letter.upper(): ALL & ~members for letter, members in list(CLASSES.items())})


def characters(members: int) -> str:
    """The members of a set of bytes as a string, in ascending order."""
    return "".join([chr(byte) for byte in range(256) if members >> byte & 1])


class MalformedPattern(Exception):
    """A mistake found while reading an item; it never leaves this module."""


def parse_pattern(pattern: str, start: int = 0, tick: Callable[[int], Any] | None = None) -> list[Item]:
    """The items of ``pattern`` from index ``start`` on (1 when a leading ``^`` was taken as the anchor).

    ``tick(n)``, if given, is called now and then to charge n units of work, and may raise.
    """
    items: list[Item] = []
    try:
        _Reader(pattern, start, items, tick).read()
    except MalformedPattern as mistake:
        items.append(Item(ERROR, text=str(mistake)))
    return items


class _Reader:
    """Reads one pattern from left to right; ``state`` holds the captures: open, closed or of a position."""

    def __init__(self, pattern: str, start: int, items: list[Item], tick: Callable[[int], Any] | None) -> None:
        self.pattern = pattern
        self.at = start
        self.items = items
        self.tick = tick
        self.steps = 0
        self.state: list[str] = []
        # single-character items by their text, so that long patterns stay small
        self.known: dict[str, Item] = {}

    def step(self) -> None:
        """Count a character read."""
        self.steps += 1
        if self.steps >= SLICE:
            if self.tick is not None:
                self.tick(UNITS_EACH * self.steps)
            self.steps = 0

    def read(self) -> None:
        pattern, items, size = self.pattern, self.items, len(self.pattern)
        while self.at < size:
            self.step()
            char = pattern[self.at]
            following = pattern[self.at + 1 : self.at + 2]
            if char == "(":
                self._open(following == ")")
            elif char == ")":
                self._close()
            elif char == "$" and not following:
                items.append(Item(END))
                self.at += 1
            elif char == "%" and following == "b":
                self._balance()
            elif char == "%" and following == "f":
                self._frontier()
            elif char == "%" and "0" <= following <= "9":
                self._backref(int(following) - 1)
            else:
                self._single()

    def _open(self, position: bool) -> None:
        index = len(self.state)
        if index >= MAX_CAPTURES:
            raise MalformedPattern("too many captures")
        self.state.append("position" if position else "open")
        self.items.append(Item(POSITION if position else OPEN, group=index))
        self.at += 2 if position else 1

    def _close(self) -> None:
        for index in range(len(self.state) - 1, -1, -1):
            if self.state[index] == "open":
                self.state[index] = "closed"
                self.items.append(Item(CLOSE, group=index))
                self.at += 1
                return
        raise MalformedPattern("invalid pattern capture")

    def _balance(self) -> None:
        pair = self.pattern[self.at + 2 : self.at + 4]
        if len(pair) < 2:
            raise MalformedPattern("malformed pattern (missing arguments to '%b')")
        self.items.append(Item(BALANCE, text=pair))
        self.at += 4

    def _frontier(self) -> None:
        self.at += 2
        if self.pattern[self.at : self.at + 1] != "[":
            raise MalformedPattern("missing '[' after '%f' in pattern")
        end = self._class_end(self.at)
        self.items.append(Item(FRONTIER, self._set(self.at, end)))
        self.at = end

    def _backref(self, index: int) -> None:
        if index < 0 or index >= len(self.state) or self.state[index] == "open":
            raise MalformedPattern(f"invalid capture index %{index + 1}")
        if self.state[index] == "position":
            # PUC compares with a length of (size_t)-2: never equal
            self.items.append(Item(SINGLE, 0))
        else:
            self.items.append(Item(BACKREF, group=index))
        self.at += 2

    def _single(self) -> None:
        start = self.at
        end = self._class_end(start)
        suffix = self.pattern[end : end + 1]
        if not suffix or suffix not in "?*+-":
            suffix = ""
        self.at = end + len(suffix)
        text = self.pattern[start : self.at]
        item = self.known.get(text)
        if item is None:
            item = self.known[text] = Item(SINGLE, self._single_class(start, end), suffix)
        self.items.append(item)

    def _single_class(self, at: int, end: int) -> int:
        """The set of the single-character class between ``at`` and ``end``."""
        char = self.pattern[at]
        if char == ".":
            return ALL
        if char == "%":
            return self._class(self.pattern[at + 1])
        return self._set(at, end) if char == "[" else 1 << ord(char)

    @staticmethod
    def _class(letter: str) -> int:
        """The set of ``%letter``; a character that names no class stands for itself."""
        members = CLASSES.get(letter)
        return 1 << ord(letter) if members is None else members

    def _class_end(self, at: int) -> int:
        """Where the single-character class that begins at ``at`` ends."""
        pattern, size = self.pattern, len(self.pattern)
        char = pattern[at]
        at += 1
        if char == "%":
            if at == size:
                raise MalformedPattern("malformed pattern (ends with '%')")
            return at + 1
        if char != "[":
            return at
        if pattern[at : at + 1] == "^":
            at += 1
        while True:
            self.step()
            # the first character is a member even when it is "]"
            if at >= size:
                raise MalformedPattern("malformed pattern (missing ']')")
            at += 2 if pattern[at] == "%" and at + 1 < size else 1
            if pattern[at : at + 1] == "]":
                return at + 1

    def _set(self, at: int, end: int) -> int:
        """The members of the set ``[...]`` between ``at`` and ``end``."""
        pattern = self.pattern
        last = end - 1
        negated = pattern[at + 1] == "^"
        at += 2 if negated else 1
        members = 0
        while at < last:
            self.step()
            char = pattern[at]
            if char == "%":
                at += 1
                members |= self._class(pattern[at])
            elif pattern[at + 1] == "-" and at + 2 < last:
                low, high = ord(char), ord(pattern[at + 2])
                if low <= high:
                    members |= (1 << (high + 1)) - (1 << low)
                at += 2
            else:
                members |= 1 << ord(char)
            at += 1
        return ALL & ~members if negated else members
