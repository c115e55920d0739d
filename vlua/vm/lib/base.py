"""The basic functions (manual §6.1), except those that read files.

In: a ``State``. Out: its globals, filled.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import (
    ABSENT,
    KINDS,
    arg_check,
    check_any,
    check_integer,
    check_table,
    opt_string,
    type_error,
    type_name,
)
from vlua.vm.chunk import compile_chunk
from vlua.vm.dump import BadChunk, read_function
from vlua.vm.errors import LuaError, LuaSyntaxError
from vlua.vm.frames import arg_error, lib_error, mark_native
from vlua.vm.lib.collector import collectgarbage_of
from vlua.vm.lib.protected import caught, protected_functions
from vlua.vm.number import MAX_INTEGER, number_text, parse_number, wrap
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["load_chunk", "open_base", "raw_equal"]

ESCAPE = "\x1b"
SPACES = " \f\n\r\t\v"
DIGITS = {digit: value for value, digit in enumerate("0123456789abcdefghijklmnopqrstuvwxyz")} | {
    digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)
}
# Characters of a numeral or a chunk per unit of the meter.
CHARACTERS_PER_UNIT = 16
# Entries of a table, or arguments, that are passed over per unit; about the bytes of a dict that an entry takes.
ENTRIES_PER_UNIT = 32
ENTRY_BYTES = 48
# Bytes of a dict up to which finding the first entry is free.
LARGE_TABLE = 65536


def raw_equal(left: Any, right: Any) -> bool:
    """Primitive equality (manual §3.4.4): numbers by value, strings by content, the rest by identity."""
    kind = type(left)
    if kind is str:
        return type(right) is str and left == right
    if kind is int or kind is float:
        return type(right) in (int, float) and left == right
    return left is right


def parse_in_base(text: str, base: int) -> int | None:
    """An integer numeral in a base from 2 to 36, wrapped to 64 bits; ``None`` when it is none."""
    text = text.strip(SPACES)
    negative = text[:1] == "-"
    if text[:1] in ("-", "+"):
        text = text[1:]
    if not text:
        return None
    number = 0
    for character in text:
        digit = DIGITS.get(character, 36)
        if digit >= base:
            return None
        number = (number * base + digit) & 0xFFFF_FFFF_FFFF_FFFF
    return wrap(-number if negative else number)


def rawequal(left: Any = ABSENT, right: Any = ABSENT, *_: Any) -> Any:
    """Whether two values are equal, without ``__eq__``."""
    return raw_equal(check_any(left, 1), check_any(right, 2))


def rawget(table: Any = ABSENT, key: Any = ABSENT, *_: Any) -> Any:
    """``table[key]`` without ``__index``."""
    return check_table(table, 1).get(check_any(key, 2))


def rawset(table: Any = ABSENT, key: Any = ABSENT, value: Any = ABSENT, *_: Any) -> Any:
    """``table[key] = value`` without ``__newindex``; the table."""
    check_table(table, 1)
    check_any(key, 2)
    check_any(value, 3)
    if key is None:
        raise LuaError("table index is nil")
    if key != key:
        raise LuaError("table index is NaN")
    table.set(key, value)
    return table


def counted_rawset_of(state: State) -> Any:
    """``rawset`` where the entries of tables are limited."""

    def counted_rawset(table: Any = ABSENT, key: Any = ABSENT, value: Any = ABSENT, *_: Any) -> Any:
        rawset(table, key, value)
        state.check_entries(table.hash)
        return table

    return counted_rawset


def rawlen(value: Any = ABSENT, *_: Any) -> Any:
    """The length of a table or string without ``__len``."""
    if type(value) is LuaTable:
        return value.length()
    arg_check(type(value) is str, 1, "table or string expected")
    return len(value)


def type_(value: Any = ABSENT, *_: Any) -> Any:
    """The name of the type of a value."""
    if value is ABSENT:
        raise arg_error(1, "value expected")
    return KINDS.get(type(value)) or type_name(value)


def open_base(state: State) -> LuaTable:
    """Fill the globals of a runtime with the basic functions (manual §6.1)."""
    garbage = state.garbage
    own_globals = state.globals

    def next_(table: Any = ABSENT, key: Any = None, *_: Any) -> Any:
        """The pair after a key in traversal order, the first for nil; nil at the end."""
        if type(table) is not LuaTable:
            check_table(table, 1)
        hash = table.hash
        if key is None:
            # To the first pair it is as far as entries have been removed.
            room = hash.__sizeof__()
            if room > LARGE_TABLE:
                state.tick(max(room // ENTRY_BYTES - len(hash), 0) // ENTRIES_PER_UNIT)
        elif len(hash) > ENTRIES_PER_UNIT and not table.stands_at(key):
            state.tick(hash.__sizeof__() // ENTRY_BYTES // ENTRIES_PER_UNIT)
        try:
            return table.next(key)
        except KeyError:
            raise LuaError("invalid key to 'next'") from None

    def getmetatable(value: Any = ABSENT, *_: Any) -> Any:
        """The metatable of a value, or the ``__metatable`` field that hides it."""
        meta = state.getmetatable(check_any(value, 1))
        if meta is None:
            return None
        shown = meta.hash.get("__metatable")
        return meta if shown is None else shown

    def setmetatable(table: Any = ABSENT, meta: Any = ABSENT, *_: Any) -> Any:
        """Set the metatable of a table, nil to remove it; the table."""
        check_table(table, 1)
        arg_check(meta is None or type(meta) is LuaTable, 2, "nil or table expected")
        old = table.meta
        if old is not None and old.hash.get("__metatable") is not None:
            raise lib_error("cannot change a protected metatable")
        table.meta = meta
        if meta is not None and ("__gc" in meta.hash or "__mode" in meta.hash or not hasattr(meta, "noted")):
            garbage.note(table, meta)
        return table

    def ipairs_step(sequence: Any = ABSENT, position: Any = ABSENT, *_: Any) -> Any:
        """One step of a loop over ``ipairs``."""
        key = position + 1 if type(position) is int and position < MAX_INTEGER else wrap(check_integer(position, 2) + 1)
        if type(sequence) is LuaTable:
            value = sequence.hash.get(key)
            if value is not None:
                return key, value
            if sequence.meta is None:
                return None
        state.non_yieldable += 1
        try:
            value = state.index(None if sequence is ABSENT else sequence, key)
        finally:
            state.non_yieldable -= 1
        return None if value is None else (key, value)

    def ipairs(sequence: Any = ABSENT, *_: Any) -> Any:
        """Iterator, value and 0 for a loop over positions 1, 2, … up to the first nil."""
        return ipairs_step, check_any(sequence, 1), 0

    def pairs(value: Any = ABSENT, *_: Any) -> Any:
        """Iterator, value and nil for a loop over all pairs, or what ``__pairs`` gives."""
        check_any(value, 1)
        meta = value.meta if type(value) is LuaTable else state.getmetatable(value)
        handler = meta.hash.get("__pairs") if meta is not None else None
        if handler is None:
            return next_, value, None
        state.non_yieldable += 1
        try:
            results = state.call(handler, value)
        finally:
            state.non_yieldable -= 1
        return (*results, None, None, None)[:3]

    def tostring(value: Any = ABSENT, *_: Any) -> Any:
        """A value as text, by ``__tostring`` if it has that."""
        kind = type(value)
        if kind is str:
            return value
        if (kind is int or kind is float) and int not in state.type_metatables:
            return number_text(value)
        check_any(value, 1)
        state.non_yieldable += 1
        try:
            return state.tostring(value)
        finally:
            state.non_yieldable -= 1

    def print_(*args: Any) -> Any:
        """Write the arguments, through the global ``tostring``, with tabs between and a newline behind."""
        convert = own_globals.hash.get("tostring")
        if convert is None:
            convert = state.index(own_globals, "tostring")
        if len(args) > ENTRIES_PER_UNIT:
            state.tick(len(args))
        texts: list[str] = []
        state.non_yieldable += 1
        try:
            for item in args:
                kind = type(item)
                if convert is tostring:
                    texts.append(item if kind is str else state.tostring(item))
                else:
                    text = state.call1(convert, item)
                    if type(text) is int or type(text) is float:
                        text = number_text(text)
                    if type(text) is not str:
                        raise lib_error("'tostring' must return a string to 'print'")
                    texts.append(text)
            texts.append("\n")
        finally:
            state.non_yieldable -= 1
            # After an error what came before it is written all the same.
            write_line(texts)
        return ()

    def write_line(texts: list[str]) -> None:
        size = sum(map(len, texts)) + len(texts)
        state.tick(size // CHARACTERS_PER_UNIT)
        if size > LARGE_TABLE:
            state.charge_list(size)
        if texts and texts[-1] == "\n":
            line = "\t".join(texts[:-1]) + "\n"
        else:
            line = "".join(text + "\t" for text in texts)
        if state.stdout is not None and line:
            state.stdout.write(line)

    def select(selector: Any = ABSENT, *args: Any) -> Any:
        """The arguments from a position on, counted from the end when negative; for ``"#"`` their number."""
        if len(args) > ENTRIES_PER_UNIT:
            state.tick(len(args) // ENTRIES_PER_UNIT)
        if type(selector) is int and selector > 0:
            if selector > 1:
                args = args[selector - 1 :]
            return args
        if type(selector) is str and selector[:1] == "#":
            return len(args)
        position = check_integer(selector, 1)
        if position < 0:
            position += len(args) + 1
        arg_check(position >= 1, 1, "index out of range")
        return args[position - 1 :]

    def tonumber(value: Any = ABSENT, base: Any = ABSENT, *_: Any) -> Any:
        """A number or numeral as a number, a numeral in a base as an integer; nil when it is none."""
        if base is ABSENT or base is None:
            kind = type(value)
            if kind is int or kind is float:
                return value
            if kind is not str:
                check_any(value, 1)
                return None
            state.tick(len(value) // CHARACTERS_PER_UNIT)
            return parse_number(value)
        radix = check_integer(base, 2)
        if type(value) is not str:
            raise type_error(value, 1, "string")
        arg_check(2 <= radix <= 36, 2, "base out of range")
        state.tick(len(value) // CHARACTERS_PER_UNIT)
        return parse_in_base(value, radix)

    def load(
        chunk: Any = ABSENT, chunkname: Any = ABSENT, mode: Any = ABSENT, environment: Any = ABSENT, *_: Any
    ) -> Any:
        """Compile a chunk, a string or the pieces a function gives: a function, or nil and the error."""
        kinds = opt_string(mode, 3, "bt")
        environment = own_globals if environment is ABSENT else environment
        if type(chunk) is int or type(chunk) is float:
            chunk = number_text(chunk)
        if type(chunk) is str:
            name = opt_string(chunkname, 2, chunk)
        else:
            name = opt_string(chunkname, 2, "=(load)")
            if type(chunk) is not FunctionType:
                raise type_error(chunk, 1, "function")
        state.non_yieldable += 1
        try:
            source = chunk if type(chunk) is str else read_pieces(state, chunk)
            return load_chunk(state, source, name, kinds, environment)
        except Exception as exception:
            # As PUC, which compiles, and reads the pieces, in a protected call.
            return None, caught(exception)
        finally:
            state.non_yieldable -= 1

    functions = protected_functions(state) | {
        "collectgarbage": collectgarbage_of(state),
        "getmetatable": getmetatable,
        "ipairs": ipairs,
        "load": load,
        "next": next_,
        "pairs": pairs,
        "print": print_,
        "rawequal": rawequal,
        "rawget": rawget,
        "rawlen": rawlen,
        "rawset": counted_rawset_of(state) if state.counting else rawset,
        "select": select,
        "setmetatable": setmetatable,
        "tonumber": tonumber,
        "tostring": tostring,
        "type": type_,
    }
    mark_native(ipairs_step)  # type: ignore[arg-type]
    table = state.library("_G", functions)
    table.hash["_G"] = table
    table.hash["_VERSION"] = "Lua 5.3"
    state.ipairs_step = ipairs_step
    return table


def read_pieces(state: State, reader: Any) -> str:
    """What a reader function gives until nil or an empty string. Raises LuaError for a piece that is no string."""
    pieces: list[str] = []
    size = 0
    while True:
        piece = state.call1(reader)
        if piece is None:
            break
        if type(piece) is int or type(piece) is float:
            piece = number_text(piece)
        if type(piece) is not str:
            raise lib_error("reader function must return a string")
        if not piece:
            break
        size += len(piece)
        state.check_length(size)
        state.charge_list(len(piece))
        state.tick(1 + len(piece) // CHARACTERS_PER_UNIT)
        pieces.append(piece)
    state.meter.charge_memory(size)
    return "".join(pieces)


def load_chunk(state: State, source: str, name: str, mode: str, environment: Any) -> Any:
    """Compile text to a function of ``state``; ``mode`` says which of "b" and "t" are welcome (manual §6.1 ``load``).

    Raises LuaError: for a chunk of the wrong kind, for a precompiled chunk that is damaged, for text that is not Lua.
    """
    binary = source[:1] == ESCAPE
    kind = "binary" if binary else "text"
    if binary and not state.binary_chunks:
        mode = "t"
    if kind[0] not in mode:
        raise LuaError(f"attempt to load a {kind} chunk (mode is '{mode}')")
    if not binary:
        return state.load(source, name, environment)
    if name[:1] in ("@", "="):
        name = name[1:]
    elif name[:1] == ESCAPE:
        name = "binary string"
    try:
        text, chunkname, number, stripped = read_function(source)
        state.tick(len(text) // CHARACTERS_PER_UNIT)
        return compile_chunk(text, chunkname, number, stripped, state.counting, state.meter).bind(state, environment)
    except BadChunk as bad:
        raise LuaError(f"{name}: {bad} precompiled chunk") from None
    except (KeyError, LuaSyntaxError):
        raise LuaError(f"{name}: corrupted precompiled chunk") from None
