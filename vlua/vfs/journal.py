"""A filesystem that remembers what was: snapshots, going back to them, and what changed since.

In: any filesystem. Out: the same filesystem; before a path is modified for the first time since the last snapshot, what
it held is kept in memory.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import RLock
from typing import Any, BinaryIO, cast

import attrs

from vlua.vfs.changes import Changes, State, compare
from vlua.vfs.directory import UNNOTICED
from vlua.vfs.layer import LayerFile, LayerFS
from vlua.vfs.pyfilesystem import FS, Mode, Permissions, SubFS, errors, join
from vlua.vfs.transfer import write_all

__all__ = ["JournalFS", "Mark"]

DETAILS = ("details",)


class Epoch:
    """The time from one snapshot to the next: what paths held at its beginning, those that were modified in it."""

    __slots__ = ("__weakref__", "origins", "reference", "states")

    def __init__(self) -> None:
        # None is a path where nothing was; such a path is forgotten when nothing is there again.
        self.states: dict[str, State | None] = {}
        # Paths at which there is now what was at another path, or what was nowhere (None), at the beginning.
        self.origins: dict[str, str | None] = {}
        self.reference: weakref.ref[Mark] | None = None

    def origin(self, path: str) -> str | None:
        """Where at the beginning was what ``path`` holds at the end?"""
        if path in self.origins:
            return self.origins[path]
        return path if self.states.get(path, self) is not None else None


class Mark:
    """A snapshot of a ``JournalFS``. It costs nothing but what is modified while somebody holds it."""

    __slots__ = ("__weakref__", "epoch", "journal")

    def __init__(self, journal: JournalFS, epoch: Epoch) -> None:
        self.journal = journal
        self.epoch = epoch

    def restore(self) -> None:
        """``JournalFS.restore`` of this snapshot."""
        self.journal.restore(self)

    def changes(self) -> Changes:
        """``JournalFS.changes`` since this snapshot."""
        return self.journal.changes(self)


class JournalFS(LayerFS):
    """Everything as ``fs`` has it, with snapshots; the first is taken here and now.

    What changes ``fs`` by other ways than this filesystem is not seen.
    """

    def __init__(self, fs: FS) -> None:
        super().__init__(fs)
        # Not the lock of ``fs``: that one is held by who copies while threads write to the files that it opened.
        self._guard = RLock()
        # Oldest first. What a path held at the beginning of an epoch is in that epoch or else in the next that has
        # it, or else it is what the path holds now.
        self._epochs = [Epoch()]
        self._latest = self._epochs[0]
        # Snapshots that nobody holds any more, and files closed where the lock could not be had.
        self._dropped: deque[weakref.ref[Mark]] = deque()
        self._abandoned: deque[BinaryIO] = deque()
        self._handles: weakref.WeakSet[JournalFile] = weakref.WeakSet()
        # A handle with this very object has kept what its file held.
        self._era = object()

    # Snapshots

    def snapshot(self) -> Mark:
        """Remember this moment, for as long as the result is referred to.

        Nothing is copied. What was written to open handles of this filesystem is part of it.
        """
        self.check()
        with self._guard:
            self._tidy()
            for handle in list(self._handles):
                handle.settle()
            epoch = Epoch()
            mark = Mark(self, epoch)
            dropped = self._dropped
            # No cycles through this filesystem or the epoch: their memory would wait for the garbage collector.
            epoch.reference = weakref.ref(mark, dropped.append)
            self._epochs.append(epoch)
            self._latest = epoch
            self._era = object()
            return mark

    def changes(self, since: Mark | None = None) -> Changes:
        """What changed since a snapshot, or since this filesystem was made. The result holds the contents.

        Raises ValueError for a snapshot of another filesystem, FSError when something cannot be read.
        """
        self.check()
        with self._guard:
            epochs = self._since(since)
            for handle in list(self._handles):
                handle.settle()
            before = states_at(epochs)
            after = {path: self._look(path, state) for path, state in before.items()}
            origins = {}
            for path, state in after.items():
                origin: str | None = path if state is not None else None
                for epoch in reversed(epochs):
                    origin = None if origin is None else epoch.origin(origin)
                if origin is not None:
                    origins[path] = origin
            return compare(before, after, origins)

    def restore(self, mark: Mark | None = None) -> None:
        """Put everything back as it was at a snapshot, or when this filesystem was made.

        Every snapshot stays usable, those taken later too. Handles stay open, at their positions: on a file that was
        there at the snapshot they go on with its old contents, on another one they write to nowhere. What a handle
        above this filesystem holds back in a buffer of its own comes after.

        Raises ValueError for a snapshot of another filesystem. When something cannot be put back, the rest is, and the
        first FSError is raised; it can be tried again.
        """
        self.check()
        with self._guard:
            epochs = self._since(mark)
            for handle in list(self._handles):
                handle.settle()
            failure = self._put_back(states_at(epochs))
            if failure is not None:
                raise failure
            if len(epochs) == 1:
                # nothing has changed since that snapshot, and nobody asks about a later one
                epochs[0].states.clear()
                epochs[0].origins.clear()
                self._era = object()

    def _since(self, mark: Mark | None) -> list[Epoch]:
        """The epochs from a snapshot on."""
        self._tidy()
        if mark is None:
            return self._epochs
        if mark.journal is not self:
            raise ValueError("a snapshot of another filesystem")
        return self._epochs[self._epochs.index(mark.epoch) :]

    def _put_back(self, states: dict[str, State | None]) -> errors.FSError | None:
        """Make paths hold what ``states`` says; the first failure."""
        failures = []
        paths = sorted(states)

        def attempt(work: Any, *arguments: Any) -> None:
            try:
                work(*arguments)
            except errors.FSError as error:
                failures.append(error)

        for path in reversed(paths):
            attempt(self._clear, path, states[path])
        for path in paths:
            attempt(self._fill, path, states[path])
        for path in reversed(paths):
            attempt(self._set_times, path, states[path])
        return failures[0] if failures else None

    def _clear(self, path: str, state: State | None) -> None:
        """Remove what ``path`` holds unless it is of the kind that ``state`` is."""
        try:
            is_directory = self.below.getinfo(path).is_dir
        except errors.ResourceNotFound:
            return
        if state is None or (state.contents is None) != is_directory:
            if is_directory:
                self.removedir(path)
            else:
                self.remove(path)

    def _fill(self, path: str, state: State | None) -> None:
        """Make ``path`` hold what ``state`` says, where it holds nothing or something of its kind."""
        if state is None:
            return
        if state.contents is None:
            self.makedir(path, recreate=True)
            return
        now = self._look(path, state)
        if now is None or now.contents != state.contents:
            with self.openbin(path, "wb") as file:
                write_all(file, state.contents)

    def _set_times(self, path: str, state: State | None) -> None:
        """Give ``path`` its old times, where the filesystem can."""
        if state is None:
            return
        times = {"modified": state.modified, "accessed": state.accessed}
        times = {name: time for name, time in times.items() if time is not None}
        details = self.below.getinfo(path, DETAILS).raw.get("details", {})
        if any(details.get(name) != time for name, time in times.items()):
            self.setinfo(path, {"details": times})

    # Keeping what was

    def _tidy(self) -> None:
        """Join what dropped snapshots kept to the snapshots before them."""
        while self._abandoned:
            self._abandoned.popleft().close()
        while self._dropped:
            reference = self._dropped.popleft()
            index = next(index for index, epoch in enumerate(self._epochs) if epoch.reference is reference)
            earlier, epoch = self._epochs[index - 1], self._epochs.pop(index)
            origins = {}
            for path in {*epoch.states, *epoch.origins}:
                origin = epoch.origin(path)
                origins[path] = None if origin is None else earlier.origin(origin)
            for path, state in epoch.states.items():
                if earlier.states.setdefault(path, state) is None and self._is_absent_after(index - 1, path):
                    del earlier.states[path]
                    earlier.origins.pop(path, None)
                    origins.pop(path, None)
            for path, origin in origins.items():
                earlier.origins[path] = origin
            if epoch is self._latest:
                self._latest = earlier

    def _is_absent_after(self, index: int, path: str) -> bool:
        """Whether there is nothing at ``path`` at the end of an epoch."""
        for epoch in self._epochs[index + 1 :]:
            if path in epoch.states:
                return epoch.states[path] is None
        return not self.below.exists(path)

    def _look(self, path: str, known: State | None = None) -> State | None:
        """What ``path`` holds; ``known`` may be shared when it is the same."""
        try:
            info = self.below.getinfo(path, DETAILS)
        except (errors.ResourceNotFound, errors.DirectoryExpected):
            return None
        contents = None
        if not info.is_dir:
            token = UNNOTICED.set(True)
            try:
                contents = self.below.readbytes(path)
            finally:
                UNNOTICED.reset(token)
        if known is not None and contents == known.contents:
            contents = known.contents
        details: dict[str, Any] = dict(info.raw.get("details", {}))
        return State(contents, details.get("modified"), details.get("accessed"))

    def _keep(self, path: str) -> bool:
        """Remember what ``path`` holds before it is modified. Whether it was not remembered already."""
        states = self._latest.states
        if path in states:
            return False
        states[path] = self._look(path)
        return True

    def _forget_absent(self, path: str) -> None:
        """There is nothing at ``path`` now: if there was nothing before, it did not change."""
        latest = self._latest
        if latest.states.get(path, latest) is None:
            del latest.states[path]
            latest.origins.pop(path, None)
        else:
            latest.origins[path] = None

    @contextmanager
    def _modifying(self, *paths: str) -> Iterator[None]:
        """Around what modifies ``paths``: keep what they hold, and forget about it when nothing came of it."""
        with self._guard:
            if self._dropped or self._abandoned:
                self._tidy()
            kept = []
            try:
                for path in paths:
                    if self._keep(path):
                        kept.append(path)
                yield
            except BaseException:
                for path in kept:
                    states = self._latest.states
                    if states.get(path, states) is None and not self.below.exists(path):
                        del states[path]
                raise

    # Operations

    def key(self, path: str) -> str:
        """``normal``, at once for a path that is normal already."""
        if type(path) is str and path[:1] == "/" and "//" not in path and "/." not in path and path[-1] != "/":
            return path
        return self.normal(path)

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory."""
        with self._modifying(self.key(path)):
            return super().makedir(path, permissions, recreate)

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file; what it holds is kept when it is opened for writing from scratch, else when it is written to."""
        self.check()
        if mode in ("r", "rb"):
            return self.below.openbin(path, mode, buffering, **options)
        wanted = parsed(mode)
        key = self.key(path)
        if not wanted.writing:
            return self.below.openbin(path, mode, buffering, **options)
        with self._guard:
            era: object = None
            if not wanted.create:
                file = self.below.openbin(path, mode, buffering, **options)
            else:
                era = self._era
                if key in self._latest.states:
                    file = self.below.openbin(path, mode, buffering, **options)
                else:
                    with self._modifying(key):
                        file = self.below.openbin(path, mode, buffering, **options)
            handle = JournalFile(self, file, key, era, wanted)
            self._handles.add(handle)
            return cast(BinaryIO, handle)

    def remove(self, path: str) -> None:
        """Remove a file."""
        self.check()
        key = self.key(path)
        with self._modifying(key):
            self.below.remove(path)
            self._forget_absent(key)

    def removedir(self, path: str) -> None:
        """Remove an empty directory."""
        self.check()
        key = self.key(path)
        with self._modifying(key):
            self.below.removedir(path)
            self._forget_absent(key)

    def setinfo(self, path: str, info: Any) -> None:
        """Change what can be changed of a file or directory."""
        self.check()
        with self._modifying(self.key(path)):
            self.below.setinfo(path, info)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file; open handles follow it where they do below. A file that is moved onto itself stays."""
        self.check()
        source, target = self.key(src_path), self.key(dst_path)
        with self._guard:
            if not self.prepare_move(src_path, dst_path, overwrite):
                return
            with self._modifying(source, target):
                self._move_below(src_path, dst_path, preserve_time)
                self._moved(source, target)
                for handle in self._handles:
                    if source in handle.paths:
                        # whichever way below takes, by name or by file, one of them is what it writes to
                        handle.paths = tuple({*handle.paths, target})

    def _move_below(self, source: str, target: str, preserve_time: bool) -> None:
        details = self.below.getinfo(source, DETAILS).raw.get("details", {}) if preserve_time else {}
        self.below.move(source, target, overwrite=True)
        if "modified" in details:
            self.below.setinfo(target, {"details": {"modified": details["modified"]}})

    def _moved(self, source: str, target: str) -> None:
        """What was at ``source`` is at ``target``."""
        origins = self._latest.origins
        origin = self._latest.origin(source)
        if origin == target:
            origins.pop(target, None)
        else:
            origins[target] = origin
        self._forget_absent(source)

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Move the contents of a directory file by file, so that open handles follow and what was is kept."""
        self.check()
        with self._guard:
            if self.prepare_movedir(src_path, dst_path, create):
                self._move_tree(self.key(src_path), self.key(dst_path), preserve_time)

    def _move_tree(self, source: str, target: str, preserve_time: bool) -> None:
        existed = self.below.exists(target)
        self.makedir(target, recreate=True)
        for entry in list(self.below.scandir(source)):
            old, new = join(source, entry.name), join(target, entry.name)
            if entry.is_dir:
                self._move_tree(old, new, preserve_time)
            else:
                self.move(old, new, overwrite=True, preserve_time=preserve_time)
        with self._modifying(source):
            self.below.removedir(source)
            if existed:
                self._forget_absent(source)
            else:
                self._moved(source, target)


@attrs.frozen
class ParsedMode:
    """What a mode allows."""

    text: str
    reading: bool
    writing: bool
    create: bool


@cache
def parsed(text: str) -> ParsedMode:
    """What a mode of ``openbin`` allows: there are few, and taking one apart costs as much as opening a file."""
    mode = Mode(text)
    mode.validate_bin()
    return ParsedMode(str(mode.to_platform_bin()), bool(mode.reading), bool(mode.writing), bool(mode.create))


class JournalFile(LayerFile):
    """A file open for writing: before the first write after a snapshot, what the file held is kept."""

    def __init__(self, journal: JournalFS, file: BinaryIO, path: str, era: object, mode: ParsedMode) -> None:
        # what the base does, without parsing the mode again
        self.file = file
        self.name = path
        self.mode = mode.text
        self._reading = mode.reading
        self._writing = mode.writing
        self._journal = journal
        self._era = era
        self._pending = False
        # where what is written goes
        self.paths: tuple[str, ...] = (path,)

    def __del__(self) -> None:
        # In the middle of anything: waiting for the lock could be for ever.
        if not self.closed:
            if self._journal._guard.acquire(blocking=False):
                try:
                    self.close()
                finally:
                    self._journal._guard.release()
            else:
                self._journal._abandoned.append(self.file)

    def _keep(self) -> None:
        """Remember what the file holds, once in an era."""
        journal = self._journal
        if self._era is not journal._era:
            for path in self.paths:
                with journal._modifying(path):
                    pass
            self._era = journal._era

    def settle(self) -> None:
        """Let what was written become part of the file."""
        if self._pending:
            try:
                self.flush()
            except (OSError, ValueError, errors.FSError):
                pass  # it stays pending, and whoever writes or closes is told

    def write(self, data: Any) -> int:
        """Write bytes; how many were written."""
        self._require(self._writing, "writable")
        with self._journal._guard:
            if self._era is not self._journal._era:
                self._keep()
            self._pending = True
            return self.file.write(data)

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file."""
        self._require(self._writing, "writable")
        with self._journal._guard:
            self._keep()
            self._pending = True
            return self.file.truncate(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the new position. What is kept back below may be written by that."""
        with self._journal._guard:
            if self._pending:
                self._keep()
            return super().seek(offset, whence)

    def flush(self) -> None:
        """Hand on what the file below keeps back."""
        if self._pending and not self.closed:
            with self._journal._guard:
                self._keep()
                self.file.flush()
                self._pending = False

    def close(self) -> None:
        """Close the file below; this one is closed even when that fails."""
        if self.closed:
            return
        with self._journal._guard:
            try:
                if self._pending:
                    self._keep()
            finally:
                self._pending = False
                self._journal._handles.discard(self)
                super().close()


def states_at(epochs: list[Epoch]) -> dict[str, State | None]:
    """What paths held at the beginning of the first of ``epochs``, those that were modified since."""
    states: dict[str, State | None] = {}
    for epoch in epochs:
        for path, state in epoch.states.items():
            states.setdefault(path, state)
    return states
