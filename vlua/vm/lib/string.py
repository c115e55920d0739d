"""The ``string`` library (manual §6.4).

In: a ``State``. Out: the library table, and the metatable of strings. Strings are byte strings: one character per
byte, every ``ord`` below 256; the functions for letters know ASCII only. What a result will occupy is charged
before it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, check_function, check_integer, check_string, opt_integer, opt_string
from vlua.vm.dump import dump_function
from vlua.vm.frames import arg_error, information, lib_error, mark_native
from vlua.vm.lib.format import format_function
from vlua.vm.lib.gsub import gsub_function, successive
from vlua.vm.lib.pack import pack_functions
from vlua.vm.lib.pattern import Match, Pattern, PatternCache
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["open_string"]

# lstrlib's MAXSIZE, a C int: the longest result of rep.
MAX_SIZE = 2**31 - 1
# Results of one call of byte: PUC's stack of 1,000,000 slots less what a running program uses.
MAX_RESULTS = 999_000
# Results up to this size are not worth charging.
FREE_BYTES = 1024
# Subjects up to this length are charged as a whole when gmatch begins.
LOOK_AHEAD = 65536


def open_string(state: State) -> LuaTable:
    """The table ``string`` of a runtime; strings get it as the ``__index`` of their metatable (manual §6.4)."""
    anchoring = PatternCache(state.tick, anchors=True)
    unanchored = PatternCache(state.tick, anchors=False)
    charge_bytes = state.charge_bytes
    free = min(FREE_BYTES, state.max_string)

    def byte(text: Any = ABSENT, start: Any = ABSENT, end: Any = ABSENT, *_: Any) -> Any:
        """The codes of the bytes from ``start`` (default 1) to ``end`` (default ``start``)."""
        if type(text) is not str:
            text = check_string(text, 1)
        size = len(text)
        if type(start) is not int:
            start = opt_integer(start, 2, 1)
        if start < 0:
            start = max(size + start + 1, 0)
        if end is ABSENT or end is None:
            return ord(text[start - 1]) if 0 < start <= size else ()
        end = check_integer(end, 3)
        if end < 0:
            end = max(size + end + 1, 0)
        start, end = max(start, 1), min(end, size)
        if start > end:
            return ()
        if end - start >= MAX_SIZE:
            raise lib_error("string slice too long")
        if end - start >= MAX_RESULTS:
            raise lib_error("stack overflow (string slice too long)")
        if end - start > FREE_BYTES:
            state.charge_list((end - start) * 8)
        return tuple(text[start - 1 : end].encode("latin-1"))

    def char(*codes: Any) -> Any:
        """The string of the bytes with the codes given."""
        if len(codes) > free:
            charge_bytes(len(codes))
            state.tick(len(codes))
        parts: list[str] = []
        for position, code in enumerate(codes, 1):
            if type(code) is not int:
                code = check_integer(code, position)
            if not 0 <= code <= 255:
                raise arg_error(position, "value out of range")
            parts.append(chr(code))
        return "".join(parts)

    def dump(function: Any = ABSENT, strip: Any = None, *_: Any) -> Any:
        """The binary chunk of a Lua function, without names and positions if ``strip``."""
        info = information(check_function(function, 1).__code__)
        if info is None:
            raise lib_error("unable to dump given function")
        state.charge_bytes(len(info.origin.text))
        return dump_function(info, strip is not None and strip is not False and strip is not ABSENT)

    def find(subject: Any = ABSENT, text: Any = ABSENT, init: Any = ABSENT, plain: Any = ABSENT, *_: Any) -> Any:
        """First and last position of the first match from ``init`` on, and its captures; nil without one."""
        if type(subject) is not str:
            subject = check_string(subject, 1)
        if type(text) is not str:
            text = check_string(text, 2)
        size = len(subject)
        start = 0 if init is ABSENT else start_index(opt_integer(init, 3, 1), size)
        if start > size:
            return None
        if plain is ABSENT or plain is None or plain is False:
            pattern = anchoring[text]
            wanted = pattern.text
        else:
            wanted = text
        if wanted is not None:
            index = subject.find(wanted, start)
            seen = (size if index < 0 else index) - start
            if seen > FREE_BYTES:
                state.tick(seen >> 6)
            return None if index < 0 else (index + 1, index + len(wanted))
        found = (
            pattern.search(subject, start)
            if size - start <= pattern.free
            else pattern.find(state.step_counter(), subject, start)
        )
        if found is None:
            return None
        first, last = found.span()
        return (first + 1, last, *pattern.values(found)) if pattern.captures else (first + 1, last)

    def gmatch(subject: Any = ABSENT, text: Any = ABSENT, *_: Any) -> Any:
        """An iterator over the captures of all matches; ``^`` has no special meaning."""
        subject = check_string(subject, 1)
        text = check_string(text, 2)
        pattern = unanchored[text]
        size = len(subject)
        if size > pattern.free and pattern.linear and size <= LOOK_AHEAD:
            # as if the iterator were used to its end: its every step is faster
            state.tick(size >> 4)
        elif size > pattern.free:
            following = successive(pattern.searcher(state.step_counter(), subject, 0), size, False).__next__
            return iterator(pattern, following, subject)
        if pattern.finditer is not None:
            following = pattern.finditer(subject).__next__
        else:
            following = successive(partial(pattern.search, subject), size, False).__next__
        return iterator(pattern, following, subject)

    def length(text: Any = ABSENT, *_: Any) -> Any:
        """The number of bytes."""
        return len(text) if type(text) is str else len(check_string(text, 1))

    def lower(text: Any = ABSENT, *_: Any) -> Any:
        """The string with the letters A to Z in lower case."""
        text = checked(text)
        return text.lower() if text.isascii() else text.encode("latin-1").lower().decode("latin-1")

    def match(subject: Any = ABSENT, text: Any = ABSENT, init: Any = ABSENT, *_: Any) -> Any:
        """The captures of the first match from ``init`` on, or the match if there are none; nil without one."""
        if type(subject) is not str:
            subject = check_string(subject, 1)
        if type(text) is not str:
            text = check_string(text, 2)
        size = len(subject)
        start = 0 if init is ABSENT else start_index(opt_integer(init, 3, 1), size)
        if start > size:
            return None
        pattern = anchoring[text]
        found = (
            pattern.search(subject, start)
            if size - start <= pattern.free
            else pattern.find(state.step_counter(), subject, start)
        )
        return None if found is None else captured(pattern, found)

    def rep(text: Any = ABSENT, count: Any = ABSENT, separator: Any = ABSENT, *_: Any) -> Any:
        """The string ``count`` times, with ``separator`` between."""
        text = check_string(text, 1)
        count = check_integer(count, 2)
        separator = opt_string(separator, 3, "")
        if count <= 0:
            return ""
        if len(text) + len(separator) > MAX_SIZE // count:
            raise lib_error("resulting string too large")
        total = len(text) * count + len(separator) * (count - 1)
        if total > free:
            charge_bytes(total)
        return text * count if not separator else (text + separator) * (count - 1) + text

    def reverse(text: Any = ABSENT, *_: Any) -> Any:
        """The string from its last byte to its first."""
        return checked(text)[::-1]

    def sub(text: Any = ABSENT, start: Any = ABSENT, end: Any = ABSENT, *_: Any) -> Any:
        """The bytes from ``start`` to ``end`` (default -1); negative positions count from the end."""
        if type(text) is not str:
            text = check_string(text, 1)
        size = len(text)
        if type(start) is not int:
            start = check_integer(start, 2)
        if start > 0:
            start -= 1
        elif start < 0:
            start = max(size + start, 0)
        if end is ABSENT or end is None:
            end = size
        else:
            if type(end) is not int:
                end = check_integer(end, 3)
            if end < 0:
                end = max(size + end + 1, 0)
        if size > FREE_BYTES and min(end, size) - start > FREE_BYTES:
            charge_bytes(min(end, size) - start)
        return text[start:end]

    def upper(text: Any = ABSENT, *_: Any) -> Any:
        """The string with the letters a to z in upper case."""
        text = checked(text)
        return text.upper() if text.isascii() else text.encode("latin-1").upper().decode("latin-1")

    def checked(text: Any) -> str:
        """The first argument of a function whose result is as long, charged."""
        if type(text) is not str:
            text = check_string(text, 1)
        if len(text) > FREE_BYTES:
            charge_bytes(len(text))
        return text  # type: ignore[no-any-return]

    library = state.library(
        "string",
        {
            "byte": byte,
            "char": char,
            "dump": dump,
            "find": find,
            "format": format_function(state),
            "gmatch": gmatch,
            "gsub": gsub_function(state, anchoring),
            "len": length,
            "lower": lower,
            "match": match,
            "rep": rep,
            "reverse": reverse,
            "sub": sub,
            "upper": upper,
            **pack_functions(state),
        },
    )
    state.string_meta = state.type_metatables[str] = LuaTable({"__index": library})
    return library


def start_index(init: int, size: int) -> int:
    """The index for a position given to find or match; negative positions count from the end."""
    if init > 0:
        return init - 1
    return max(size + init, 0) if init < 0 else 0


def captured(pattern: Pattern, found: Match) -> Any:
    """The captures of a match as results, or the match if the pattern has none."""
    if pattern.captures == 0:
        return found[0]
    if pattern.plain:
        return found[1] if pattern.captures == 1 else found.groups()
    return pattern.values(found)


def iterator(pattern: Pattern, following: Callable[[], Match], subject: str) -> Callable[..., Any]:
    """The iterator of gmatch; ``following()`` is the next match in ``subject`` or raises StopIteration."""

    def whole(*_: Any) -> Any:
        try:
            return following()[0]
        except StopIteration:
            return ()

    def only(*_: Any) -> Any:
        try:
            return following()[1]
        except StopIteration:
            return ()

    def every(*_: Any) -> Any:
        try:
            found = following()
        except StopIteration:
            return ()
        return pattern.values(found)

    step: Any = whole if pattern.captures == 0 else only if pattern.plain and pattern.captures == 1 else every
    mark_native(step)
    # The search's own reference cannot be seen by who measures the memory in use.
    step.__kwdefaults__ = {"subject": subject}
    return step  # type: ignore[no-any-return]
