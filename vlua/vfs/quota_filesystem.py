"""A filesystem that holds no more than its quota.

In: a filesystem. Out: the same one, on which what does not fit is refused before anything is changed.

What counts is everything that is kept in writable filesystems, whoever put it there, as on a disk of that size: of an
overlay the upper layer (a file counts from the moment it is copied up), of a mount that can only be read nothing. A
file that was removed while it was open counts until its last handle is closed, as on Linux. Files of the host's that
are fetched when they are first needed count from then on, and are never refused.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import attrs

from vlua.vfs.failure import EIO, ENAMETOOLONG, MESSAGES
from vlua.vfs.layer import LayerFile, LayerFS
from vlua.vfs.parts import Part, kept_parts, seeds_of
from vlua.vfs.pyfilesystem import (
    FS,
    Info,
    Mode,
    Permissions,
    SubFS,
    dirname,
    errors,
    isbase,
    iteratepath,
    join,
    recursepath,
)
from vlua.vfs.quota import Quota
from vlua.vfs.seeded import SeededFS

__all__ = ["QuotaFS"]


@attrs.define(eq=False)
class OpenFile:
    """What the handles of one file share: its path, ``None`` once removed, and its size in bytes if it ``counts``."""

    path: str | None
    size: int = 0
    counts: bool = False
    handles: int = 0
    written: bool = False


class QuotaFS(LayerFS):
    """``fs`` with at most ``bytes`` in ``files`` files and directories, ``depth`` names deep.

    A write that does not fit writes nothing and raises InsufficientStorage (C writes what fits); names longer than
    ``name_length`` bytes and paths of more than ``depth`` names raise InvalidPath with ENAMETOOLONG when they are to be
    made. ``counted`` maps paths to the filesystems that count instead of those that ``kept_parts`` finds. What stands
    there already is counted when first needed; ``recount`` does it again, after changes that did not pass here.
    """

    def __init__(
        self,
        fs: FS,
        *,
        bytes: int | None = None,
        files: int | None = None,
        depth: int | None = None,
        name_length: int | None = None,
        counted: Mapping[str, FS] | None = None,
    ) -> None:
        super().__init__(fs)
        self.quota = Quota(bytes=bytes, files=files, depth=depth, name_length=name_length)
        self._counted = counted
        self._parts: list[Part] = []
        self._seeds: list[SeededFS] = []
        self._fetched = 0
        self._bytes = 0
        self._files = 0
        self._uncertain = True  # the figures are not known: not counted yet, or something failed half-way
        self._open: dict[str, OpenFile] = {}
        self._removed: set[OpenFile] = set()
        # Handles are closed by the garbage collector too, in any thread at any moment: it must not wait for the lock.
        self._closed_files: deque[OpenFile] = deque()
        self._busy = 0
        # Not `_lock`, which whoever copies in several threads holds while they write. Taken after it, never before.
        self._figures = threading.RLock()

    @property
    def used_bytes(self) -> int:
        """The bytes of all files that count, those removed while open included."""
        with self._turn():
            return self._bytes

    @property
    def used_files(self) -> int:
        """The number of files and directories that count, the root left out."""
        with self._turn():
            return self._files

    def recount(self) -> None:
        """Count again what is there."""
        with self._turn(counting=False):
            self._count()

    # The figures

    @contextmanager
    def _turn(self, counting: bool = True) -> Iterator[None]:
        """Alone with this filesystem and its figures, which are right when ``counting``."""
        self.check()
        with self._lock, self._writing(counting):
            yield

    @contextmanager
    def _writing(self, counting: bool = True) -> Iterator[None]:
        """Alone with the figures."""
        with self._figures:
            if not self._busy:
                self._settle_closed()
                if counting and (self._uncertain or self._seeds and self._fetched != self._fetched_now()):
                    self._count()
            self._busy += 1
            try:
                yield
            finally:
                self._busy -= 1

    def _fetched_now(self) -> int:
        return sum(seeds.fetched for seeds in self._seeds)

    def _find_parts(self) -> list[Part]:
        if self._counted is None:
            return kept_parts(self.below)
        deepest_first = sorted(self._counted, key=lambda path: -len(iteratepath(path)))
        parts = [Part(self.normal(path), self._counted[path], True) for path in deepest_first]
        return [*parts, Part("/", None)]

    def _count(self) -> None:
        self._uncertain = True
        self._parts, self._seeds = self._find_parts(), seeds_of(self.below)
        self._fetched = self._fetched_now()
        size = files = 0
        missing = set(self._open)
        for part in self._parts:
            if part.fs is None:
                continue
            pending = ["/"]
            while pending:
                directory = pending.pop()
                for info in part.fs.scandir(directory, namespaces=["details"]):
                    inside = join(directory, info.name)
                    files += 1
                    if info.is_dir:
                        pending.append(inside)
                        continue
                    size += info.size
                    path = join(part.path, inside[1:])
                    opened = self._open.get(path)
                    if opened is not None and self._part(path) is part:
                        opened.size, opened.counts = info.size, True
                        missing.discard(path)
        for path in missing:
            if self._open[path].counts:
                opened = self._open.pop(path)
                opened.path = None
                self._removed.add(opened)
        size += sum(opened.size for opened in self._removed)
        self._bytes, self._files, self._uncertain = size, files, False

    def _part(self, path: str) -> Part:
        if not self._parts:
            self._parts = self._find_parts()
        for part in self._parts:
            if part.path == "/" or isbase(part.path, path):
                return part
        return Part("/", None)

    def _weight(self, path: str) -> tuple[int, int]:
        """The bytes and files that count at ``path`` itself."""
        part = self._part(path)
        inside = path[len(part.path.rstrip("/")) :]
        if part.fs is None or inside in ("", "/"):
            return 0, 0
        try:
            info = part.fs.getinfo(inside, ["details"])
        except (errors.ResourceNotFound, errors.DirectoryExpected):
            return 0, 0
        if info.is_dir:
            return 0, 1
        opened = self._open.get(path)
        return opened.size if opened is not None and opened.counts else info.size, 1

    def _steps(self, path: str) -> list[str]:
        """``path`` and the directories that may appear with it."""
        if not self._part(path).above:
            return [path]
        return [step for step in recursepath(path) if self._part(step) is self._part(path)]

    @contextmanager
    def _measured(self, *paths: str) -> Iterator[None]:
        """Bring the figures up to date with what happens to ``paths``, whether it succeeds or fails."""
        steps = {step for path in paths for step in self._steps(path)}
        before = [self._weight(step) for step in steps]
        try:
            yield
        except BaseException:
            self._note_changes(steps, before, failed=True)
            raise
        self._note_changes(steps, before)

    def _note_changes(self, steps: Iterable[str], before: list[tuple[int, int]], failed: bool = False) -> None:
        """Add what became of ``steps``; what cannot be learnt now is counted before the figures are used again."""
        uncertain, self._uncertain = self._uncertain, True
        try:
            if failed:
                for path in steps:
                    self._resize_from_below(path)
            after = [self._weight(step) for step in steps]
        except Exception:
            return
        for path, (size, files) in zip(steps, after):
            opened = self._open.get(path)
            if opened is None:
                continue
            if not files:
                self._forget(path)
            elif not opened.counts:  # it was copied up, and readers of what lies below go on with the copy
                opened.size, opened.counts = size, True
        self._bytes += sum(size for size, _ in after) - sum(size for size, _ in before)
        self._files += sum(files for _, files in after) - sum(files for _, files in before)
        self._uncertain = uncertain

    def _forget(self, path: str) -> None:
        """An open file lost its name: its bytes, if they count, do so until it is closed."""
        opened = self._open.pop(path)
        opened.path = None
        if opened.counts:
            self._removed.add(opened)
            self._bytes += opened.size

    def _resize_from_below(self, path: str) -> None:
        opened = self._open.get(path)
        if opened is None or not opened.counts:
            return
        opened.counts = False
        try:
            size, files = self._weight(path)
        finally:
            opened.counts = True
        if files:
            opened.size = size

    def _require(self, path: str, size: int, files: int) -> None:
        """Raise InsufficientStorage unless there is room for so many more bytes and files at ``path``."""
        quota = self.quota
        if (size <= 0 or quota.bytes is None or self._bytes + size <= quota.bytes) and (
            files <= 0 or quota.files is None or self._files + files <= quota.files
        ):
            return
        raise errors.InsufficientStorage(path)

    def _require_name(self, path: str) -> None:
        """Raise InvalidPath when ``path`` is too deep, or its last name too long, to be made."""
        names = iteratepath(path)
        limit = self.quota.name_length
        too_long = limit is not None and bool(names) and _length(names[-1]) > limit
        if too_long or self.quota.depth is not None and len(names) > self.quota.depth:
            raise errors.InvalidPath(
                path, msg="'{path}' is too long", exc=OSError(ENAMETOOLONG, MESSAGES[ENAMETOOLONG])
            )

    def _info(self, path: str) -> Info | None:
        try:
            return self.below.getinfo(path, ["details"])
        except (errors.ResourceNotFound, errors.DirectoryExpected):
            return None

    def _appearing(self, path: str) -> int:
        """How many files and directories begin to count when something is made, or copied up, at ``path``."""
        return sum(not self._weight(step)[1] for step in self._steps(path) if self._is_inside_part(step))

    def _is_inside_part(self, path: str) -> bool:
        part = self._part(path)
        return part.fs is not None and path != part.path

    def _require_making(self, path: str, size: int = 0) -> None:
        """Raise unless a new file or directory may be made at ``path``; silent when ``below`` will refuse anyhow."""
        if self.below.isdir(dirname(path)):
            self._require_name(path)
            self._require(path, size, self._appearing(path))

    def _require_copy_up(self, path: str, info: Info, size: int) -> None:
        """Raise unless ``path``, which is there, may be brought into what counts, ``size`` bytes of it."""
        if not self._weight(path)[1] and self._is_inside_part(path):
            self._require(path, 0 if info.is_dir else size, self._appearing(path))

    # Operations

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory."""
        normal = self.normal(path)
        with self._turn():
            if self._info(normal) is None:
                self._require_making(normal)
            with self._measured(normal):
                return super().makedir(path, permissions=permissions, recreate=recreate)

    def remove(self, path: str) -> None:
        """Remove a file."""
        normal = self.normal(path)
        with self._turn(), self._measured(normal):
            super().remove(path)

    def removedir(self, path: str) -> None:
        """Remove an empty directory."""
        normal = self.normal(path)
        with self._turn(), self._measured(normal):
            super().removedir(path)

    def setinfo(self, path: str, info: Any) -> None:
        """Change what can be changed of a file or directory, which an overlay copies up for that."""
        normal = self.normal(path)
        with self._turn():
            present = self._info(normal)
            if present is not None:
                self._require_copy_up(normal, present, present.size)
            with self._measured(normal):
                super().setinfo(path, info)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file; one that stands at the target is replaced, and its bytes no longer count."""
        with self._turn():
            if not self.prepare_move(src_path, dst_path, overwrite):
                return
            source, target = self.normal(src_path), self.normal(dst_path)
            old_size, old_files = self._weight(source)
            new_size, new_files = self._weight(target)
            if not new_files:
                self._require_name(target)
            size = old_size if old_files else self.below.getinfo(source, ["details"]).size
            growth = size - old_size - (0 if target in self._open else new_size)
            self._require(target, growth, self._appearing(target) - old_files)
            with self._measured(source, target):
                try:
                    super().move(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)
                finally:
                    if self._info(source) is None:
                        self._follow(source, target)

    def _follow(self, source: str, target: str) -> None:
        """The open file at ``source`` is the one at ``target`` from now on."""
        if target in self._open:
            self._forget(target)
        opened = self._open.pop(source, None)
        if opened is not None:
            opened.path = target
            self._open[target] = opened

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Move a directory: at once to where there is nothing, else file by file."""
        with self._turn():
            source, target = self.normal(src_path), self.normal(dst_path)
            if not self.prepare_movedir(src_path, dst_path, create):
                return
            if self.below.exists(target):
                super().movedir(src_path, dst_path, create=create, preserve_time=preserve_time)
                return
            self._require_tree(source, target)
            uncertain, self._uncertain = self._uncertain, True  # a failure may leave anything behind
            try:
                self.below.movedir(src_path, dst_path, create=create, preserve_time=preserve_time)
            finally:
                for path in [path for path in self._open if isbase(source, path)]:
                    if self._info(path) is None:
                        self._follow(path, target + path[len(source) :])
            if self._part(source) is self._part(target) and not self._part(source).above:
                self._uncertain = uncertain  # nothing was copied up

    def _require_tree(self, source: str, target: str) -> None:
        """Raise unless the directory ``source`` may stand at ``target``, with what an overlay would copy up."""
        self._require_name(target)
        size, files = 0, self._appearing(target) - self._weight(source)[1]
        depth = len(iteratepath(target)) - len(iteratepath(source))
        pending = [source]
        while pending:
            directory = pending.pop()
            for info in self.below.scandir(directory, namespaces=["details"]):
                path = join(directory, info.name)
                if self.quota.depth is not None and len(iteratepath(path)) + depth > self.quota.depth:
                    self._require_name(target + path[len(source) :])
                if not self._weight(path)[1]:
                    files += 1
                    size += 0 if info.is_dir else info.size
                if info.is_dir:
                    pending.append(path)
        self._require(target, size, files)

    def copy(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Copy a file if all of it fits."""
        with self._turn():
            info = self._info(self.normal(src_path))
            if info is not None and not info.is_dir and (overwrite or not self.below.exists(dst_path)):
                self._require_contents(self.normal(dst_path), info.size)
            super().copy(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)

    def writebytes(self, path: str, contents: bytes) -> None:
        """Replace the contents of a file if the new ones fit; else the old ones stay."""
        if isinstance(contents, bytes):
            self._require_contents(self.normal(path), len(contents))
        super().writebytes(path, contents)

    def _require_contents(self, path: str, size: int) -> None:
        """Raise InsufficientStorage unless a file at ``path`` may have ``size`` bytes."""
        with self._turn():
            if self._is_inside_part(path) and self.below.isdir(dirname(path)) and not self.below.isdir(path):
                self._require(path, size - self._weight(path)[0], self._appearing(path))

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file. Files for writing are not buffered, so that what does not fit is refused when it is written."""
        wanted = Mode(mode)
        wanted.validate_bin()
        normal = self.normal(path)
        with self._turn():
            if not wanted.writing:
                file = self.below.openbin(path, mode, buffering, **options)
            else:
                present = self._info(normal)
                if present is None:
                    if wanted.create:
                        self._require_making(normal)
                elif not present.is_dir and not wanted.exclusive:
                    self._require_copy_up(normal, present, 0 if wanted.truncate else present.size)
                with self._measured(normal):
                    file = self.below.openbin(path, mode, 0, **options)
                    if wanted.truncate and normal in self._open:
                        self._open[normal].size = 0
                        self._open[normal].written = True
            try:
                opened = self._opened(normal)
            except BaseException:
                file.close()
                raise
            return QuotaFile(self, file, wanted, path, opened)  # type: ignore[return-value]

    def _opened(self, path: str) -> OpenFile:
        """What the handles of the file at ``path`` share."""
        opened = self._open.get(path)
        if opened is None:
            size, files = self._weight(path)
            opened = self._open[path] = OpenFile(path, size, bool(files))
        opened.handles += 1
        return opened

    # Open files

    def write_to(self, file: BinaryIO, opened: OpenFile, data: memoryview, at_end: bool) -> int:
        """Write all of ``data``, at the end or where ``file`` stands, or raise InsufficientStorage."""
        with self._writing():
            position = file.seek(0, 2) if at_end else file.tell()
            end = position + len(data)
            growth = end - opened.size if opened.counts else 0
            self._require(opened.path or "", growth, 0)
            opened.written = True
            try:
                written = file.write(data)
                while written < len(data):
                    more = file.write(data[written:])
                    if not more:
                        raise OSError(EIO, MESSAGES[EIO])
                    written += more
            except BaseException:
                self._measure(file, opened, end)
                raise
            if growth > 0:
                opened.size = end
                self._bytes += growth
            return len(data)

    def truncate_to(self, file: BinaryIO, opened: OpenFile, size: int | None) -> int:
        """Cut or extend a file to ``size`` bytes, by default to where it stands, which stays as it is."""
        with self._writing():
            position = file.tell()
            size = position if size is None else size
            if size < 0:
                raise ValueError(f"negative size value {size}")
            self._require(opened.path or "", size - opened.size if opened.counts else 0, 0)
            opened.written = True
            try:
                file.seek(0)  # MemoryFS extends a file only when it stands before the new end
                file.truncate(size)
            finally:
                self._measure(file, opened, size)
            file.seek(position)
            return size

    def _measure(self, file: BinaryIO, opened: OpenFile, largest: int) -> None:
        """Learn the size of a file, at most ``largest`` if it grew, from one of its handles."""
        if not opened.counts:
            return
        try:
            position = file.tell()
            end = file.seek(0, 2)
            file.seek(position)
        except Exception:
            end = max(opened.size, largest)
            self._uncertain = True
        self._bytes += end - opened.size
        opened.size = end

    def release(self, opened: OpenFile) -> None:
        """A handle was closed."""
        self._closed_files.append(opened)
        if self._figures.acquire(blocking=False):
            try:
                if not self._busy:
                    self._settle_closed()
            finally:
                self._figures.release()

    def _settle_closed(self) -> None:
        while self._closed_files:
            opened = self._closed_files.popleft()
            opened.handles -= 1
            if opened.handles:
                continue
            if opened in self._removed:
                self._removed.discard(opened)
                self._bytes -= opened.size
            elif opened.path is not None and self._open.get(opened.path) is opened:
                del self._open[opened.path]
                if opened.written and opened.counts:
                    self._correct(opened.path, opened.size)

    def _correct(self, path: str, believed: int) -> None:
        """Some filesystems know the size of a file only when it is closed."""
        try:
            self._bytes += self._weight(path)[0] - believed
        except Exception:
            self._uncertain = True


class QuotaFile(LayerFile):
    """An open file whose growth counts."""

    def __init__(self, quota: QuotaFS, file: BinaryIO, mode: Mode, name: str, opened: OpenFile) -> None:
        super().__init__(file, mode, name)
        self._quota = quota
        self._opened = opened
        self._appending: bool = mode.appending

    def write(self, data: Any) -> int:
        """Write all of ``data``. Raises InsufficientStorage, with nothing written."""
        self._require(self._writing, "writable")
        view = memoryview(data).cast("B")
        return self._quota.write_to(self.file, self._opened, view, self._appending) if len(view) else 0

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file to ``size`` bytes, by default to the current position, which stays."""
        self._require(self._writing, "writable")
        return self._quota.truncate_to(self.file, self._opened, size)

    def close(self) -> None:
        """Close the file; once its last handle is closed, a file that was removed no longer counts."""
        if self.closed:
            return
        try:
            super().close()
        finally:
            self._quota.release(self._opened)


def _length(name: str) -> int:
    """The length of a name in bytes, as a filesystem of Linux would store it."""
    try:
        return len(name.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return len(name.encode("utf-8", "surrogatepass"))
