"""``string.gsub`` (manual §6.4).

In: a ``State`` and its patterns. Out: the function. Callbacks into Lua are made from a Python loop, never from
inside Python's ``re``; the size of the result is charged while it grows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
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

# Bytes of the result, and matches, between two charges.
PIECE = 4096
SLICE = 256
# A result that cannot be larger than this is made in one go.
SMALL_RESULT = 1 << 20
# Captures in a replacement that need no look at their lengths.
FEW_GROUPS = 4

Replacer = Callable[[Match], str]


def gsub_function(state: State, patterns: PatternCache) -> Callable[..., Any]:
    """``string.gsub`` of a runtime; ``patterns`` has its patterns."""
    tick, charge_bytes = state.tick, state.charge_bytes

    def replacer(pattern: Pattern, replacement: Any) -> Replacer:
        """A function from a match to the text that replaces it."""
        if type(replacement) is str:
            if len(replacement) > PIECE:
                tick(len(replacement) >> 2)
            return template_replacer(pattern, replacement, charge_bytes)
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
        last = done = length = total = 0
        for found in matches(pattern, subject):
            start, end = found.span()
            new = replace(found)
            parts.append(subject[last:start])
            parts.append(new)
            length += start - last + len(new)
            if length > PIECE:
                total += length
                state.check_length(total)
                state.charge_list(length)
                length = 0
            last = end
            done += 1
            if not done % SLICE:
                tick(SLICE)
            if done >= count:
                break
        if not done:
            return subject, 0
        parts.append(subject[last:])
        state.check_length(total + length + size - last)
        if size > PIECE:
            state.charge_list(size)
        # All of it at once, in addition to the pieces.
        state.meter.charge_memory(total + length + size - last)
        return "".join(parts), done

    def matches(pattern: Pattern, subject: str) -> Iterator[Match]:
        """The matches that gsub replaces: none is empty right after another."""
        size = len(subject)
        if pattern.linear and size > pattern.free:
            tick(size >> 4)
        if pattern.linear or size <= pattern.free:
            if pattern.finditer is not None:
                found: Iterator[Match] = pattern.finditer(subject)
                return found
            search: Callable[[int], Match | None] = partial(pattern.search, subject)
        else:
            search = pattern.searcher(state.step_counter(), subject, 0)
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
        if pattern.finditer is None or "\\" in replacement or (size + 1) * len(replacement) > SMALL_RESULT:
            return None
        if size > pattern.free:
            if not pattern.linear:
                return None
            tick(size >> 4)
        result = pattern.regex.subn(replacement, subject, 0 if count > size else count)  # type: ignore[union-attr]
        charge_bytes(len(result[0]))
        return result

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


def template_replacer(pattern: Pattern, replacement: str, charge_bytes: Callable[[int], Any]) -> Replacer:
    """A replacer for a string in which ``%n`` stands for a capture, ``%0`` for the match and ``%%`` for a ``%``.

    Its results are charged with ``charge_bytes`` if they may be much longer than the matches.
    """
    template, groups, mistake = parse_template(replacement)
    known = not mistake and pattern.plain and 0 < len(groups) <= FEW_GROUPS
    if known and max(groups) <= max(pattern.captures, 1):
        if pattern.captures == 0:
            # %1 is the match when there are no captures
            groups = (0,) * len(groups)
        return lambda found: template % found.group(*groups)

    def replace(found: Match) -> str:
        texts: list[str] = []
        for group in groups:
            value: Any = pattern.capture(found, group - 1) if group else found[0]
            texts.append(value if type(value) is str else number_text(value))
        if mistake:
            raise lib_error("invalid use of '%' in replacement string")
        charge_bytes(len(template) + sum(map(len, texts)))
        return template % tuple(texts)

    return replace


@lru_cache(256)
def parse_template(replacement: str) -> tuple[str, tuple[int, ...], bool]:
    """A replacement as a template for Python's ``%`` and the captures that go into it.

    The last of the three says whether there is a mistake after those captures.
    """
    template: list[str] = []
    groups: list[int] = []
    at = 0
    while True:
        percent = replacement.find("%", at)
        if percent < 0:
            template.append(replacement[at:])
            return "".join(template), tuple(groups), False
        template.append(replacement[at:percent])
        letter = replacement[percent + 1 : percent + 2]
        if "0" <= letter <= "9":
            template.append("%s")
            groups.append(int(letter))
        elif letter == "%":
            template.append("%%")
        else:
            return "", tuple(groups), True
        at = percent + 2
