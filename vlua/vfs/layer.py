"""A filesystem above one other, through which every operation passes.

In: a filesystem. Out: the base of those that watch, count or refuse: they override what they care about, and what they
do not know of goes through the essential operations of ``fs``, never around them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

from vlua.vfs.pyfilesystem import FS, Info, Permissions, SubFS, abspath, normpath

__all__ = ["LayerFS"]


class LayerFS(FS):
    """Everything as ``below`` has it. Nothing here hands out ``below`` in place of this filesystem."""

    def __init__(self, below: FS) -> None:
        super().__init__()
        self.below = below

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
        self.check()
        self.below.makedir(path, permissions=permissions, recreate=recreate)
        return self.opendir(path)

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
        """Move a file; on ``below``, so that open handles follow it."""
        self.check()
        self.below.move(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)

    def close(self) -> None:
        """Close this filesystem and the one below."""
        if not self.isclosed():
            self.below.close()
        super().close()
