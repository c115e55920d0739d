"""The place in the token lists at which a parser stands, and the errors it can report there.

In: ``Tokens`` of a chunk. Out: ``LuaSyntaxError`` with the wording of PUC Lua.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from vlua.vm.chunkname import chunkid
from vlua.vm.errors import LuaSyntaxError
from vlua.vm.lexer import ERROR, NAME, Tokens

__all__ = ["TokenReader"]

# Token types that messages show without quotes begin so; the operators that do as well are these.
BARE = "<"
COMPARISONS = frozenset({"<", "<=", "<<"})


# Tokens read between two looks at the clock.
PIECE = 5_000


class TokenReader:
    """Reads tokens one by one; ``pos`` is the index of the current token."""

    def __init__(self, tokens: Tokens, chunkname: str) -> None:
        self.tokens = tokens
        self.types = tokens.types
        self.values = tokens.values
        self.lines = tokens.lines
        self.chunkname = chunkname
        self.pos = 0
        # Called now and then, when the reader has come to a place; it may raise.
        self.pulse: Callable[[], object] = int
        self.pulse_at = PIECE

    def beat(self) -> None:
        """Call ``pulse``, and again after a while."""
        self.pulse_at = self.pos + PIECE
        self.pulse()

    def accept(self, kind: str) -> bool:
        """Skip the current token if it is of that type; tells whether it was."""
        if self.types[self.pos] != kind:
            return False
        self.pos += 1
        return True

    def expect(self, kind: str) -> None:
        """Skip the current token, which must be of that type."""
        if self.types[self.pos] != kind:
            self.missing(kind)
        self.pos += 1

    def expect_name(self) -> str:
        """Skip the current token, which must be a name; returns the name."""
        pos = self.pos
        if self.types[pos] != NAME:
            self.missing(NAME)
        self.pos = pos + 1
        name: str = self.values[pos]
        return name

    def expect_match(self, kind: str, opening: str, line: int) -> None:
        """Skip the current token, which must close what ``opening`` opened on ``line``."""
        pos = self.pos
        if self.types[pos] == kind:
            self.pos = pos + 1
        elif self.lines[pos] == line:
            self.missing(kind)
        else:
            self.fail(f"{spelled(kind)} expected (to close {spelled(opening)} at line {line})")

    def missing(self, kind: str) -> NoReturn:
        """Refuse the current token, because a token of type ``kind`` must stand here."""
        self.fail(f"{spelled(kind)} expected")

    def fail(self, message: str) -> NoReturn:
        """Refuse the current token (``luaX_syntaxerror``)."""
        near = self.tokens.near(self.pos) if self.types[self.pos] != ERROR else ""
        self.fail_in_chunk(f"{message} near {near}" if near else message)

    def fail_in_chunk(self, message: str) -> NoReturn:
        """Report an error that no token is to blame for; the line is that of the current token."""
        pos = self.pos
        if self.types[pos] == ERROR:  # PUC Lua would not have got as far as to see the other error
            raise LuaSyntaxError(self.values[pos])
        raise LuaSyntaxError(f"{chunkid(self.chunkname)}:{self.lines[pos]}: {message}")


def spelled(kind: str) -> str:
    """A token type as messages show it."""
    return kind if kind.startswith(BARE) and kind not in COMPARISONS else f"'{kind}'"
