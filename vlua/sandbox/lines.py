"""On which lines of a TOML file its keys are: ``tomllib`` does not tell.

In: TOML text that is known to be correct. Out: line numbers by path of keys.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["key_lines", "line_of"]

Path = tuple[str | int, ...]

STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
BARE = re.compile(r"[A-Za-z0-9_+:-]+")
BLANK = re.compile(r"[ \t]*")
COMMENT = re.compile(r"#[^\n]*")


@lru_cache(maxsize=8)
def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of each table and key, and of each item of a list and each text inside of a value.

    Items of lists are found by their number, text by itself: ``("sandbox", "deny", "os.execute")``.
    """
    return Finder(text.replace("\r\n", "\n")).lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of ``path``, or of the nearest thing around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


class Finder:
    """One walk through a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[Path, int] = {}
        self.table: Path = ()
        self.counts: dict[Path, int] = {}
        while self.position < len(text):
            self.statement()

    def note(self, path: Path) -> None:
        """The thing at the position is what ``path`` names, unless something before it was."""
        self.lines.setdefault(path, self.text.count("\n", 0, self.position) + 1)

    def statement(self) -> None:
        """A table's header, a key with its value, a comment or an empty line."""
        text = self.text
        self.position = BLANK.match(text, self.position).end()  # type: ignore[union-attr]
        start = text[self.position : self.position + 2]
        if start[:1] in ("\n", ""):
            self.position += 1
        elif start[0] == "#":
            self.position = COMMENT.match(text, self.position).end()  # type: ignore[union-attr]
        elif start[0] == "[":
            self.position += len("[[" if start == "[[" else "[")
            path = self.resolved(self.names())
            if start == "[[":
                number = self.counts.get(path, 0)
                self.counts[path] = number + 1
                path = (*path, number)
            self.note(path)
            self.table = path
            end = text.find("\n", self.position)
            self.position = end if end >= 0 else len(text)
        else:
            begin = self.position
            names = self.names()
            end, self.position = self.position, begin
            for count in range(1, len(names) + 1):
                self.note((*self.table, *names[:count]))
            self.note((*self.table, ".".join(names)))  # Lua names are often written without quotes
            self.position = text.index("=", end) + 1
            self.value((*self.table, *names))

    def names(self) -> tuple[str, ...]:
        """A key, which may have several parts."""
        names: list[str] = []
        while True:
            self.position = BLANK.match(self.text, self.position).end()  # type: ignore[union-attr]
            found = STRING.match(self.text, self.position) or BARE.match(self.text, self.position)
            if found is None:
                return tuple(names)
            names.append(plain(found[0]))
            self.position = BLANK.match(self.text, found.end()).end()  # type: ignore[union-attr]
            if self.text[self.position : self.position + 1] != ".":
                return tuple(names)
            self.position += 1

    def resolved(self, names: tuple[str, ...]) -> Path:
        """A header's names as a path: below a list of tables it is the last of them that is meant."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if path in self.counts and position < len(names) - 1:
                path = (*path, self.counts[path] - 1)
        return path

    def value(self, path: Path) -> None:
        """A value, to the end of its last line; what is inside belongs to ``path``."""
        text, depth, number = self.text, 0, 0
        here = path
        while self.position < len(text):
            letter = text[self.position]
            if letter == "\n" and depth == 0:
                return
            found = STRING.match(text, self.position) if letter in "\"'" else None
            if found is None and depth:
                found = BARE.match(text, self.position)
            if found is not None:
                if depth:
                    self.note((*here, plain(found[0])))
                self.position = found.end()
            elif letter == "#":
                self.position = COMMENT.match(text, self.position).end()  # type: ignore[union-attr]
            else:
                if letter in "[{":
                    if letter == "{" and depth == 1 and here == path:
                        here = (*path, number)
                        self.note(here)
                        number += 1
                    depth += 1
                elif letter in "]}":
                    depth -= 1
                    if depth == 1:
                        here = path
                self.position += 1


def plain(token: str) -> str:
    """A bare or quoted key, or a text, as what it says; escapes are left as they are."""
    for quote in ('"""', "'''", '"', "'"):
        if token.startswith(quote):
            return token[len(quote) : -len(quote)]
    return token
