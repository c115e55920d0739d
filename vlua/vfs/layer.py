"""A filesystem above one other, through which every operation passes.

In: a filesystem. Out: the base of those that watch, count or refuse: they override what they care about, and what they
do not know of goes through the essential operations of ``fs``, never around them.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

from vlua.vfs.failure import EINVAL, MESSAGES
from vlua.vfs.pyfilesystem import FS, Info, Mode, Permissions, SubFS, abspath, dirname, errors, isbase, join, normpath

__all__ = ["LayerFS", "LayerFile"]


class LayerFile(io.RawIOBase):
    """An open file of the filesystem below, held to its mode: that a reader cannot truncate is not left to ``fs``.

    ``file`` is what ``below`` opened, ``mode`` the mode it was opened with, ``name`` the path.
    """

    def __init__(self, file: BinaryIO, mode: Mode, name: str) -> None:
        super().__init__()
        self.file = file
        self.name = name
        self.mode: str = mode.to_platform_bin()
        self._reading: bool = mode.reading
        self._writing: bool = mode.writing

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {self.mode!r}>"

    def _require(self, allowed: bool, deed: str) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if not allowed:
            raise io.UnsupportedOperation(f"not {deed}")

    def readable(self) -> bool:
        """Whether it was opened for reading."""
        return self._reading

    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._writing

    def seekable(self) -> bool:
        """Whether the file below can seek."""
        return self.file.seekable()

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes, by default all up to the end."""
        self._require(self._reading, "readable")
        return self.file.read(-1 if size is None else size) or b""

    def readall(self) -> bytes:
        """All bytes up to the end."""
        return self.read()

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` as far as the file goes; the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1) -> bytes:
        """The next line, of at most ``size`` bytes."""
        self._require(self._reading, "readable")
        return self.file.readline(-1 if size is None else size) or b""

    def write(self, data: Any) -> int:
        """Write bytes; how many were written."""
        self._require(self._writing, "writable")
        return self.file.write(data)

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file to ``size`` bytes, by default to the current position, which stays."""
        self._require(self._writing, "writable")
        return self.file.truncate(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the new position."""
        self._require(True, "open")
        return self.file.seek(offset, int(whence))

    def tell(self) -> int:
        """The position."""
        self._require(True, "open")
        return self.file.tell()

    def flush(self) -> None:
        """Hand on what the file below keeps back."""
        if not self.closed and not self.file.closed:
            self.file.flush()

    def close(self) -> None:
        """Close the file below; this one is closed even when that fails."""
        if self.closed:
            return
        try:
            self.file.close()
        finally:
            super().close()


class LayerFS(FS):
    """Everything as ``below`` has it. Nothing here hands out ``below`` in place of this filesystem."""

    def __init__(self, below: FS) -> None:
        super().__init__()
        self.below = below

    def __del__(self) -> None:
        """Close nothing, unlike other filesystems when they are collected: the one below may be in use elsewhere."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.below!r})"

    def normal(self, path: str) -> str:
        """``path`` as an absolute path without ``.`` and ``..``. Raises the errors of ``validatepath``."""
        self.check()
        return str(abspath(normpath(self.validatepath(path))))

    def getmeta(self, namespace: str = "standard") -> Mapping[str, object]:
        """What ``below`` says of itself."""
        meta: Mapping[str, object] = self.below.getmeta(namespace)
        return meta

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """The information that ``below`` has."""
        self.check()
        return self.below.getinfo(path, namespaces)

    def listdir(self, path: str) -> list[str]:
        """The names that ``below`` has."""
        self.check()
        names: list[str] = self.below.listdir(path)
        return names

    def scandir(
        self, path: str, namespaces: Collection[str] | None = None, page: tuple[int, int] | None = None
    ) -> Iterator[Info]:
        """The entries that ``below`` has."""
        self.check()
        entries: Iterator[Info] = self.below.scandir(path, namespaces=namespaces, page=page)
        return entries

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory."""
        normal = self.normal(path)
        if normal != "/":
            self._require_parent(normal, path)
        self.below.makedir(path, permissions=permissions, recreate=recreate)
        return self.opendir(path)

    def _require_parent(self, normal: str, path: str) -> None:
        """Raise ResourceNotFound unless the parent is a directory: ``MemoryFS`` loses what is put into a file."""
        if not self.below.isdir(dirname(normal)):
            raise errors.ResourceNotFound(path)

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file."""
        self.check()
        file: BinaryIO = self.below.openbin(path, mode, buffering, **options)
        return file

    def remove(self, path: str) -> None:
        """Remove a file."""
        self.check()
        self.below.remove(path)

    def removedir(self, path: str) -> None:
        """Remove an empty directory."""
        self.check()
        self.below.removedir(path)

    def setinfo(self, path: str, info: Any) -> None:
        """Change what can be changed of a file or directory."""
        self.check()
        self.below.setinfo(path, info)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file; on ``below``, so that open handles follow it. Moved onto itself it stays as it is."""
        with self._lock:
            if self.prepare_move(src_path, dst_path, overwrite):
                times = self.below.getinfo(src_path, ["details"]).raw.get("details", {}) if preserve_time else {}
                self.below.move(src_path, dst_path, overwrite=overwrite)
                if "modified" in times:
                    self.below.setinfo(dst_path, {"details": {"modified": times["modified"]}})

    def prepare_move(self, src_path: str, dst_path: str, overwrite: bool) -> bool:
        """Check what ``move`` is asked to do: filesystems lose files over moves that cannot be.

        False when there is nothing to do, since both paths are the same. Raises ResourceNotFound, FileExpected or
        DestinationExists.
        """
        source, target = self.normal(src_path), self.normal(dst_path)
        if self.below.getinfo(src_path).is_dir:
            raise errors.FileExpected(src_path)
        if not overwrite and self.below.exists(target):
            raise errors.DestinationExists(dst_path)
        if self.below.isdir(target):
            raise errors.FileExpected(dst_path)
        self._require_parent(target, dst_path)
        return source != target

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Move the contents of a directory file by file, so that open handles follow; it may exist at the target."""
        with self._lock:
            if not self.prepare_movedir(src_path, dst_path, create):
                return
            source, target = self.normal(src_path), self.normal(dst_path)
            pending, emptied = [(source, target)], []
            while pending:
                old, new = pending.pop()
                self.makedir(new, recreate=True)
                emptied.append(old)
                for info in list(self.scandir(old)):
                    if info.is_dir:
                        pending.append((join(old, info.name), join(new, info.name)))
                    else:
                        self.move(join(old, info.name), join(new, info.name), True, preserve_time)
            for old in reversed(emptied):
                self.removedir(old)

    def prepare_movedir(self, src_path: str, dst_path: str, create: bool) -> bool:
        """Check what ``movedir`` is asked to do; false when both paths are the same.

        Raises ResourceNotFound, DirectoryExpected, or OperationFailed (EINVAL) for a move of a directory into itself.
        """
        source, target = self.normal(src_path), self.normal(dst_path)
        if not self.below.getinfo(src_path).is_dir:
            raise errors.DirectoryExpected(src_path)
        if source == target:
            return False
        _refuse_inside(source, target, dst_path)
        try:
            if not self.below.getinfo(dst_path).is_dir:
                raise errors.DirectoryExpected(dst_path)
        except errors.ResourceNotFound:
            if not create:
                raise
            self._require_parent(target, dst_path)
        return True

    def copy(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Copy a file; one copied onto itself stays as it is, where ``fs`` would empty it."""
        if overwrite and self.normal(src_path) == self.normal(dst_path):
            if self.getinfo(src_path).is_dir:
                raise errors.FileExpected(src_path)
            return
        super().copy(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)

    def copydir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Copy the contents of a directory. Raises OperationFailed (EINVAL) when it would be copied into itself."""
        _refuse_inside(self.normal(src_path), self.normal(dst_path), dst_path)
        super().copydir(src_path, dst_path, create=create, preserve_time=preserve_time)

    def writetext(
        self, path: str, contents: str, encoding: str = "utf-8", errors: str | None = None, newline: str = ""
    ) -> None:
        """Replace the contents of a file by text; the way of ``writebytes``."""
        if not isinstance(contents, str):
            raise TypeError("contents must be unicode")
        data = io.BytesIO()
        text = io.TextIOWrapper(data, encoding=encoding, errors=errors, newline=newline)
        text.write(contents)
        text.flush()
        self.writebytes(path, data.getvalue())

    def close(self) -> None:
        """Close this filesystem and the one below."""
        if not self.isclosed():
            self.below.close()
        super().close()


def _refuse_inside(source: str, target: str, path: str) -> None:
    if isbase(source, target):
        raise errors.OperationFailed(path, exc=OSError(EINVAL, MESSAGES[EINVAL]))
