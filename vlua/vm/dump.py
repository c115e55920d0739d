"""Binary chunks (manual §6.4 ``string.dump``): a Lua function as bytes, and back.

In: what is known about a function. Out: PUC's header, then a body of our own: the text of the chunk the function comes
from, the function's number in it, and a digest of both. Loading compiles the text again, under the same checks as any
other text, so that no bytes, however forged, reach the host's own loader of code.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vlua.vm.frames import FunctionInfo

__all__ = ["BadChunk", "dump_function", "read_function"]

# The parts of PUC's header, and what is wrong with a chunk that differs in one.
HEADER: tuple[tuple[bytes, str], ...] = (
    (b"\x1bLua", "not a"),
    (b"\x53", "version mismatch in"),
    (b"\x00", "format mismatch in"),
    (b"\x19\x93\r\n\x1a\n", "corrupted"),
    (struct.pack("B", struct.calcsize("i")), "int size mismatch in"),
    (struct.pack("B", struct.calcsize("N")), "size_t size mismatch in"),
    (b"\x04", "Instruction size mismatch in"),
    (b"\x08", "lua_Integer size mismatch in"),
    (b"\x08", "lua_Number size mismatch in"),
    (struct.pack("=q", 0x5678), "endianness mismatch in"),
    (struct.pack("=d", 370.5), "float format mismatch in"),
)
# The body begins with a mark that no chunk of PUC Lua has there, whose first byte counts upvalues.
MARK = b"\xffvlua1"
# Stripped or not, the function's number, the lengths of chunk name and text; the digest follows.
FIELDS = struct.Struct("<?III")
DIGEST_SIZE = 32
# Stripped functions do not know the name of their chunk.
NO_NAME = "=?"


class BadChunk(Exception):
    """Bytes that are no chunk of ours; the text says why in PUC's words, as in ``truncated``."""


def digest(*parts: bytes) -> bytes:
    """What the body of a chunk must agree with."""
    from hashlib import sha256

    return sha256(b"".join(parts)).digest()


def dump_function(info: FunctionInfo, strip: bool) -> str:
    """The binary chunk of a function; with ``strip``, one whose function will not know names and positions."""
    stripped = strip or info.origin.stripped
    name = b"" if stripped else info.source.encode("latin-1")
    text = info.origin.text.encode("latin-1")
    fields = FIELDS.pack(stripped, info.number, len(name), len(text))
    header = b"".join(part for part, _ in HEADER)
    return b"".join((header, MARK, fields, digest(fields, name, text), name, text)).decode("latin-1")


def read_function(chunk: str) -> tuple[str, str, int, bool]:
    """Text, chunk name, number of the function in it, and whether it is stripped. Raises BadChunk."""
    position = 0
    for part, wrong in (*HEADER, (MARK, "corrupted")):
        found = chunk[position : position + len(part)].encode("latin-1")
        if found != part:
            raise BadChunk("truncated" if part.startswith(found) else wrong)
        position += len(part)
    start = position + FIELDS.size + DIGEST_SIZE
    if len(chunk) < start:
        raise BadChunk("truncated")
    fields = chunk[position : position + FIELDS.size].encode("latin-1")
    stripped, number, name_size, text_size = FIELDS.unpack(fields)
    end = start + name_size + text_size
    if len(chunk) < end:
        raise BadChunk("truncated")
    name, text = chunk[start : start + name_size], chunk[start + name_size : end]
    expected = chunk[start - DIGEST_SIZE : start].encode("latin-1")
    if digest(fields, name.encode("latin-1"), text.encode("latin-1")) != expected:
        raise BadChunk("corrupted")
    return text, NO_NAME if stripped else name, number, stripped
