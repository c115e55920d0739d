"""The three standard streams over objects of the host (manual §6.8: ``io.stdin``, ``io.stdout``, ``io.stderr``).

In: text or binary streams, text, bytes or ``None``. Out: ``Stream`` objects that the libraries use like any file.
What Lua writes is handed to the host at once: the host's own object does the buffering.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from typing import Any

from vlua.vfs.failure import EBADF, ESPIPE, Failure, failure_of
from vlua.vfs.stream import CAPACITY, Stream
from vlua.vm.errors import LuaError

__all__ = ["Printer", "StandardInput", "StandardOutput", "is_terminal"]


def is_text(target: Any) -> bool:
    """Whether a stream of the host deals in ``str``."""
    return isinstance(target, io.TextIOBase) or hasattr(target, "encoding")


def is_terminal(stream: Stream) -> bool:
    """Whether a standard stream is a terminal of the host's, at which somebody may sit."""
    isatty = getattr(stream.file, "isatty", None) if isinstance(stream, StandardInput) else None
    try:
        return isatty is not None and bool(isatty())
    except (OSError, ValueError):
        return False


class StandardInput(Stream):
    """``io.stdin``: reads what the host's object has to give, no more than it must (so a terminal does not wait).

    ``source`` is a text or binary stream, text, bytes, or ``None`` for an empty input.
    """

    __slots__ = ("take",)

    def __init__(self, source: Any, charge: Callable[[int], None]) -> None:
        if source is None or isinstance(source, (str, bytes)):
            source = io.BytesIO(source.encode() if isinstance(source, str) else source or b"")
        super().__init__(source, "r", charge)
        self.take = self._reader(source)

    @staticmethod
    def _reader(source: Any) -> Callable[[int], Any]:
        binary = getattr(source, "buffer", source) if is_text(source) else source
        for name in ("read1", "readline", "read"):
            method: Callable[[int], Any] | None = getattr(binary, name, None)
            if method is not None and not (name == "readline" and isinstance(binary, io.RawIOBase)):
                return method
        raise TypeError(f"stdin must be a readable stream, text or bytes, not {type(source).__name__}")

    def _read(self, size: int) -> bytes:
        data = self.take(size)
        if isinstance(data, str):
            return data.encode("utf-8", "surrogateescape")
        return bytes(data) if data else b""

    def seek(self, whence: str, offset: int) -> int:
        """Standard streams have no position: raises Failure (Illegal seek)."""
        raise Failure(ESPIPE)

    def close(self) -> None:
        """The host's object stays open."""


class StandardOutput(Stream):
    """``io.stdout`` or ``io.stderr``: every write reaches the host's object before the call returns.

    ``target`` is a text stream (bytes are decoded as UTF-8), a binary stream, or ``None``, which discards.
    """

    __slots__ = ("emit", "target")

    def __init__(self, target: Any, charge: Callable[[int], None]) -> None:
        super().__init__(target, "w", charge)
        self.target = target
        self.emit: Callable[[str], None]
        if target is None:
            self.emit = discard
        elif is_text(target):
            binary = getattr(target, "buffer", None)
            self.emit = mixed_writer(target, binary) if binary is not None else text_writer(target)
        else:
            self.emit = binary_writer(target)

    def count_with(self, count: Callable[[int], None]) -> None:
        """Have ``count`` called with the number of bytes before each write; it may raise LimitReached."""
        emit = self.emit

        def counted(text: str) -> None:
            count(len(text))
            emit(text)

        self.emit = counted

    def write(self, text: str) -> None:
        """Write a Lua string."""
        if len(text) >= CAPACITY:
            self.charge(len(text))
        try:
            self.emit(text)
        except Exception as error:
            raise failure_of(error) from None

    def flush(self) -> None:
        """Flush the host's object, if it can be."""
        flush = getattr(self.target, "flush", None)
        if flush is not None:
            try:
                flush()
            except Exception as error:
                raise failure_of(error) from None

    def seek(self, whence: str, offset: int) -> int:
        """Standard streams have no position: raises Failure (Illegal seek)."""
        raise Failure(ESPIPE)

    def _fetch(self, size: int) -> str:
        raise Failure(EBADF)

    def close(self) -> None:
        """The host's object stays open."""
        self.flush()


class Printer:
    """What ``print`` writes to: the same stream, but failures are ignored, as C's ``print`` ignores them."""

    __slots__ = ("_emit", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._emit = stream.emit if isinstance(stream, StandardOutput) else through_buffer(stream)

    def write(self, text: str) -> None:
        """Write a Lua string."""
        try:
            self._emit(text)
        except LuaError:
            raise  # an interrupt, or no memory for more output
        except Exception:
            return

    def flush(self) -> None:
        """Flush the host's object."""
        try:
            self._stream.flush()
        except Failure:
            return


def through_buffer(stream: Stream) -> Callable[[str], None]:
    """A writer that flushes each time, for streams that are buffered here."""

    def emit(text: str) -> None:
        stream.write(text)
        stream.flush()

    return emit


def discard(text: str) -> None:
    """Write to nowhere."""


def mixed_writer(target: Any, binary: Any) -> Callable[[str], None]:
    """A writer for text streams over bytes, such as ``sys.stdout``: any byte gets through unchanged, in order."""
    write, flush, write_bytes = target.write, target.flush, binary.write

    def emit(text: str) -> None:
        if text.isascii():
            write(text)
        else:
            flush()
            write_bytes(text.encode("latin-1"))

    return emit


def text_writer(target: Any) -> Callable[[str], None]:
    """A writer for pure text streams, such as ``io.StringIO``: UTF-8 is decoded, also when split over writes."""
    write = target.write
    decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def emit(text: str) -> None:
        if text.isascii() and not decoder.getstate()[0]:
            write(text)
        else:
            write(decoder.decode(text.encode("latin-1")))

    return emit


def binary_writer(target: Any) -> Callable[[str], None]:
    """A writer for binary streams, raw ones included."""
    write = target.write

    def emit(text: str) -> None:
        data = text.encode("latin-1")
        written = write(data)
        while type(written) is int and 0 < written < len(data):
            data = data[written:]
            written = write(data)

    return emit
