"""Streams as C's ``FILE`` has them: buffered bytes over a binary file of a filesystem (manual §6.8).

In: a binary file object with ``read``, ``write``, ``seek``, ``tell`` and ``close``.
Out: Lua strings; every failure is a ``Failure``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from vlua.vfs.failure import EBADF, EFBIG, EINVAL, EISDIR, Failure, failure_of
from vlua.vm.errors import LuaError
from vlua.vm.number import parse_number

__all__ = ["DirectoryStream", "NullStream", "Stream"]

CHUNK = 16384  # bytes read ahead: large enough to make line loops cheap, small enough to see another handle's writes
LARGEST_CHUNK = 1 << 20  # bytes asked for at once by a block read: the charge for memory comes before each
CAPACITY = 8192  # bytes kept back by a fully buffered stream before they are written
LARGEST_FILE = 1 << 30  # bytes: memory filesystems really allocate holes, so a far seek must not eat the host's memory
LARGEST_OFFSET = 1 << 43  # bytes: where Linux filesystems refuse to seek
LARGEST_NUMERAL = 200  # characters that reading a number takes at most, as liolib.c does

SPACES = " \t\n\v\f\r"
DIGITS = "0123456789"
HEX_DIGITS = "0123456789abcdefABCDEF"
PLAIN_NUMERAL = re.compile(r"[ \t\n\v\f\r]*([-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]*)?)")
# What can be no other numeral, however the file goes on after it; the integers fit 64 bits.
PLAIN_NUMBER = re.compile(r"[ \t\n\v\f\r]*([-+]?[0-9]{1,18})(\.[0-9]{0,99})?(?=[ \t\n\v\f\r,;])")


class Stream:
    """One open file: a read-ahead buffer or a buffer of pending writes, never both.

    ``charge`` is called with the number of bytes before they are kept in memory; it may raise to stop the script.
    ``lock`` is held while something is appended. ``left`` is how many bytes may be added to ``pending`` without another
    look: 0 unless the stream is fully buffered and nothing is read ahead.
    """

    __slots__ = (
        "__weakref__",
        "ahead",
        "appending",
        "charge",
        "file",
        "left",
        "lock",
        "moved",
        "pending",
        "pending_size",
        "policy",
        "position",
        "readable",
        "writable",
    )

    def __init__(
        self, file: Any, mode: str, charge: Callable[[int], None], lock: AbstractContextManager[Any] | None = None
    ) -> None:
        self.file = file
        self.readable = mode[0] == "r" or "+" in mode
        self.writable = mode[0] != "r" or "+" in mode
        self.appending = mode[0] == "a"
        self.charge = charge
        self.ahead = ""
        self.position = 0
        self.pending: list[str] = []
        self.pending_size = 0
        self.left = 0
        self.lock = lock
        self.policy = "full"
        self.moved = False

    # Reading

    def read_line(self, keep: int) -> str | None:
        """The next line, with its newline when ``keep`` is 1; ``None`` at the end of the file."""
        ahead, start = self.ahead, self.position
        end = ahead.find("\n", start)
        if end >= 0:
            self.position = end + 1
            return ahead[start : end + keep]
        pieces = [ahead[start:]]
        while chunk := self._fetch(CHUNK):
            end = chunk.find("\n")
            if end >= 0:
                self.ahead, self.position = chunk, end + 1
                pieces.append(chunk[: end + keep])
                return "".join(pieces)
            pieces.append(chunk)
        line = "".join(pieces)
        return line if line else None

    def read_all(self) -> str:
        """Everything up to the end of the file."""
        pieces = [self.ahead[self.position :]]
        size = CHUNK
        while chunk := self._fetch(size):
            pieces.append(chunk)
            size = min(size * 2, LARGEST_CHUNK)
        return "".join(pieces)

    def read_bytes(self, count: int) -> str | None:
        """The next ``count`` bytes, fewer at the end of the file, ``None`` when there are none."""
        end = self.position + count
        if end <= len(self.ahead):
            piece = self.ahead[self.position : end]
            self.position = end
            return piece
        pieces = [self.ahead[self.position :]]
        missing = count - len(pieces[0])
        while missing > 0:
            chunk = self._fetch(min(max(missing, CHUNK), LARGEST_CHUNK))
            if not chunk:
                break
            pieces.append(chunk[:missing])
            if len(chunk) > missing:
                self.ahead, self.position = chunk, missing
            missing -= len(pieces[-1])
        piece = "".join(pieces)
        return piece if piece else None

    def read_number(self) -> int | float | None:
        """The number that the longest prefix spells which may be a numeral; ``None`` when it is none."""
        found = PLAIN_NUMBER.match(self.ahead, self.position)
        if found:
            self.position = found.end()
            return int(found[1]) if found[2] is None else float(found[0])
        return parse_number(self.read_numeral())

    def read_numeral(self) -> str:
        """The longest prefix that may be a numeral, as ``io.read("n")`` takes it; the rest stays unread.

        The result is "" when the numeral is too long.
        """
        plain = PLAIN_NUMERAL.match(self.ahead, self.position)
        end = plain.end() if plain else len(self.ahead)
        if plain and end < len(self.ahead) and self.ahead[end] not in "xX" and len(plain[1]) < LARGEST_NUMERAL:
            self.position = end
            return plain[1]
        taken: list[str] = []
        overflow = False

        def accept(set: str) -> bool:
            nonlocal overflow
            byte = self.peek()
            if byte == "" or byte not in set:
                return False
            if len(taken) >= LARGEST_NUMERAL:
                overflow = True
                return False
            taken.append(byte)
            self.position += 1
            return True

        def digits(set: str) -> int:
            count = 0
            while accept(set):
                count += 1
            return count

        while (byte := self.peek()) != "" and byte in SPACES:
            self.position += 1
        accept("-+")
        count, set, exponent = 0, DIGITS, "eE"
        if accept("0"):
            if accept("xX"):
                set, exponent = HEX_DIGITS, "pP"
            else:
                count = 1
        count += digits(set)
        if accept("."):
            count += digits(set)
        if count > 0 and accept(exponent):
            accept("-+")
            digits(DIGITS)
        return "" if overflow else "".join(taken)

    def peek(self) -> str:
        """The next byte without taking it, "" at the end of the file."""
        if self.position >= len(self.ahead):
            chunk = self._fetch(CHUNK)
            self.ahead, self.position = chunk, 0
            return chunk[:1]
        return self.ahead[self.position]

    def _fetch(self, size: int) -> str:
        """The next bytes of the file itself, "" at its end; the read-ahead buffer is empty afterwards."""
        if not self.readable:
            raise Failure(EBADF)
        if self.pending:
            self.flush()
        self.ahead, self.position, self.left = "", 0, 0
        try:
            data: bytes = self._read(size)
        except Exception as error:
            raise failure_of(error) from None
        self.charge(len(data))
        return data.decode("latin-1")

    def _read(self, size: int) -> bytes:
        return self.file.read(size) or b""

    # Writing

    def write(self, text: str) -> None:
        """Write a Lua string, to be seen by others when the buffer is full or flushed."""
        if not text:
            return
        if not self.writable:
            raise Failure(EBADF)
        if self.ahead:
            self._forget_ahead()
        size = len(text)
        if size >= CAPACITY:
            self.charge(size)
        if self.left:
            self.pending_size = CAPACITY - self.left
        self.pending.append(text)
        self.pending_size += size
        policy = self.policy
        if self.pending_size >= CAPACITY or (policy != "full" and (policy == "no" or "\n" in text)):
            self.flush()
        elif policy == "full" and type(self) is Stream:
            self.left = CAPACITY - self.pending_size

    def flush(self) -> None:
        """Hand pending writes to the file; what cannot be written is lost, as in C."""
        if not self.pending:
            return
        data = "".join(self.pending).encode("latin-1")
        self.pending.clear()
        self.pending_size = self.left = 0
        try:
            if self.appending:
                with self.lock or nullcontext():
                    self._put(data, self.file.seek(0, 2), 0)
            else:
                position = self.file.tell()
                self._put(data, position, self._hole(position) if self.moved else 0)
        except LuaError:
            raise
        except Exception as error:
            raise failure_of(error) from None

    def _put(self, data: bytes, position: int, hole: int) -> None:
        """Write to the file at its ``position``, before which ``hole`` bytes are missing."""
        if position + len(data) > LARGEST_FILE:
            raise Failure(EFBIG)
        if hole:
            self.charge(hole)
        write = self.file.write
        written = write(data)
        while written is not None and written < len(data):
            data = data[written:]
            written = write(data)

    def _hole(self, position: int) -> int:
        """Bytes that a write at ``position`` would have to fill up with zeros."""
        self.moved = False
        end: int = self.file.seek(0, 2)
        self.file.seek(position)
        return max(0, position - end)

    def _forget_ahead(self) -> None:
        """Put the file where the reader believes it is."""
        unread = len(self.ahead) - self.position
        self.ahead, self.position = "", 0
        if unread:
            try:
                self.file.seek(-unread, 1)
            except Exception as error:
                raise failure_of(error) from None

    # Position, buffering, end

    def settle(self) -> None:
        """Hold nothing back and nothing ahead."""
        self.flush()
        if self.ahead:
            self._forget_ahead()

    def seek(self, whence: str, offset: int) -> int:
        """Move to ``offset`` bytes from ``whence`` ("set", "cur" or "end"); the new position in bytes.

        Raises Failure (Invalid argument) for a position before the start.
        """
        self.flush()
        file = self.file
        try:
            here: int = file.tell() - (len(self.ahead) - self.position)
            if whence == "cur" and offset == 0:
                return here
            base = here if whence == "cur" else 0
            if whence == "end":
                base = file.seek(0, 2)
            target = base + offset
            self.ahead, self.position = "", 0
            if not 0 <= target <= LARGEST_OFFSET:
                file.seek(here)
                raise Failure(EINVAL)
            file.seek(target)
        except Exception as error:
            raise failure_of(error) from None
        self.moved = True
        return target

    def set_buffering(self, policy: str) -> None:
        """``"no"``, ``"full"`` or ``"line"``: when writes are handed on."""
        if self.left:
            self.pending_size, self.left = CAPACITY - self.left, 0
        self.policy = policy

    def close(self) -> None:
        """Flush and close; the file is closed even when flushing fails."""
        try:
            self.flush()
        finally:
            self.ahead, self.position = "", 0
            try:
                self.file.close()
            except Exception as error:
                raise failure_of(error) from None

    def abandon(self) -> None:
        """Close because nobody can reach it any more."""
        self.close()

    def result(self) -> Any:
        """What closing a handle of it gives when that went well (manual §6.8 ``file:close``)."""
        return True


class NullStream(Stream):
    """``/dev/null``: empty to readers, and whatever is written to it is gone."""

    __slots__ = ()

    def __init__(self, mode: str, charge: Callable[[int], None] | None = None) -> None:
        super().__init__(None, mode, charge if charge is not None else _free)

    def _fetch(self, size: int) -> str:
        if not self.readable:
            raise Failure(EBADF)
        return ""

    def flush(self) -> None:
        """Forget pending writes."""
        self.pending.clear()
        self.pending_size = 0

    def seek(self, whence: str, offset: int) -> int:
        """Wherever one moves, it is the start."""
        return 0

    def close(self) -> None:
        """Nothing is held."""


class DirectoryStream(Stream):
    """A directory opened for reading: on Linux that works, and reading from it does not."""

    __slots__ = ()

    def __init__(self, charge: Callable[[int], None]) -> None:
        super().__init__(None, "r", charge)

    def _fetch(self, size: int) -> str:
        raise Failure(EISDIR)

    def seek(self, whence: str, offset: int) -> int:
        """Directories have no size that means anything; Linux puts their end at the largest integer."""
        if whence == "end":
            return 0x7FFFFFFFFFFFFFFF if offset == 0 else self._refuse()
        return max(offset, 0) if offset >= 0 else self._refuse()

    def _refuse(self) -> int:
        raise Failure(EINVAL)

    def close(self) -> None:
        """Nothing is held."""


def _free(count: int) -> None:
    """Nothing is kept, so nothing is charged."""
