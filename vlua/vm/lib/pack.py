"""``string.pack``, ``string.packsize`` and ``string.unpack`` (manual §6.4.2).

In: a ``State``. Out: the three functions. Sizes are those of PUC Lua on 64-bit Linux: little endian, ``int`` of 4
bytes, ``long``, ``size_t`` and Lua numbers of 8, natural alignment of 8.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from vlua.vm.arguments import ABSENT, check_integer, check_number, check_string, opt_integer
from vlua.vm.frames import arg_error, lib_error
from vlua.vm.number import wrap

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["pack_functions"]

# Widest integer, and the alignment of "!" without a number.
MAX_INTEGER_SIZE = 16
NATURAL_ALIGNMENT = 8
INTEGER_SIZE = 8
# lstrlib's MAXSIZE, a C int; numbers in a format stop growing before they would exceed it.
MAX_SIZE = 2**31 - 1
MAX_NUMERAL = (MAX_SIZE - 9) // 10
# Results of one unpack: PUC's stack of 1,000,000 slots less what a running program uses.
MAX_RESULTS = 999_000
# Formats up to this length are parsed once for the whole process.
CACHED_LENGTH = 256
# Items between two charges to the meter.
SLICE = 64

UNSIGNED = 0xFFFF_FFFF_FFFF_FFFF

# Kinds of options, named as in the manual's list; the last two are mistakes of the format or of an argument.
SIGNED, PLAIN, FLOAT, CHARACTERS, STRING, ZERO_TERMINATED, PADDING, ALIGNMENT, NOTHING, MISTAKE, ARGUMENT = range(11)

# Options of fixed size.
SIZES = {
    "b": (SIGNED, 1),
    "B": (PLAIN, 1),
    "h": (SIGNED, 2),
    "H": (PLAIN, 2),
    "l": (SIGNED, 8),
    "L": (PLAIN, 8),
    "j": (SIGNED, 8),
    "J": (PLAIN, 8),
    "T": (PLAIN, 8),
    "f": (FLOAT, 4),
    "d": (FLOAT, 8),
    "n": (FLOAT, 8),
    "z": (ZERO_TERMINATED, 0),
    "x": (PADDING, 1),
    "X": (ALIGNMENT, 0),
    " ": (NOTHING, 0),
}
# Options whose size may follow, with the size that they have otherwise.
SIZED = {"i": (SIGNED, 4), "I": (PLAIN, 4), "s": (STRING, 8)}


class Option(NamedTuple):
    """One option of a format: its size, the byte order in force, the alignment it asks for, a mistake's message."""

    kind: int
    size: int = 0
    order: Any = "little"
    align: int = 1
    message: str = ""

    def error(self) -> Exception:
        """The error of a mistake."""
        return lib_error(self.message) if self.kind == MISTAKE else arg_error(1, self.message)


def parse_options(text: str) -> Iterable[Option]:
    """The options of a format, in order; a mistake is the last of them. Short formats are parsed once."""
    return _parsed(text) if len(text) <= CACHED_LENGTH else _Reader(text).options()


@lru_cache(256)
def _parsed(text: str) -> tuple[Option, ...]:
    return tuple(_Reader(text).options())


class _Malformed(Exception):
    """A mistake found while reading an option; it never leaves the reader."""


class _Reader:
    """Reads a format from left to right (``getoption`` and ``getdetails`` of lstrlib)."""

    def __init__(self, text: str) -> None:
        # C reads a format up to its first zero
        end = text.find("\0")
        self.text = text if end < 0 else text[:end]
        self.at = 0
        self.order = "little"
        self.alignment = 1

    def options(self) -> Iterator[Option]:
        """The options one by one."""
        try:
            while self.at < len(self.text):
                option = self._aligned()
                yield option
                if option.kind == ARGUMENT:
                    return
        except _Malformed as mistake:
            yield Option(MISTAKE, message=str(mistake))

    def _aligned(self) -> Option:
        """The next option with its alignment."""
        kind, size = self._option()
        align = size
        if kind == ALIGNMENT:
            following, align = self._option() if self.at < len(self.text) else (CHARACTERS, 0)
            if following == CHARACTERS or align == 0:
                return Option(ARGUMENT, message="invalid next option for option 'X'")
        if align <= 1 or kind == CHARACTERS:
            return Option(kind, size, self.order)
        align = min(align, self.alignment)
        if align & (align - 1):
            return Option(ARGUMENT, message="format asks for alignment not power of 2")
        return Option(kind, size, self.order, align)

    def _option(self) -> tuple[int, int]:
        letter = self.text[self.at]
        self.at += 1
        fixed = SIZES.get(letter)
        if fixed is not None:
            return fixed
        if letter in SIZED:
            kind, size = SIZED[letter]
            return kind, self._limited(size)
        if letter == "c":
            size = self._number(-1)
            if size < 0:
                raise _Malformed("missing size for format option 'c'")
            return CHARACTERS, size
        if letter in "<=":
            self.order = "little"
        elif letter == ">":
            self.order = "big"
        elif letter == "!":
            self.alignment = self._limited(NATURAL_ALIGNMENT)
        else:
            shown = letter if " " <= letter <= "~" else f"<\\{ord(letter)}>"
            raise _Malformed(f"invalid format option '{shown}'")
        return NOTHING, 0

    def _number(self, default: int) -> int:
        text, start = self.text, self.at
        value = 0
        while self.at < len(text) and "0" <= text[self.at] <= "9" and value <= MAX_NUMERAL:
            value = value * 10 + ord(text[self.at]) - 48
            self.at += 1
        return value if self.at > start else default

    def _limited(self, default: int) -> int:
        size = self._number(default)
        if not 1 <= size <= MAX_INTEGER_SIZE:
            raise _Malformed(f"integral size ({size}) out of limits [1,{MAX_INTEGER_SIZE}]")
        return size


def pack_float(value: float, size: int, order: str) -> str:
    """A float of 4 or 8 bytes; what is too large for 4 is infinite, as in C."""
    code = ("<" if order == "little" else ">") + ("f" if size == 4 else "d")
    try:
        packed = struct.pack(code, value)
    except OverflowError:
        packed = struct.pack(code, math.copysign(math.inf, value))
    return packed.decode("latin-1")


def pack_functions(state: State) -> dict[str, Any]:
    """``pack``, ``packsize`` and ``unpack`` of a runtime."""
    tick, charge_bytes = state.tick, state.charge_bytes

    def pack_integer(value: Any, option: Option, position: int) -> str:
        integer = check_integer(value, position)
        size = option.size
        if option.kind == SIGNED:
            if size < INTEGER_SIZE and not -(1 << (size * 8 - 1)) <= integer < 1 << (size * 8 - 1):
                raise arg_error(position, "integer overflow")
            return integer.to_bytes(size, option.order, signed=True).decode("latin-1")
        integer &= UNSIGNED
        if size < INTEGER_SIZE and integer >> (size * 8):
            raise arg_error(position, "unsigned overflow")
        return integer.to_bytes(size, option.order).decode("latin-1")

    def pack_string(value: Any, option: Option, position: int) -> str:
        text = check_string(value, position)
        kind, size = option.kind, option.size
        if kind == CHARACTERS:
            if len(text) > size:
                raise arg_error(position, "string longer than given size")
            charge_bytes(size)
            return text.ljust(size, "\0")
        if kind == STRING:
            if size < INTEGER_SIZE and len(text) >> (size * 8):
                raise arg_error(position, "string length does not fit in given size")
            charge_bytes(len(text))
            return len(text).to_bytes(size, option.order).decode("latin-1") + text
        if "\0" in text:
            raise arg_error(position, "string contains zeros")
        charge_bytes(len(text))
        return text + "\0"

    def pack(text: Any = ABSENT, *args: Any) -> Any:
        """The arguments in binary form as the format says."""
        parts: list[str] = []
        total = used = 0
        for count, option in enumerate(parse_options(check_string(text, 1)), 1):
            if not count % SLICE:
                tick(SLICE)
            kind, size, order, align, _ = option
            padding = -total & (align - 1)
            if padding:
                parts.append("\0" * padding)
                total += padding
            if kind >= PADDING:
                if kind >= MISTAKE:
                    raise option.error()
                if kind == PADDING:
                    parts.append("\0")
                    total += 1
                continue
            # PUC marks the end of the arguments with a nil
            value = args[used] if used < len(args) else None
            used += 1
            if kind <= PLAIN:
                part = pack_integer(value, option, used + 1)
            elif kind == FLOAT:
                part = pack_float(float(check_number(value, used + 1)), size, order)
            else:
                part = pack_string(value, option, used + 1)
            parts.append(part)
            total += len(part)
        charge_bytes(total)
        return "".join(parts)

    def packsize(text: Any = ABSENT, *_: Any) -> Any:
        """The number of bytes that ``pack`` makes under the format."""
        total = 0
        for count, option in enumerate(parse_options(check_string(text, 1)), 1):
            if not count % SLICE:
                tick(SLICE)
            if option.kind >= MISTAKE:
                raise option.error()
            size = (-total & (option.align - 1)) + option.size
            if total + size > MAX_SIZE:
                raise arg_error(1, "format result too large")
            total += size
            if option.kind in (STRING, ZERO_TERMINATED):
                raise arg_error(1, "variable-length format")
        return total

    def unpack_integer(piece: str, option: Option) -> int:
        value = int.from_bytes(piece.encode("latin-1"), option.order, signed=option.kind == SIGNED)
        wrapped = wrap(value)
        if wrapped != value and (option.size > INTEGER_SIZE and (option.kind == SIGNED or value > UNSIGNED)):
            raise lib_error(f"{option.size}-byte integer does not fit into Lua Integer")
        return wrapped

    def unpack(text: Any = ABSENT, data: Any = ABSENT, init: Any = ABSENT, *_: Any) -> Any:
        """The values packed in a string as the format says, then the position after them."""
        options = parse_options(check_string(text, 1))
        data = check_string(data, 2)
        size = len(data)
        position = opt_integer(init, 3, 1)
        at = (position if position > 0 else max(size + position + 1, 0) if position < 0 else 0) - 1
        if not 0 <= at <= size:
            raise arg_error(3, "initial position out of string")
        results: list[Any] = []
        for count, option in enumerate(options, 1):
            if not count % SLICE:
                tick(SLICE)
            kind = option.kind
            if kind >= MISTAKE:
                raise option.error()
            start = at + (-at & (option.align - 1))
            end = start + option.size
            if end > size:
                raise arg_error(2, "data string too short")
            if len(results) >= MAX_RESULTS:
                raise lib_error("stack overflow (too many results)")
            piece = data[start:end]
            at = end
            if kind <= PLAIN:
                results.append(unpack_integer(piece, option))
            elif kind == FLOAT:
                code = ("<" if option.order == "little" else ">") + ("f" if option.size == 4 else "d")
                results.append(struct.unpack(code, piece.encode("latin-1"))[0])
            elif kind == CHARACTERS:
                charge_bytes(len(piece))
                results.append(piece)
            elif kind == STRING:
                length = unpack_integer(piece, option._replace(kind=PLAIN)) & UNSIGNED
                at += length
                if at > size:
                    raise arg_error(2, "data string too short")
                charge_bytes(length)
                results.append(data[end:at])
            elif kind == ZERO_TERMINATED:
                # the zero after the last character of a string in C ends it too
                found = data.find("\0", at)
                end = size if found < 0 else found
                charge_bytes(end - at)
                results.append(data[at:end])
                at = end + 1
        results.append(at + 1)
        return tuple(results)

    return {"pack": pack, "packsize": packsize, "unpack": unpack}
