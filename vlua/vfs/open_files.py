"""The open files of a room: how many there may be, and what becomes of them at its end.

In: streams as they are opened and closed. Out: the failure for one too many; all of them flushed or closed.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable, Iterator

from vlua.vfs.failure import EMFILE, Failure
from vlua.vfs.stream import Stream
from vlua.vm.errors import LimitReached, LuaError

__all__ = ["MOST_OPEN_FILES", "OpenFiles", "flush_all"]

MOST_OPEN_FILES = 1024  # as the usual `ulimit -n`: open files cost the host memory


class OpenFiles:
    """The open streams of one process; ``everyone`` counts those of all processes in the room."""

    def __init__(self, everyone: weakref.WeakSet[Stream] | None = None) -> None:
        self.most = MOST_OPEN_FILES
        self.limit: int | None = None
        self._everyone: weakref.WeakSet[Stream] = weakref.WeakSet() if everyone is None else everyone
        self._own: weakref.WeakSet[Stream] = weakref.WeakSet()

    def fork(self) -> OpenFiles:
        """None yet, for another process in the same room."""
        files = OpenFiles(self._everyone)
        files.most = self.most
        files.limit = self.limit
        return files

    def require_room(self) -> None:
        """Raise Failure (Too many open files) when as many files are open as may be; LimitReached at the limit."""
        if self.limit is not None and len(self._everyone) >= self.limit:
            gc.collect()
            if len(self._everyone) >= self.limit:
                raise LimitReached("open_files", self.limit)
        if len(self._everyone) >= self.most:
            gc.collect()  # files in reference cycles are closed when they are found
            if len(self._everyone) >= self.most:
                raise Failure(EMFILE)

    def keep(self, stream: Stream) -> Stream:
        """Count a stream as open, to be closed with the process at the latest."""
        self._own.add(stream)
        self._everyone.add(stream)
        return stream

    def release(self, stream: Stream) -> None:
        """Close a stream and let its place be used again. Raises Failure when its last writes fail."""
        self._own.discard(stream)
        self._everyone.discard(stream)
        stream.close()

    def flush(self) -> LimitReached | None:
        """Flush every open file, failures ignored (as ``exit`` does in C); a limit that one of them has reached."""
        return flush_all(self)

    def settle(self) -> None:
        """Flush every open file and forget what was read ahead, failures ignored."""
        for stream in self:
            try:
                stream.settle()
            except (Failure, LuaError, LimitReached):
                continue

    def close(self) -> None:
        """Close every open file, failures ignored (as ``lua_close`` does)."""
        for stream in self:
            try:
                self.release(stream)
            except (Failure, LuaError, LimitReached):
                continue

    def __len__(self) -> int:
        """How many are open in all processes."""
        return len(self._everyone)

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._own) if self._own else ())


def flush_all(streams: Iterable[Stream]) -> LimitReached | None:
    """Flush streams, failures ignored; a limit that one of them has reached."""
    reached = None
    for stream in streams:
        try:
            stream.flush()
        except (Failure, LuaError):
            continue
        except LimitReached as limit:
            reached = limit
    return reached
