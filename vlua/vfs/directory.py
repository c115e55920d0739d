"""A directory of the host as a filesystem that can be read and nothing else.

In: a path of the host. Out: an ``fs`` filesystem without a single writing operation. Symbolic links that lead out of
the directory do not exist here, and neither do devices, sockets and pipes as files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from typing import Any, BinaryIO

from vlua.vfs.pyfilesystem import (
    FS,
    Info,
    Mode,
    Permissions,
    ResourceType,
    SubFS,
    basename,
    convert_os_errors,
    errors,
    iteratepath,
)

__all__ = ["HostDirectory"]

# Opening a pipe or a terminal must neither wait nor take hold of anything.
OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


class HostDirectory(FS):
    """A read-only view of the host directory ``path``, which must exist.

    Raises NotADirectoryError. Later, whatever fails raises an ``fs.errors.FSError``; writing raises ResourceReadOnly.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._meta = {
            "case_insensitive": False,
            "invalid_path_chars": "\0",
            "network": False,
            "read_only": True,
            "supports_rename": False,
            "thread_safe": True,
            "unicode_paths": True,
            "virtual": False,
        }
        self._root = os.path.realpath(os.fspath(path))
        if not os.path.isdir(self._root):
            raise NotADirectoryError(f"not a directory: {os.fspath(path)!r}")
        self._inside = self._root.rstrip(os.sep) + os.sep

    def __repr__(self) -> str:
        return f"HostDirectory({self._root!r})"

    def _locate(self, path: str) -> str:
        """The real host path of ``path``; whatever leads out of the directory is not found."""
        parts = list(iteratepath(self.validatepath(path)))
        if os.sep != "/" and any(os.sep in part or ":" in part for part in parts):
            raise errors.ResourceNotFound(path)
        try:
            real = os.path.realpath(os.path.join(self._root, *parts), strict=True)
        except PermissionError:
            raise errors.PermissionDenied(path) from None
        except (OSError, ValueError):
            raise errors.ResourceNotFound(path) from None
        if real != self._root and not real.startswith(self._inside):
            raise errors.ResourceNotFound(path)
        return real

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """Name and kind, and under "details" the size and the times."""
        self.check()
        real = self._locate(path)
        with convert_os_errors("getinfo", path):
            status = os.stat(real)
        is_directory = stat.S_ISDIR(status.st_mode)
        raw: dict[str, dict[str, object]] = {"basic": {"name": basename(path.rstrip("/")), "is_dir": is_directory}}
        if "details" in (namespaces or ()):
            kind = (
                ResourceType.directory
                if is_directory
                else ResourceType.file
                if stat.S_ISREG(status.st_mode)
                else ResourceType.unknown
            )
            raw["details"] = {
                "accessed": status.st_atime,
                "metadata_changed": status.st_ctime,
                "modified": status.st_mtime,
                "size": status.st_size,
                "type": int(kind),
            }
        return Info(raw)

    def listdir(self, path: str) -> list[str]:
        """Names in a directory, those of links that lead out left out."""
        self.check()
        real = self._locate(path)
        names = []
        with convert_os_errors("listdir", path, directory=True), os.scandir(real) as entries:
            for entry in entries:
                if entry.is_symlink():
                    try:
                        self._locate(path.rstrip("/") + "/" + entry.name)
                    except errors.FSError:
                        continue
                names.append(entry.name)
        return names

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a regular file for reading."""
        wanted = Mode(mode)
        wanted.validate_bin()
        self.check()
        if wanted.writing:
            raise errors.ResourceReadOnly(path)
        real = self._locate(path)
        with convert_os_errors("openbin", path):
            if os.path.isdir(real):
                raise errors.FileExpected(path)
            descriptor = os.open(real, OPEN_FLAGS)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise errors.PermissionDenied(path)
            return os.fdopen(descriptor, "rb", buffering=buffering)

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Refused."""
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

    def setinfo(self, path: str, info: Any) -> None:
        """Refused."""
        self.check()
        raise errors.ResourceReadOnly(path)
