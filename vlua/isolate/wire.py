"""The bytes between parent and worker: frames of plain data, which can say nothing but plain data.

In: ``None``, booleans, 64-bit integers, floats, text, bytes, lists and dicts. Out: frames, and the same data back, or
``WireError`` for bytes that are none of ours. Nothing here makes an object of any other type, so that a worker that
was taken over can lie about its results but not run code in its parent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

__all__ = [
    *("ANSWER", "INPUT", "JOB", "READY", "STDERR", "STDOUT", "WANTED"),
    *("HEADER", "LONGEST", "MAX_DEPTH", "OUTPUT_PIECE", "WireError", "decode", "encode", "frame", "frame_length"),
]

# Kinds of frames: to the worker, and from it.
JOB, INPUT = b"J", b"I"
READY, STDOUT, STDERR, WANTED, ANSWER = b"R", b"O", b"E", b"W", b"A"

LONGEST = 0xFFFF_FFFF  # bytes of a frame: what the header can say
OUTPUT_PIECE = 1 << 20  # bytes of output in one frame

MAX_DEPTH = 100  # containers inside of each other: the decoder recurses
MAX_ITEMS = 2_000_000  # values in one message: each costs the reader some ten times its bytes

HEADER = struct.Struct(">cI")  # kind of the frame, number of bytes that follow
_COUNT = struct.Struct(">I")
_INTEGER = struct.Struct(">q")
_FLOAT = struct.Struct(">d")


class WireError(ValueError):
    """Bytes or values that the wire format does not know."""


def frame(kind: bytes, payload: bytes) -> bytes:
    """A frame of the given kind (one byte)."""
    return HEADER.pack(kind, len(payload)) + payload


def frame_length(header: bytes, most: Mapping[bytes, int]) -> tuple[bytes, int]:
    """Kind and length that a header announces; ``most`` has the longest payload for every kind that may come.

    Raises WireError for any other kind and for longer payloads.
    """
    kind, length = HEADER.unpack(header)
    if kind not in most:
        raise WireError(f"unknown kind of frame {kind!r}")
    if length > most[kind]:
        raise WireError(f"a frame of {length} bytes where at most {most[kind]} are allowed")
    return kind, length


def encode(value: Any) -> bytes:
    """The bytes of a plain value. Raises WireError for any other type, integers beyond 64 bits, too deep nesting."""
    pieces: list[bytes] = []
    _encode(value, pieces.append, 0)
    return b"".join(pieces)


def _encode(value: Any, emit: Callable[[bytes], None], depth: int) -> None:
    kind = type(value)
    if value is None or kind is bool:
        emit(b"N" if value is None else b"T" if value else b"F")
    elif kind is int:
        try:
            emit(b"I" + _INTEGER.pack(value))
        except struct.error:
            raise WireError("an integer beyond 64 bits") from None
    elif kind is float:
        emit(b"D" + _FLOAT.pack(value))
    elif kind is str:
        # file names may hold lone surrogates, for bytes that are no text
        data = value.encode("utf-8", "surrogatepass")
        emit(b"S" + _COUNT.pack(len(data)) + data)
    elif kind is bytes:
        emit(b"B" + _COUNT.pack(len(value)) + value)
    elif kind is list or kind is tuple or kind is dict:
        if depth >= MAX_DEPTH:
            raise WireError(f"containers more than {MAX_DEPTH} deep")
        emit((b"M" if kind is dict else b"L") + _COUNT.pack(len(value)))
        for item in value.items() if kind is dict else value:
            if kind is dict:
                _encode(item[0], emit, depth + 1)
                _encode(item[1], emit, depth + 1)
            else:
                _encode(item, emit, depth + 1)
    else:
        raise WireError(f"a value of type {kind.__name__}")


def decode(data: bytes) -> Any:
    """The value in ``data``. Raises WireError for anything that ``encode`` would not have written."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.position != len(data):
        raise WireError("bytes behind the value")
    return value


class _Reader:
    """Reads values off a message, which may be hostile."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.items_left = MAX_ITEMS

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise WireError("the message ends too early")
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def count(self) -> int:
        count: int = _COUNT.unpack(self.take(4))[0]
        if count > len(self.data) - self.position:  # every item takes one byte at least
            raise WireError("more items announced than there are bytes")
        return count

    def value(self, depth: int) -> Any:
        self.items_left -= 1
        if self.items_left < 0:
            raise WireError(f"more than {MAX_ITEMS} values in one message")
        if depth > MAX_DEPTH:
            raise WireError(f"containers more than {MAX_DEPTH} deep")
        tag = self.take(1)
        if tag == b"I":
            return _INTEGER.unpack(self.take(8))[0]
        if tag == b"S":
            try:
                return self.take(self.count()).decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise WireError("text that is no UTF-8") from None
        if tag == b"B":
            return self.take(self.count())
        if tag == b"D":
            return _FLOAT.unpack(self.take(8))[0]
        if tag in (b"N", b"T", b"F"):
            return None if tag == b"N" else tag == b"T"
        if tag == b"L":
            return [self.value(depth + 1) for _ in range(self.count())]
        if tag == b"M":
            return self.mapping(self.count(), depth + 1)
        raise WireError(f"unknown tag {tag!r}")

    def mapping(self, count: int, depth: int) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for _ in range(count):
            key = self.value(depth)
            if isinstance(key, list | dict):
                raise WireError("a container as a key")
            result[key] = self.value(depth)
        if len(result) != count:
            raise WireError("a key that appears twice")
        return result
