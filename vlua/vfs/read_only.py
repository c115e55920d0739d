"""A filesystem that can be read and nothing else, whatever filesystem it is made from.

In: any ``fs`` filesystem. Out: one without a writing operation, whose handles cannot write either.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from vlua.vfs.layer import LayerFile, LayerFS
from vlua.vfs.pyfilesystem import FS, Mode, Permissions, SubFS, errors

__all__ = ["ReadOnlyFS", "ReadingFile", "Unwritable"]


class ReadingFile(LayerFile):
    """A binary file of which only the reading half can be reached, for one thread at a time.

    ``switch`` lets it go on with another file at the same position.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__(file, Mode("r"), name)
        self._own_lock = threading.Lock()

    def buffered(self, buffering: int) -> BinaryIO:
        """This file with a buffer of ``buffering`` bytes: -1 for the usual size, 0 for none."""
        if buffering == 0:
            return cast(BinaryIO, self)
        size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        return cast(BinaryIO, io.BufferedReader(self, size))

    def switch(self, file: BinaryIO) -> None:
        """Read from ``file`` from now on; the old one is closed."""
        with self._own_lock:
            if self.closed:
                file.close()
                return
            file.seek(self.file.tell())
            old, self.file = self.file, file
            old.close()

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes, by default all up to the end."""
        with self._own_lock:
            return super().read(size)

    def readline(self, size: int | None = -1) -> bytes:
        """The next line, of at most ``size`` bytes."""
        with self._own_lock:
            return super().readline(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the new position."""
        with self._own_lock:
            return super().seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        with self._own_lock:
            return super().tell()


class Unwritable(FS):
    """What a filesystem says that cannot be written to: every change raises ResourceReadOnly."""

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Refused, unless it exists and may."""
        self.check()
        if recreate and self.isdir(path):
            return self.opendir(path)
        raise errors.ResourceReadOnly(path)

    def remove(self, path: str) -> None:
        """Refused."""
        self.check()
        raise errors.ResourceReadOnly(path)

    def removedir(self, path: str) -> None:
        """Refused."""
        self.check()
        raise errors.ResourceReadOnly(path)

    def removetree(self, dir_path: str) -> None:
        """Refused, even for a directory with nothing in it."""
        self.check()
        raise errors.ResourceReadOnly(dir_path)

    def setinfo(self, path: str, info: Any) -> None:
        """Refused."""
        self.check()
        raise errors.ResourceReadOnly(path)


class ReadOnlyFS(Unwritable, LayerFS):
    """``below``, of which nothing can be changed: writing raises ResourceReadOnly.

    Unlike ``fs.wrap.WrapReadOnly`` it hands out neither the filesystem below nor its system paths to ``fs.move``
    and ``fs.copy``, and a handle's ``truncate`` and ``writelines`` are refused where the file below forgets to.
    """

    def getmeta(self, namespace: str = "standard") -> Mapping[str, object]:
        """What ``below`` says of itself, and that nothing can be written."""
        meta = super().getmeta(namespace)
        if namespace != "standard":
            return meta
        return {**meta, "read_only": True, "supports_rename": False}

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file for reading."""
        wanted = Mode(mode)
        wanted.validate_bin()
        self.check()
        if wanted.writing:
            raise errors.ResourceReadOnly(path)
        return ReadingFile(self.below.openbin(path, mode, 0, **options), path).buffered(buffering)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Refused."""
        self.check()
        raise errors.ResourceReadOnly(src_path)

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Refused."""
        self.check()
        raise errors.ResourceReadOnly(src_path)

    def copy(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Refused."""
        self.check()
        raise errors.ResourceReadOnly(dst_path)
