"""``string.gsub`` (manual §6.4).

In: a ``State`` and its patterns. Out: the function. Callbacks into Lua are made from a Python loop, never from
inside Python's ``re``; the size of the result is charged while it grows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, check_string, opt_integer, type_name
from vlua.vm.frames import arg_error, lib_error
from vlua.vm.lib.pattern import Match, Pattern, PatternCache
from vlua.vm.number import number_text
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["gsub_function"]

# Bytes of the result between two charges.
PIECE = 4096
# A result that cannot be larger than this is made in one go.
SMALL_RESULT = 65536

Replacer = Callable[[Match], str]


def gsub_function(state: State, patterns: PatternCache) -> Callable[..., Any]:
    """``string.gsub`` of a runtime; ``patterns`` has its patterns."""
    tick, charge_bytes = state.tick, state.charge_bytes

    def replacer(pattern: Pattern, replacement: Any) -> Replacer:
        """A function from a match to the text that replaces it."""
        if type(replacement) is str:
            return template_replacer(pattern, replacement)
        if type(replacement) is LuaTable:
            if replacement.meta is None:
                lookup = replacement.hash.get
                return lambda found: chosen(lookup(pattern.capture(found, 0)), found)
            return lambda found: chosen(state.index(replacement, pattern.capture(found, 0)), found)
        call1, values = state.call1, pattern.values
        if pattern.captures == 0:
            return lambda found: chosen(call1(replacement, found[0]), found)
        return lambda found: chosen(call1(replacement, *values(found)), found)

    def gsub(subject: Any = ABSENT, text: Any = ABSENT, replacement: Any = ABSENT, limit: Any = ABSENT, *_: Any) -> Any:
        """The subject with matches of a pattern replaced, and the number of matches."""
        if type(subject) is not str:
            subject = check_string(subject, 1)
        if type(text) is not str:
            text = check_string(text, 2)
        size = len(subject)
        count = opt_integer(limit, 4, size + 1)
        kind = type(replacement)
        if kind is int or kind is float:
            replacement = number_text(replacement)
        elif kind is not str and kind is not LuaTable and kind is not FunctionType:
            raise arg_error(3, "string/function/table expected")
        if count <= 0:
            return subject, 0
        pattern = patterns[text]
        if type(replacement) is str and "%" not in replacement:
            done = replace_all(pattern, subject, replacement, count)
            if done is not None:
                return done
        replace = replacer(pattern, replacement)
        if type(replacement) is str:
            return substitute(pattern, subject, replace, count)
        # a callback runs inside C code, as PUC sees it
        state.non_yieldable += 1
        try:
            return substitute(pattern, subject, replace, count)
        finally:
            state.non_yieldable -= 1

    def substitute(pattern: Pattern, subject: str, replace: Replacer, count: int) -> tuple[str, int]:
        """The subject with the first ``count`` matches replaced one by one, and their number."""
        size = len(subject)
        parts: list[str] = []
        last = done = length = 0
        for found in matches(pattern, subject):
            start, end = found.span()
            new = replace(found)
            parts.append(subject[last:start])
            parts.append(new)
            length += start - last + len(new)
            if length > PIECE:
                charge_bytes(length)
                length = 0
            last = end
            done += 1
            if done >= count:
                break
        if not done:
            return subject, 0
        parts.append(subject[last:])
        if size > PIECE:
            charge_bytes(size)
        return "".join(parts), done

    def matches(pattern: Pattern, subject: str) -> Iterator[Match]:
        """The matches that gsub replaces: none is empty right after another."""
        size = len(subject)
        if size <= pattern.free:
            if pattern.finditer is not None:
                found: Iterator[Match] = pattern.finditer(subject)
                return found
            search: Callable[[int], Match | None] = partial(pattern.search, subject)
        else:
            search = pattern.searcher(tick, subject, 0)
        return successive(search, size, pattern.anchored)

    def replace_all(pattern: Pattern, subject: str, replacement: str, count: int) -> tuple[str, int] | None:
        """The result for a replacement without ``%`` if Python can make it in one go, else ``None``."""
        size = len(subject)
        literal = pattern.literal
        if literal:
            if size > PIECE:
                tick(size >> 6)
            found = min(subject.count(literal), count)
            if not found:
                return subject, 0
            charge_bytes(size + found * (len(replacement) - len(literal)))
            return subject.replace(literal, replacement, found), found
        if size > pattern.free or pattern.finditer is None or "\\" in replacement:
            return None
        if (size + 1) * len(replacement) > SMALL_RESULT:
            return None
        return pattern.regex.subn(replacement, subject, 0 if count > size else count)  # type: ignore[union-attr]

    return gsub


def successive(search: Callable[[int], Match | None], size: int, anchored: bool) -> Iterator[Match]:
    """Match after match from the beginning of a subject of ``size`` characters.

    A match that ends where the last one ended is empty, and passed over.
    """
    position, last = 0, -1
    while True:
        found = search(position)
        if found is None:
            return
        end = found.end()
        if end == last:
            if position >= size:
                return
            position += 1
            continue
        yield found
        if anchored:
            return
        position = last = end


def chosen(value: Any, found: Match) -> str:
    """What a table or function says to put for a match; nil and false keep it."""
    if type(value) is str:
        return value
    if value is None or value is False:
        return found[0]
    if type(value) is int or type(value) is float:
        return number_text(value)
    raise lib_error(f"invalid replacement value (a {type_name(value)})")


def template_replacer(pattern: Pattern, replacement: str) -> Replacer:
    """A replacer for a string in which ``%n`` stands for a capture, ``%0`` for the match and ``%%`` for a ``%``."""
    pieces: list[str | int] = []
    at = 0
    mistake = False
    while True:
        percent = replacement.find("%", at)
        if percent < 0:
            pieces.append(replacement[at:])
            break
        pieces.append(replacement[at:percent])
        letter = replacement[percent + 1 : percent + 2]
        if "0" <= letter <= "9":
            pieces.append(int(letter) - 1)
        elif letter == "%":
            pieces.append("%")
        else:
            mistake = True
            break
        at = percent + 2

    def replace(found: Match) -> str:
        parts: list[str] = []
        for piece in pieces:
            if type(piece) is str:
                parts.append(piece)
            elif piece == -1:
                parts.append(found[0])
            else:
                value = pattern.capture(found, piece)  # type: ignore[arg-type]
                parts.append(value if type(value) is str else number_text(value))
        if mistake:
            raise lib_error("invalid use of '%' in replacement string")
        return "".join(parts)

    return replace
