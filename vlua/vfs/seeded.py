"""Files in memory whose contents are fetched when they are first needed.

In: a filesystem in memory, and where the rest of its contents comes from. Out: an ``fs`` filesystem that looks as if
everything had been there from the beginning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from vlua.vfs.directory import HostDirectory
from vlua.vfs.layer import LayerFS
from vlua.vfs.pyfilesystem import (
    FS,
    Info,
    Mode,
    Permissions,
    SubFS,
    dirname,
    errors,
    join,
    recursepath,
)
from vlua.vfs.seed import Branch, HostFile, Made, Member

__all__ = ["SeedError", "SeededFS"]

BLOCK = 1 << 20  # bytes copied at once


class SeedError(errors.ResourceError):
    """A function that makes a file, or what a file is copied from, failed; ``exc`` is its exception."""

    default_message = "cannot make {path}: {details}"

    def __init__(self, path: str, exc: Exception, details: str) -> None:
        self.details = details
        super().__init__(path, exc)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.exc, self.details)


class SeededFS(LayerFS):
    """The filesystem ``memory``, with the files and directories of ``pending`` added as they are asked for.

    A file is fetched when it is opened, unless that discards what is in it, and when its size is asked for; a
    directory of another filesystem when something in it is. A source that failed once fails again without being asked.
    """

    def __init__(self, memory: FS, pending: dict[str, HostFile | Made | Member | Branch]) -> None:
        super().__init__(memory)
        self._pending: dict[str, HostFile | Made | Member | Branch] = {}
        self._failed: dict[str, Exception] = {}
        self.fetched = 0  # how often something appeared in ``memory``: a quota above counts again
        for path, source in pending.items():
            self._announce(path, source)

    def _announce(self, path: str, source: HostFile | Made | Member | Branch) -> None:
        """Show that ``path`` is there, without its contents."""
        if isinstance(source, Branch):
            self.below.makedir(path, recreate=True)
        else:
            self.below.touch(path)
        self._pending[path] = source
        self.fetched += 1

    def _reach(self, path: str, itself: bool = False) -> str:
        """``path`` in normal form, the directories above it (or ``itself`` too) having their entries."""
        path = self.normal(path)
        if self._pending:
            for step in recursepath(path):
                if step != path or itself:
                    source = self._pending.get(step)
                    if isinstance(source, Branch):
                        self._list(step, source)
        return path

    def _list(self, path: str, branch: Branch) -> None:
        """Announce the entries of a directory that comes from elsewhere."""
        source = branch.source
        try:
            if source is None:
                source = HostDirectory(branch.path)
                inside = "/"
            else:
                inside = branch.path
            entries = list(source.scandir(inside))
        except Exception as error:
            raise self._failure(path, error) from error
        del self._pending[path]
        for entry in entries:
            kind = Branch if entry.is_dir else Member
            self._announce(join(path, entry.name), kind(source, join(inside, entry.name)))

    def _fetch(self, path: str) -> None:
        """Get the contents of a file, if it is still without."""
        source = self._pending.get(path)
        if source is None or isinstance(source, Branch):
            return
        if path in self._failed:
            raise self._failure(path, self._failed[path])
        try:
            if isinstance(source, Made):
                content = source.function()
                if not isinstance(content, str | bytes):
                    raise TypeError(f"the function returned {type(content).__name__} instead of text or bytes")
                data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
                self.below.writebytes(path, data)
            elif isinstance(source, HostFile):
                with open(source.path, "rb") as file:
                    self.below.upload(path, file, chunk_size=BLOCK)
            else:
                with source.source.openbin(source.path) as file:
                    self.below.upload(path, file, chunk_size=BLOCK)
                modified = source.source.getinfo(source.path, ["details"]).raw.get("details", {}).get("modified")
                if modified is not None:
                    self.below.setinfo(path, {"details": {"modified": modified}})
        except Exception as error:
            self._failed[path] = error
            raise self._failure(path, error) from error
        del self._pending[path]
        self.fetched += 1

    @staticmethod
    def _failure(path: str, error: Exception) -> SeedError:
        return SeedError(path, error, str(error) or type(error).__name__)

    def _forget(self, path: str) -> None:
        self._pending.pop(path, None)
        self._failed.pop(path, None)

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """The information on a file; its size is known only once it has been fetched."""
        with self._lock:
            normal = self._reach(path)
            if "details" in (namespaces or ()):
                self._fetch(normal)
            return self.below.getinfo(path, namespaces)

    def listdir(self, path: str) -> list[str]:
        """The names in a directory."""
        with self._lock:
            self._reach(path, itself=True)
            return super().listdir(path)

    def scandir(
        self, path: str, namespaces: Collection[str] | None = None, page: tuple[int, int] | None = None
    ) -> Iterator[Info]:
        """The entries of a directory."""
        with self._lock:
            normal = self._reach(path, itself=True)
            if "details" in (namespaces or ()):
                for waiting in [waiting for waiting in self._pending if dirname(waiting) == normal]:
                    self._fetch(waiting)
            return super().scandir(path, namespaces=namespaces, page=page)

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory."""
        with self._lock:
            self._reach(path)
            return super().makedir(path, permissions=permissions, recreate=recreate)

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file, after fetching what it has unless that is to be replaced."""
        with self._lock:
            normal = self._reach(path)
            if normal in self._pending:
                if not Mode(mode).truncate:
                    self._fetch(normal)
                elif not isinstance(self._pending[normal], Branch):
                    self._forget(normal)
            return super().openbin(path, mode, buffering, **options)

    def remove(self, path: str) -> None:
        """Remove a file."""
        with self._lock:
            normal = self._reach(path)
            super().remove(path)
            self._forget(normal)

    def removedir(self, path: str) -> None:
        """Remove an empty directory."""
        with self._lock:
            self._reach(path, itself=True)
            super().removedir(path)

    def setinfo(self, path: str, info: Any) -> None:
        """Change the times of a file."""
        with self._lock:
            self._fetch(self._reach(path))
            super().setinfo(path, info)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file, fetched or not."""
        with self._lock:
            source, target = self._reach(src_path), self._reach(dst_path)
            if not self.prepare_move(src_path, dst_path, overwrite):
                return
            super().move(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)
            self._forget(target)
            if source in self._pending:
                self._pending[target] = self._pending.pop(source)
            if source in self._failed:
                self._failed[target] = self._failed.pop(source)
