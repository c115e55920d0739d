"""The ``utf8`` library (manual §6.5).

In: a ``State``. Out: the library table. Strings are byte strings; what is decoded goes up to U+10FFFF, surrogates
included, overlong sequences excluded, as in PUC Lua 5.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, arg_check, check_integer, check_string, opt_integer
from vlua.vm.frames import lib_error, mark_native
from vlua.vm.number import to_integer, wrap

if TYPE_CHECKING:
    from vlua.vm.state import State
    from vlua.vm.table import LuaTable

__all__ = ["decode", "encode", "open_utf8"]

# Matches one sequence, given valid UTF-8.
CHARACTER_PATTERN = "[\0-\x7f\xc2-\xf4][\x80-\xbf]*"
LAST_CODE = 0x10FFFF
# The smallest code that needs as many continuation bytes as its index; anything less is overlong.
SMALLEST = (0, 0x80, 0x800, 0x10000)
# Results of one call of codepoint: PUC's stack of 1,000,000 slots less what a running program uses.
MAX_RESULTS = 999_000
# Characters decoded or skipped between two charges to the meter.
SLICE = 256


def is_continuation(text: str, at: int) -> bool:
    """Whether the byte at an index is inside a sequence; the end is not."""
    return "\x80" <= text[at : at + 1] < "\xc0"


def decode(text: str, at: int) -> tuple[int, int] | None:
    """The code of the sequence at an index and the index after it, ``None`` if it is invalid (or at the end)."""
    if at >= len(text):
        return None
    lead = ord(text[at])
    if lead < 0x80:
        return lead, at + 1
    count = 1 if 0xC0 <= lead < 0xE0 else 2 if 0xE0 <= lead < 0xF0 else 3 if 0xF0 <= lead < 0xF8 else 0
    rest = text[at + 1 : at + 1 + count]
    if not count or len(rest) < count:
        return None
    code = lead & (0x3F >> count)
    for char in rest:
        byte = ord(char)
        if byte & 0xC0 != 0x80:
            return None
        code = code << 6 | byte & 0x3F
    return (code, at + 1 + count) if SMALLEST[count] <= code <= LAST_CODE else None


def encode(code: int) -> str:
    """The bytes of a code from 0 to 0x10FFFF."""
    return chr(code) if code < 0x80 else chr(code).encode("utf-8", "surrogatepass").decode("latin-1")


def open_utf8(state: State) -> LuaTable:
    """The table ``utf8`` of a runtime (manual §6.5)."""

    def relative(position: int, size: int) -> int:
        """A position counted from the beginning; 0 if it lies before it."""
        return position if position >= 0 else max(size + position + 1, 0)

    def char(*codes: Any) -> Any:
        """The UTF-8 of the codes, joined."""
        if len(codes) > SLICE:
            state.charge_list(4 * len(codes))
        parts: list[str] = []
        for position, code in enumerate(codes, 1):
            code = check_integer(code, position)
            arg_check(0 <= code <= LAST_CODE, position, "value out of range")
            parts.append(encode(code))
        text = "".join(parts)
        state.check_length(len(text))
        return text

    def codepoint(text: Any = ABSENT, start: Any = ABSENT, end: Any = ABSENT, *_: Any) -> Any:
        """The codes of the characters that begin from ``start`` (default 1) to ``end`` (default ``start``)."""
        text = check_string(text, 1)
        size = len(text)
        start = relative(opt_integer(start, 2, 1), size)
        end = relative(opt_integer(end, 3, start), size)
        arg_check(start >= 1, 2, "out of range")
        arg_check(end <= size, 3, "out of range")
        if start > end:
            return ()
        if end - start >= MAX_RESULTS:
            raise lib_error("stack overflow (string slice too long)")
        codes: list[int] = []
        at = start - 1
        while at < end:
            found = decode(text, at)
            if found is None:
                raise lib_error("invalid UTF-8 code")
            code, at = found
            codes.append(code)
            if not len(codes) % SLICE:
                state.tick(SLICE)
        return tuple(codes)

    def length(text: Any = ABSENT, start: Any = ABSENT, end: Any = ABSENT, *_: Any) -> Any:
        """The number of characters that begin in a range, or nil and the position of the first invalid byte."""
        text = check_string(text, 1)
        size = len(text)
        at = relative(opt_integer(start, 2, 1), size) - 1
        last = relative(opt_integer(end, 3, -1), size) - 1
        arg_check(0 <= at <= size, 2, "initial position out of string")
        arg_check(last < size, 3, "final position out of string")
        count = 0
        while at <= last:
            found = decode(text, at)
            if found is None:
                return None, at + 1
            at = found[1]
            count += 1
            if not count % SLICE:
                state.tick(SLICE)
        return count

    def offset(text: Any = ABSENT, count: Any = ABSENT, start: Any = ABSENT, *_: Any) -> Any:
        """The position where the character lies that is ``count`` characters from ``start``; nil if there is none."""
        text = check_string(text, 1)
        count = check_integer(count, 2)
        size = len(text)
        at = relative(opt_integer(start, 3, 1 if count >= 0 else size + 1), size) - 1
        arg_check(0 <= at <= size, 3, "position out of range")
        steps = 0
        if count == 0:
            while at > 0 and is_continuation(text, at):
                at -= 1
                steps += 1
                if not steps % SLICE:
                    state.tick(SLICE)
            return at + 1
        if is_continuation(text, at):
            raise lib_error("initial position is a continuation byte")
        # the first character of a forward count is the one at the start itself
        left, step = (-count, -1) if count < 0 else (count - 1, 1)
        while left > 0 and (at > 0 if step < 0 else at < size):
            at += step
            steps += 1
            if not steps % SLICE:
                state.tick(SLICE)
            if not is_continuation(text, at) or (at == 0 and step < 0):
                left -= 1
        return at + 1 if left == 0 else None

    def advance(text: Any = ABSENT, position: Any = ABSENT, *_: Any) -> Any:
        """The iterator of ``codes``: position and code of the character after the one at ``position``."""
        text = check_string(text, 1)
        size = len(text)
        at = wrap((to_integer(position) or 0) - 1)
        if at < 0:
            at = 0
        elif at < size:
            begun = at
            at += 1
            while is_continuation(text, at):
                at += 1
                if not (at - begun) % SLICE:
                    state.tick(SLICE)
        if at >= size:
            return ()
        found = decode(text, at)
        if found is None or is_continuation(text, found[1]):
            raise lib_error("invalid UTF-8 code")
        return at + 1, found[0]

    def codes(text: Any = ABSENT, *_: Any) -> Any:
        """An iterator over positions and codes, for the generic ``for``."""
        return following, check_string(text, 1), 0

    following: Any = advance
    library = state.library(
        "utf8", {"char": char, "codepoint": codepoint, "codes": codes, "len": length, "offset": offset}
    )
    library.set("charpattern", CHARACTER_PATTERN)
    mark_native(following)
    return library
