"""A filesystem above another one: reads come from below, writes stay above.

In: a ``lower`` filesystem, never written to, and a writable ``upper`` one. Out: an ``fs`` filesystem that looks like
``lower`` with every change kept in ``upper``: a file is copied up when it is first written to.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, BinaryIO

from vlua.vfs.pyfilesystem import (
    FS,
    Info,
    Mode,
    Permissions,
    SubFS,
    abspath,
    copy_file,
    dirname,
    errors,
    normpath,
    recursepath,
)

__all__ = ["OverlayFS"]


class OverlayFS(FS):
    """Copy-on-write: ``lower`` shows through wherever ``upper`` has nothing and nothing was removed."""

    def __init__(self, lower: FS, upper: FS) -> None:
        super().__init__()
        self._meta = {
            "case_insensitive": False,
            "invalid_path_chars": "\0",
            "network": False,
            "read_only": False,
            "supports_rename": False,
            "thread_safe": True,
            "unicode_paths": True,
            "virtual": True,
        }
        self.lower = lower
        self.upper = upper
        # Paths whose lower contents are gone, with everything below them.
        self._removed: set[str] = set()

    def __repr__(self) -> str:
        return f"OverlayFS({self.lower!r}, {self.upper!r})"

    def _normal(self, path: str) -> str:
        self.check()
        return abspath(normpath(self.validatepath(path)))

    def _below(self, path: str) -> bool:
        """Whether ``lower`` shows through at ``path``."""
        if self._removed and any(step in self._removed for step in recursepath(path)):
            return False
        return bool(self.lower.exists(path))

    def _layer(self, path: str, name: str) -> FS:
        """The filesystem that has ``path``; raises ResourceNotFound for ``name``, the path as it was given."""
        if self.upper.exists(path):
            return self.upper
        if self._below(path):
            return self.lower
        raise errors.ResourceNotFound(name)

    def _require_parent(self, path: str) -> None:
        """Make the parent directory of a new entry exist in ``upper``, if it does here; else ResourceNotFound."""
        parent = dirname(path)
        try:
            is_directory = self._layer(parent, parent).isdir(parent)
        except errors.ResourceNotFound:
            is_directory = False
        if not is_directory:
            raise errors.ResourceNotFound(path)
        self.upper.makedirs(parent, recreate=True)

    def _copy_up(self, path: str) -> None:
        """Bring a lower file into ``upper``, contents and times."""
        self.upper.makedirs(dirname(path), recreate=True)
        copy_file(self.lower, path, self.upper, path, preserve_time=True)

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """The information of the layer that has ``path``."""
        name, path = path, self._normal(path)
        with self._lock:
            return self._layer(path, name).getinfo(path, namespaces)

    def listdir(self, path: str) -> list[str]:
        """Names of both layers, those removed left out."""
        name, path = path, self._normal(path)
        with self._lock:
            if not self._layer(path, name).isdir(path):
                raise errors.DirectoryExpected(path)
            names: dict[str, None] = {}
            if self._below(path) and self.lower.isdir(path):
                prefix = path.rstrip("/") + "/"
                names.update((name, None) for name in self.lower.listdir(path) if prefix + name not in self._removed)
            if self.upper.isdir(path):
                names.update((name, None) for name in self.upper.listdir(path))
            return list(names)

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory in ``upper``."""
        path = self._normal(path)
        with self._lock:
            if path == "/" or self.exists(path):
                if not recreate or not self.isdir(path):
                    raise errors.DirectoryExists(path)
                return self.opendir(path)
            self._require_parent(path)
            self.upper.makedir(path, permissions=permissions)
            return self.opendir(path)

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open the upper file, or the lower one for reading; opening for writing copies up what must be kept."""
        wanted = Mode(mode)
        wanted.validate_bin()
        name, path = path, self._normal(path)
        with self._lock:
            try:
                layer = self._layer(path, name)
            except errors.ResourceNotFound:
                if not wanted.create:
                    raise errors.ResourceNotFound(name) from None
                self._require_parent(path)
                return self.upper.openbin(path, mode, buffering, **options)
            if layer.isdir(path):
                raise errors.FileExpected(name)
            if wanted.exclusive:
                raise errors.FileExists(name)
            if not wanted.writing or layer is self.upper:
                return layer.openbin(path, mode, buffering, **options)
            if wanted.truncate:
                self.upper.makedirs(dirname(path), recreate=True)
            else:
                self._copy_up(path)
            return self.upper.openbin(path, mode, buffering, **options)

    def remove(self, path: str) -> None:
        """Remove a file: from ``upper``, and from sight what ``lower`` has."""
        name, path = path, self._normal(path)
        with self._lock:
            layer = self._layer(path, name)
            if layer.isdir(path):
                raise errors.FileExpected(path)
            self._hide(path)
            if layer is self.upper:
                self.upper.remove(path)

    def removedir(self, path: str) -> None:
        """Remove an empty directory, in the same way."""
        path = self._normal(path)
        if path == "/":
            raise errors.RemoveRootError()
        with self._lock:
            if self.listdir(path):
                raise errors.DirectoryNotEmpty(path)
            self._hide(path)
            if self.upper.isdir(path):
                self.upper.removedir(path)

    def _hide(self, path: str) -> None:
        if self._below(path):
            self._removed.add(path)

    def setinfo(self, path: str, info: Any) -> None:
        """Change the times of a file or directory, after copying it up."""
        name, path = path, self._normal(path)
        with self._lock:
            if self._layer(path, name) is self.lower:
                if self.lower.isdir(path):
                    self.upper.makedirs(path, recreate=True)
                else:
                    self._copy_up(path)
            self.upper.setinfo(path, info)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file; open handles on an upper file follow it. Moving a file onto itself leaves it alone."""
        source, target = self._normal(src_path), self._normal(dst_path)
        with self._lock:
            layer = self._layer(source, src_path)
            if layer.isdir(source):
                raise errors.FileExpected(src_path)
            if self.exists(target):
                if not overwrite:
                    raise errors.DestinationExists(dst_path)
                if self.isdir(target):
                    raise errors.FileExpected(dst_path)
            if source == target:
                return
            self._require_parent(target)
            if layer is self.lower:
                self._copy_up(source)
            self.upper.move(source, target, overwrite=True, preserve_time=preserve_time)
            self._hide(source)

    def close(self) -> None:
        """Close both layers."""
        self.lower.close()
        self.upper.close()
        super().close()
