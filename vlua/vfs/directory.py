"""A directory of the host as a filesystem, to be read only or to be written to as well.

In: a path of the host. Out: an ``fs`` filesystem that never leaves the directory: symbolic links that lead out of it
(or round in a circle) do not exist here, and neither do devices, sockets and pipes as files. It remembers what it saw
of each file that was read, so that a later change on the host can be told.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
import sys
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO, cast

import attrs

from vlua.vfs.pyfilesystem import (
    FS,
    Info,
    Mode,
    Permissions,
    ResourceType,
    SubFS,
    basename,
    convert_os_errors,
    dirname,
    errors,
    iteratepath,
)

__all__ = ["UNNOTICED", "Fingerprint", "HostDirectory"]

# True while files are read that the script does not get to see: what `seen` tells stays as it is.
UNNOTICED: ContextVar[bool] = ContextVar("UNNOTICED", default=False)

# Opening a pipe or a terminal must neither wait nor take hold of anything.
OPEN_FLAGS = (
    getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
# Directories on the way are held open, so that a link put in their place cannot lead elsewhere.
BY_DESCRIPTOR = {os.open, os.stat, os.mkdir, os.rmdir, os.unlink, os.rename} <= os.supports_dir_fd
STEP_FLAGS = (
    getattr(os, "O_PATH", os.O_RDONLY)
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
PERMISSION_BITS = 0o777  # neither set-user-ID nor its like


@attrs.frozen
class Fingerprint:
    """What a file of the host was when it was read: its size in bytes, time in ns, inode, and SHA-256 if known."""

    size: int
    mtime_ns: int
    inode: int
    sha256: str | None = None

    @classmethod
    def of(cls, status: os.stat_result) -> Fingerprint:
        """The fingerprint of what ``os.stat`` told."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class HostDirectory(FS):
    """The host directory ``path``, which must exist; without ``writable`` nothing in it can be changed.

    Links inside of it are followed, removing and moving concern the link. ``owner``, if given, is closed with it.
    Raises NotADirectoryError. Later, whatever fails raises an ``fs.errors.FSError``; writing without ``writable``
    raises ResourceReadOnly.
    """

    def __init__(self, path: str | os.PathLike[str], *, writable: bool = False, owner: FS | None = None) -> None:
        super().__init__()
        self._meta = {
            "case_insensitive": os.path.normcase("Aa") == "aa" or sys.platform == "darwin",
            "invalid_path_chars": "\0",
            "network": False,
            "read_only": not writable,
            "supports_rename": False,
            "thread_safe": True,
            "unicode_paths": True,
            "virtual": False,
        }
        self._owner = owner
        self._writable = writable
        self._seen: dict[str, Fingerprint] = {}
        self._root = os.path.realpath(os.fspath(path))
        if not os.path.isdir(self._root):
            raise NotADirectoryError(f"not a directory: {os.fspath(path)!r}")
        self._inside = self._root.rstrip(os.sep) + os.sep

    def __repr__(self) -> str:
        return f"HostDirectory({self._root!r}{', writable=True' if self._writable else ''})"

    @property
    def root(self) -> str:
        """The real path of the directory on the host."""
        return self._root

    def seen(self, path: str) -> Fingerprint | None:
        """What the file was when it was last opened for reading, or noted; ``None`` if it never was.

        The SHA-256 is there when the whole file was copied.
        """
        return self._seen.get(self.validatepath(path))

    def note(self, path: str, sha256: str | None = None) -> None:
        """Remember what the file is now, unless it was read before; or the SHA-256 of what was read of it."""
        path = self.validatepath(path)
        known = self._seen.get(path)
        if known is not None:
            if sha256 is not None:
                self._seen[path] = attrs.evolve(known, sha256=sha256)
            return
        with contextlib.suppress(errors.FSError), self._entry(self._locate(path), path) as (name, descriptor):
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                self._seen[path] = Fingerprint.of(status)

    # Where things are

    def _names(self, path: str) -> list[str]:
        """The steps of a path. Raises ResourceNotFound or InvalidCharsInPath for what no host file is called."""
        names = list(iteratepath(self.validatepath(path)))
        if os.sep != "/" and any(os.sep in name or ":" in name for name in names):
            raise errors.ResourceNotFound(path)
        try:
            os.fsencode("/".join(names))
        except UnicodeEncodeError:
            raise errors.InvalidCharsInPath(path) from None
        return names

    def _locate(self, path: str) -> str:
        """The real host path of ``path``; whatever leads out of the directory is not found."""
        step = self._root
        passed = []
        for name in self._names(path):
            passed.append(step)
            step = os.path.join(step, name)
            if self._is_link(step, path):
                step = self._real(step, path)
                # A link that leads to a directory it was reached through would make the tree endless.
                if any(other == step or other.startswith(step.rstrip(os.sep) + os.sep) for other in passed):
                    raise errors.ResourceNotFound(path)
        return step

    def _is_link(self, host_path: str, path: str) -> bool:
        try:
            status = os.lstat(host_path)
        except (OSError, ValueError) as error:
            raise _not_there(error, path) from None
        # What Windows calls a junction is no link to lstat, and yet leads elsewhere.
        return stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_reparse_tag", 0))

    def _real(self, host_path: str, path: str) -> str:
        try:
            real = os.path.realpath(host_path, strict=True)
        except (OSError, ValueError) as error:
            raise _not_there(error, path) from None
        if real != self._root and not real.startswith(self._inside):
            raise errors.ResourceNotFound(path)
        return real

    def _locate_new(self, path: str) -> str:
        """The host path of an entry itself, a link not followed; its parent directory must exist."""
        names = self._names(path)
        if not names:
            return self._root
        parent = self._locate(dirname(self.validatepath(path)))
        if not os.path.isdir(parent):
            raise errors.ResourceNotFound(path)
        return os.path.join(parent, names[-1])

    @contextlib.contextmanager
    def _entry(self, real: str, path: str, directory: bool = False) -> Iterator[tuple[str, int | None]]:
        """A name and the descriptor it is relative to, for a real host path; OSErrors inside become those of ``fs``."""
        with convert_os_errors("access", path, directory=directory):
            if not BY_DESCRIPTOR:
                yield real, None
                return
            names = real[len(self._inside) :].split(os.sep) if real != self._root else ["."]
            descriptor = os.open(self._root, STEP_FLAGS)
            try:
                for name in names[:-1]:
                    inner = os.open(name, STEP_FLAGS, dir_fd=descriptor)
                    os.close(descriptor)
                    descriptor = inner
                yield names[-1], descriptor
            finally:
                os.close(descriptor)

    def _status(self, real: str, path: str) -> os.stat_result:
        with self._entry(real, path) as (name, descriptor):
            return os.stat(name, dir_fd=descriptor, follow_symlinks=False)

    def _require_writable(self, path: str) -> None:
        self.check()
        if not self._writable:
            raise errors.ResourceReadOnly(path)

    def _require_free(self, path: str, overwrite: bool) -> str:
        """The host path of an entry that may be made or replaced. Raises DestinationExists, FileExpected …"""
        real = self._locate_new(path)
        if os.path.lexists(real):
            if not self.exists(path):
                raise errors.PermissionDenied(path)  # a link that leads out
            if not overwrite:
                raise errors.DestinationExists(path)
        return real

    # Reading

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """Name and kind; under "details" the size and the times, under "access" the permissions."""
        self.check()
        status = self._status(self._locate(path), path)
        if stat.S_ISLNK(status.st_mode):
            raise errors.ResourceNotFound(path)
        return self._info(basename(self.validatepath(path)), status, namespaces or ())

    def _info(self, name: str, status: os.stat_result, namespaces: Collection[str]) -> Info:
        is_directory = stat.S_ISDIR(status.st_mode)
        raw: dict[str, dict[str, object]] = {"basic": {"name": name, "is_dir": is_directory}}
        if "details" in namespaces:
            kind = ResourceType.file if stat.S_ISREG(status.st_mode) else ResourceType.unknown
            raw["details"] = {
                "accessed": status.st_atime,
                "metadata_changed": status.st_ctime,
                "modified": status.st_mtime,
                "size": status.st_size,
                "type": int(ResourceType.directory if is_directory else kind),
                "_write": ["accessed", "modified"] if self._writable else [],
            }
        if "access" in namespaces:
            raw["access"] = {"permissions": Permissions(mode=status.st_mode & PERMISSION_BITS).dump()}
            if self._writable:
                raw["access"]["_write"] = ["permissions"]
        return Info(raw)

    def listdir(self, path: str) -> list[str]:
        """Names in a directory, those of links that lead out left out."""
        return [name for name, _ in self._scan(path)]

    def scandir(
        self, path: str, namespaces: Collection[str] | None = None, page: tuple[int, int] | None = None
    ) -> Iterator[Info]:
        """The entries of a directory, links that lead out left out."""
        entries = self._scan(path)
        infos = (self._info(name, status, namespaces or ()) for name, status in entries)
        return infos if page is None else itertools.islice(infos, *page)

    def _scan(self, path: str) -> list[tuple[str, os.stat_result]]:
        self.check()
        real = self._locate(path)
        found = []
        for entry, status in self._raw_entries(real, path):
            if stat.S_ISLNK(status.st_mode):
                inner = path.rstrip("/") + "/" + entry
                try:
                    status = self._status(self._locate(inner), inner)
                except errors.FSError:
                    continue
            found.append((entry, status))
        return found

    def _raw_entries(self, real: str, path: str) -> list[tuple[str, os.stat_result]]:
        """The names of a real host directory with what they themselves are, links too."""
        found = []
        with self._entry(real, path, directory=True) as (name, descriptor):
            if descriptor is None:
                scanned: int | str = real
            else:
                scanned = os.open(name, (STEP_FLAGS & ~getattr(os, "O_PATH", 0)) | os.O_RDONLY, dir_fd=descriptor)
            try:
                with os.scandir(scanned) as entries:
                    for entry in entries:
                        with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                            found.append((str(entry.name), entry.stat(follow_symlinks=False)))
            finally:
                if isinstance(scanned, int):
                    os.close(scanned)
        return found

    def geturl(self, path: str, purpose: str = "download") -> str:
        """The ``file:`` URL to read an entry at."""
        try:
            real = self._locate(path)
        except errors.FSError:
            raise errors.NoURL(path, purpose) from None
        if purpose != "download":
            raise errors.NoURL(path, purpose)
        return Path(real).as_uri()

    # Files

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a regular file."""
        wanted = Mode(mode)
        wanted.validate_bin()
        self.check()
        if wanted.writing:
            self._require_writable(path)
        new = False
        try:
            real = self._locate(path)
        except errors.ResourceNotFound:
            if not wanted.create:
                raise
            real = self._locate_new(path)
            if os.path.lexists(real):
                raise errors.PermissionDenied(path) from None  # a link that leads out
            new = True
        with self._entry(real, path) as (name, folder):
            if not new:
                _require_regular(os.stat(name, dir_fd=folder, follow_symlinks=False), path)
                if wanted.exclusive:
                    raise errors.FileExists(path)
            descriptor = self._open(name, folder, wanted, path)
            try:
                file = os.fdopen(descriptor, _file_mode(wanted), buffering=buffering)
            except BaseException:
                os.close(descriptor)
                raise
        return cast(BinaryIO, file)

    def _open(self, name: str, folder: int | None, wanted: Mode, path: str) -> int:
        """A descriptor of a regular file, truncated if ``wanted`` says so."""
        flags = OPEN_FLAGS
        if wanted.reading:
            flags |= os.O_RDWR if wanted.writing else os.O_RDONLY
        else:
            flags |= os.O_WRONLY
        if wanted.create:
            flags |= os.O_CREAT | (os.O_EXCL if wanted.exclusive else 0)
        if wanted.appending:
            flags |= os.O_APPEND
        try:
            descriptor = os.open(name, flags, 0o666, dir_fd=folder)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link or pipe put there this very moment
                raise errors.PermissionDenied(path, exc=OSError(errno.EACCES, "")) from None
            raise
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise errors.PermissionDenied(path)
            if wanted.truncate:
                os.ftruncate(descriptor, 0)
            if not wanted.writing and not UNNOTICED.get():
                self._seen[self.validatepath(path)] = Fingerprint.of(status)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def copy(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Copy a file. Copying a file onto itself leaves it alone."""
        self._require_writable(dst_path)
        with self._lock:
            if not overwrite and self.exists(dst_path):
                raise errors.DestinationExists(dst_path)
            source = self._locate(src_path)
            _require_regular(self._status(source, src_path), src_path)
            if self.exists(dst_path) and self._locate(dst_path) == source:
                return
            super().copy(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)

    def remove(self, path: str) -> None:
        """Remove a file, or a link to one."""
        self._require_writable(path)
        if self.getinfo(path).is_dir:
            raise errors.FileExpected(path)
        with self._entry(self._locate_new(path), path) as (name, descriptor):
            os.unlink(name, dir_fd=descriptor)

    def setinfo(self, path: str, info: Any) -> None:
        """Change times and permissions, other than the set-user-ID bit and its like."""
        self._require_writable(path)
        real = self._locate(path)
        details = info.get("details", {})
        permissions = info.get("access", {}).get("permissions")
        with self._entry(real, path) as (name, descriptor):
            if "accessed" in details or "modified" in details:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                times = (
                    _seconds(details.get("accessed"), status.st_atime),
                    _seconds(details.get("modified"), status.st_mtime),
                )
                if descriptor is None:
                    os.utime(name, times)
                else:
                    os.utime(name, times, dir_fd=descriptor, follow_symlinks=False)
            if permissions is not None:
                self._set_mode(name, descriptor, Permissions(permissions).mode & PERMISSION_BITS)

    def _set_mode(self, name: str, folder: int | None, mode: int) -> None:
        if folder is None:
            os.chmod(name, mode)
            return
        # Through a descriptor: changing by name would follow a link put there meanwhile.
        descriptor = os.open(name, OPEN_FLAGS | os.O_RDONLY, dir_fd=folder)
        try:
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Rename a file, or a link to one; its times stay. Moving a file onto itself leaves it alone."""
        self._require_writable(src_path)
        with self._lock:
            if not overwrite and self.exists(dst_path):
                raise errors.DestinationExists(dst_path)
            if self.getinfo(src_path).is_dir:
                raise errors.FileExpected(src_path)
            target = self._require_free(dst_path, overwrite)
            if self.isdir(dst_path):
                raise errors.FileExpected(dst_path)
            self._rename(self._locate_new(src_path), target, src_path)

    def _rename(self, old: str, new: str, path: str) -> None:
        with self._entry(old, path) as (old_name, old_folder), self._entry(new, path) as (new_name, new_folder):
            os.replace(old_name, new_name, src_dir_fd=old_folder, dst_dir_fd=new_folder)

    # Directories

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory."""
        self.check()
        if recreate and self.isdir(path):
            return self.opendir(path)
        self._require_writable(path)
        real = self._locate_new(path)
        if real == self._root:
            raise errors.DirectoryExists(path)
        with self._entry(real, path, directory=True) as (name, descriptor):
            os.mkdir(name, 0o777 if permissions is None else permissions.mode & PERMISSION_BITS, dir_fd=descriptor)
        return self.opendir(path)

    def removedir(self, path: str) -> None:
        """Remove an empty directory."""
        self._require_writable(path)
        if self.validatepath(path) == "/":
            raise errors.RemoveRootError(path)
        if not self.getinfo(path).is_dir:
            raise errors.DirectoryExpected(path)
        with self._entry(self._locate_new(path), path, directory=True) as (name, descriptor):
            os.rmdir(name, dir_fd=descriptor)

    def removetree(self, dir_path: str) -> None:
        """Remove a directory and all it holds; of links the links themselves, wherever they lead."""
        self._require_writable(dir_path)
        with self._lock:
            if not self.getinfo(dir_path).is_dir:
                raise errors.DirectoryExpected(dir_path)
            real = self._locate_new(dir_path)
            if os.path.islink(real):
                self._unlink(real, dir_path)
                return
            self._remove_below(real, dir_path)
            if real != self._root:
                with self._entry(real, dir_path, directory=True) as (name, descriptor):
                    os.rmdir(name, dir_fd=descriptor)

    def _remove_below(self, real: str, path: str) -> None:
        for entry, status in self._raw_entries(real, path):
            inner = os.path.join(real, entry)
            if stat.S_ISDIR(status.st_mode):
                self._remove_below(inner, path)
                with self._entry(inner, path, directory=True) as (name, descriptor):
                    os.rmdir(name, dir_fd=descriptor)
            else:
                self._unlink(inner, path)

    def _unlink(self, real: str, path: str) -> None:
        with self._entry(real, path) as (name, descriptor):
            os.unlink(name, dir_fd=descriptor)

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Rename a directory, or move what it holds into one that exists.

        Raises OperationFailed (EINVAL) when the target lies in the directory.
        """
        self._require_writable(src_path)
        with self._lock:
            there = self.exists(dst_path)
            if not there and not create:
                raise errors.ResourceNotFound(dst_path)
            if not self.getinfo(src_path).is_dir:
                raise errors.DirectoryExpected(src_path)
            if there and not self.isdir(dst_path):
                raise errors.DirectoryExpected(dst_path)
            source = self._locate(src_path)
            target = self._locate(dst_path) if there else self._require_free(dst_path, False)
            if source == target:
                return
            if target.startswith(source.rstrip(os.sep) + os.sep):
                raise errors.OperationFailed(dst_path, exc=OSError(errno.EINVAL, "a directory cannot move into itself"))
            if not there:
                try:
                    self._rename(self._locate_new(src_path), target, src_path)
                except errors.OperationFailed as error:
                    if getattr(error.exc, "errno", None) != errno.EXDEV:
                        raise
                else:
                    return
            super().movedir(src_path, dst_path, create=create, preserve_time=preserve_time)

    def close(self) -> None:
        """Close the owner, if there is one."""
        if self._owner is not None:
            self._owner.close()
        super().close()


def _not_there(error: Exception, path: str) -> errors.FSError:
    """Why a path cannot be located."""
    if isinstance(error, PermissionError):
        return errors.PermissionDenied(path, exc=error)
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return errors.PathError(path, exc=error)
    return errors.ResourceNotFound(path, exc=error)


def _require_regular(status: os.stat_result, path: str) -> None:
    """Refuse what is no file. Raises FileExpected for a directory, PermissionDenied for pipes and devices."""
    if stat.S_ISDIR(status.st_mode):
        raise errors.FileExpected(path)
    if not stat.S_ISREG(status.st_mode):
        raise errors.PermissionDenied(path)


def _file_mode(wanted: Mode) -> str:
    """The mode for ``os.fdopen``: creating and truncating were done when the descriptor was opened."""
    if wanted.appending:
        return "ab+" if wanted.reading else "ab"
    if wanted.reading:
        return "rb+" if wanted.writing else "rb"
    return "wb"


def _seconds(value: Any, default: float) -> float:
    """A time for ``os.utime``: what is missing or no time at all stays as it was."""
    return float(value) if isinstance(value, (int, float)) and abs(value) < 2**62 else default
