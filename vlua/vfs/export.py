"""Rooms as files of the host: saved whole to a ZIP archive or a directory, and opened again.

In: a filesystem and a path of the host. Out: an archive or a directory that holds it all; and back, in memory.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial as bound
from typing import IO, Any, BinaryIO, TypeVar

import attrs

from vlua.vfs.changes import printable
from vlua.vfs.pyfilesystem import FS, MemoryFS, errors
from vlua.vfs.text import from_lua
from vlua.vfs.transfer import write_all

__all__ = ["Export", "ExportError", "load", "save"]

CHUNK = 1 << 18  # bytes at a time
LARGEST_LOAD = 1 << 30  # bytes that `load` takes into memory
MOST_FILES = 100_000  # files and directories that `load` takes
DEEPEST = 200  # directories inside each other: deeper than people nest them, and no recursion is lost in it
EARLIEST = (1980, 1, 1, 0, 0, 0)  # what ZIP archives can tell
LATEST = (2107, 12, 31, 23, 59, 58)
UNIX = 3  # "made by" in a ZIP archive: names without the UTF-8 flag are plain bytes
UTF8_FLAG = 0x800
LONGEST_NAME = 60_000  # bytes of a path: the field is 16 bits wide
TIMESTAMP = 0x5455  # the extra field with seconds since 1970
RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{digit}" for device in ("com", "lpt") for digit in "123456789¹²³"]
)
# what zipfile raises for a file that is no archive, damaged or encrypted
DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)

Made = TypeVar("Made")


class ExportError(ValueError):
    """Something that is no export of a room, or that cannot be written as one."""


@attrs.frozen
class Export:
    """What ``save`` wrote: numbers of files, directories and bytes, and what it could not, with the reason."""

    target: str
    files: int = 0
    directories: int = 0
    size: int = 0
    skipped: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """One line for each thing that was left out."""
        return "".join(f"not saved: {printable(path)}: {reason}\n" for path, reason in self.skipped)


def save(fs: FS, target: str | os.PathLike[str], *, replace: bool = False) -> Export:
    """Write everything in ``fs`` to ``target``, a ZIP archive if it is called so, else a directory.

    Nothing is there before all of it is. Contents, names, times and empty directories are kept; names that the host
    cannot have are left out and told. An archive takes the place of an older one; a directory must be empty or not
    exist, or with ``replace`` everything in it is removed.

    Raises ExportError when ``target`` is something else, OSError when the host says no, FSError when ``fs`` does.
    """
    path = os.path.abspath(os.fspath(target))
    archive = path.lower().endswith(".zip")
    if os.path.lexists(path):
        if archive and not os.path.isfile(path):
            raise ExportError(f"{os.fspath(target)!r} is not a file")
        if not archive and (os.path.islink(path) or not os.path.isdir(path)):
            raise ExportError(f"{os.fspath(target)!r} is not a directory")
        if not archive and not replace and os.listdir(path):
            raise ExportError(f"{os.fspath(target)!r} is not empty")
    name = f".vlua-{secrets.token_hex(12)}.tmp"
    partial = os.path.join(os.path.dirname(path), name)
    try:
        if archive:
            with open(partial, "xb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as writer:
                    export = write_tree(fs, ArchiveWriter(writer), os.fspath(target), name)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        else:
            os.mkdir(partial)
            export = write_tree(fs, DirectoryWriter(partial), os.fspath(target), name)
            put_directory(partial, path)
    finally:
        if os.path.isdir(partial):
            shutil.rmtree(partial, ignore_errors=True)
        elif os.path.lexists(partial):
            os.unlink(partial)
    return export


def put_directory(partial: str, path: str) -> None:
    """Rename a finished directory to ``path``, out of which goes what was there."""
    old = f"{partial}.old"
    if not os.path.lexists(path) or os.name == "posix" and not os.listdir(path):
        os.rename(partial, path)
        return
    os.rename(path, old)
    try:
        os.rename(partial, path)
    except BaseException:
        os.rename(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_tree(fs: FS, writer: ArchiveWriter | DirectoryWriter, target: str, partial: str) -> Export:
    """Give everything in ``fs`` to ``writer``, directories first."""
    files = directories = size = 0
    skipped: list[tuple[str, str]] = []
    pending = ["/"]
    finished: list[tuple[str, float | None]] = []
    while pending:
        folder = pending.pop()
        for info in sorted(fs.scandir(folder, namespaces=["details"]), key=lambda info: str(info.name)):
            if info.name == partial:
                continue  # the export itself, in a directory that the room shows
            path = f"{folder.rstrip('/')}/{info.name}"
            reason = general_refusal(info.name) or writer.refuses(path, info.name)
            modified: Any = info.raw.get("details", {}).get("modified")
            if not reason and info.is_dir and path.count("/") > DEEPEST:
                reason = "directories are nested too deeply"
            if not reason:
                try:
                    if info.is_dir:
                        writer.make_directory(path, modified)
                        directories += 1
                        pending.append(path)
                        finished.append((path, modified))
                    else:
                        with fs.openbin(path, "r") as file:
                            size += writer.write(path, modified, file)
                        files += 1
                except FileExistsError:
                    reason = "the host takes it for another name"
                except NameTooLong:
                    reason = "the name is too long"
                except errors.FSError:
                    reason = "it cannot be read"
            if reason:
                skipped.append((path, reason))
    for path, modified in reversed(finished):
        writer.finish_directory(path, modified)
    return Export(target, files, directories, size, tuple(skipped))


class NameTooLong(Exception):
    """The host has no names that long."""


def general_refusal(name: str) -> str:
    """Why nothing can be called ``name`` in an export; "" if it can."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return "not a name of a file"
    return ""


def raw_bytes(name: str) -> bytes:
    """A name of a room as bytes. Raises UnicodeEncodeError for what no bytes stand for."""
    return name.encode("utf-8", "surrogateescape")


class ArchiveWriter:
    """Files and directories as members of a ZIP archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def refuses(self, path: str, name: str) -> str:
        """Why nothing can be at ``path``, which ends in ``name``; "" if it can."""
        try:
            return "the name is too long" if len(raw_bytes(path)) > LONGEST_NAME else ""
        except UnicodeEncodeError:
            return "not a name of a file"

    def make_directory(self, path: str, modified: float | None) -> None:
        """Add a directory."""
        member = Member(path[1:] + "/", modified, stat.S_IFDIR | 0o755)
        member.external_attr |= 0x10
        self.archive.writestr(member, b"")

    def finish_directory(self, path: str, modified: float | None) -> None:
        """Nothing is left to do."""

    def write(self, path: str, modified: float | None, file: BinaryIO) -> int:
        """Add a file; its size."""
        member = Member(path[1:], modified, stat.S_IFREG | 0o644)
        member.compress_type = zipfile.ZIP_DEFLATED
        size = 0
        with self.archive.open(member, "w", force_zip64=True) as target:
            while chunk := file.read(CHUNK):
                target.write(chunk)
                size += len(chunk)
        return size


class Member(zipfile.ZipInfo):
    """A member with the exact time, and whose name may be any bytes."""

    def __init__(self, name: str, modified: float | None, mode: int) -> None:
        date = EARLIEST
        if modified is not None:
            try:
                date = time.localtime(modified)[:6]
            except (OverflowError, ValueError, OSError):
                modified = None
        super().__init__(name, min(max(date, EARLIEST), LATEST))
        self.filename = name  # without what the host does to it
        self.create_system = UNIX
        self.external_attr = mode << 16
        if modified is not None and -(1 << 31) <= modified < 1 << 31:
            self.extra = struct.pack("<HHBi", TIMESTAMP, 5, 1, int(modified // 1))

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        # the only way that zipfile has to write names which are no UTF-8
        name = raw_bytes(self.filename)
        try:
            name.decode("utf-8")
        except UnicodeDecodeError:
            return name, self.flag_bits & ~UTF8_FLAG
        return name, self.flag_bits if self.filename.isascii() else self.flag_bits | UTF8_FLAG


class DirectoryWriter:
    """Files and directories of the host, all new, below ``root``."""

    def __init__(self, root: str, windows: bool = os.name == "nt") -> None:
        self.root = root
        self.windows = windows

    def refuses(self, path: str, name: str) -> str:
        """Why nothing can be at ``path``, which ends in ``name``; "" if it can."""
        try:
            os.fsencode(name)
        except UnicodeEncodeError:
            return "not a name on this host"
        if self.windows and (
            any(character in '<>:"|?*\\' or character < " " for character in name)
            or name[-1:] in (".", " ")
            or name.partition(".")[0].rstrip(" ").lower() in RESERVED
        ):
            return "not a name on Windows"
        return ""

    def host(self, path: str) -> str:
        """Where ``path`` is on the host."""
        return os.path.join(self.root, *path[1:].split("/"))

    def make_directory(self, path: str, modified: float | None) -> None:
        """Make a directory."""
        with_names(os.mkdir, self.host(path))

    def finish_directory(self, path: str, modified: float | None) -> None:
        """Set its time, which every file in it has changed."""
        set_time(self.host(path), modified)

    def write(self, path: str, modified: float | None, file: BinaryIO) -> int:
        """Write a file; its size."""
        host = self.host(path)
        size = 0
        with with_names(lambda host: open(host, "xb"), host) as target:
            while chunk := file.read(CHUNK):
                target.write(chunk)
                size += len(chunk)
        set_time(host, modified)
        return size


def with_names(make: Callable[[str], Made], host: str) -> Made:
    """Call ``make`` with a host path. Raises NameTooLong."""
    try:
        return make(host)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG or getattr(error, "winerror", None) == 206:
            raise NameTooLong from None
        raise


def set_time(host: str, modified: float | None) -> None:
    """Give a file its time of modification, if the host can."""
    if modified is not None:
        try:
            os.utime(host, (modified, modified))
        except (OSError, OverflowError, ValueError):
            pass  # contents matter more


# Loading


def load(
    path: str | os.PathLike[str], *, max_bytes: int | None = LARGEST_LOAD, max_files: int | None = MOST_FILES
) -> MemoryFS:
    """What was saved at ``path``, a ZIP archive or a directory, in a new filesystem in memory.

    ``max_bytes``: how many bytes its files may have together, counted while they are unpacked; ``max_files``: how many
    files and directories there may be. ``None`` is no limit.

    Raises ExportError for what is too large, damaged or holds names that lead out, links or devices; OSError when the
    host says no.
    """
    budget = Budget(max_bytes, max_files)
    fs = MemoryFS()
    if os.path.isdir(path):
        entries = directory_entries(os.fspath(path))
        take_in(fs, entries, budget)
        return fs
    with open(path, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ExportError(f"{os.fspath(path)!r} is neither an archive nor a directory")
        try:
            with zipfile.ZipFile(file) as archive:
                take_in(fs, archive_entries(archive), budget)
        except ExportError:
            raise
        except OSError as error:
            if error.errno != errno.EINVAL:  # a position that cannot be
                raise
        except DAMAGES:
            pass
        else:
            return fs
        raise ExportError(f"{os.fspath(path)!r} is not a ZIP archive, or damaged")


@attrs.frozen
class Entry:
    """One thing to load: the steps of its path, its time and how to open it; ``None`` for a directory."""

    names: list[str]
    modified: float | None
    open: Callable[[], IO[bytes]] | None = None


class Budget:
    """How much may still be loaded."""

    def __init__(self, size: int | None, files: int | None) -> None:
        self.size = size
        self.files = files

    def take(self, size: int, files: int = 0) -> None:
        """Take bytes and files. Raises ExportError."""
        if self.size is not None:
            self.size -= size
            if self.size < 0:
                raise ExportError("the export is larger than allowed")
        if self.files is not None:
            self.files -= files
            if self.files < 0:
                raise ExportError("the export has more files than allowed")


def take_in(fs: FS, entries: Iterator[Entry], budget: Budget) -> None:
    """Make in ``fs`` what ``entries`` says."""
    times = []
    for entry in entries:
        for name in entry.names:
            if general_refusal(name):
                raise ExportError(f"the export holds a name that leads out of it: {printable('/'.join(entry.names))}")
        if len(entry.names) > DEEPEST + 1:
            raise ExportError("the export has directories that are nested too deeply")
        path = "/" + "/".join(entry.names)
        try:
            make_folders(fs, entry.names if entry.open is None else entry.names[:-1], budget)
            if entry.open is not None:
                budget.take(0, 1)
                with entry.open() as source, fs.openbin(path, "x") as target:
                    while chunk := source.read(CHUNK):
                        budget.take(len(chunk))
                        write_all(target, chunk)
        except errors.FSError:
            raise ExportError(f"the export has two things called {printable(path)}") from None
        if entry.modified is not None and path != "/":
            times.append((path, entry.modified))
    for path, modified in times:
        fs.setinfo(path, {"details": {"modified": modified}})


def make_folders(fs: FS, names: list[str], budget: Budget) -> None:
    """Make a directory and those above it. Raises FSError for a file in the way, ExportError for too many."""
    path = "/" + "/".join(names)
    if fs.isdir(path):
        return
    for count in range(1, len(names) + 1):
        path = "/" + "/".join(names[:count])
        if not fs.isdir(path):
            budget.take(0, 1)
            fs.makedir(path)


def archive_entries(archive: zipfile.ZipFile) -> Iterator[Entry]:
    """The members of a ZIP archive. Raises ExportError for links and devices."""
    for member in archive.infolist():
        name = member_name(member)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if member.create_system == UNIX and kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ExportError(f"the export holds a link or device: {printable(name)}")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ExportError(f"the export is compressed in a way that rooms are not: {printable(name)}")
        names = name.removesuffix("/").split("/")
        opener = None if name.endswith("/") else bound(archive.open, member)
        yield Entry(names, member_time(member), opener)


def member_name(member: zipfile.ZipInfo) -> str:
    """The name of a member as text of a room: its bytes, unless it says that it is UTF-8."""
    name = member.orig_filename
    if not member.flag_bits & UTF8_FLAG:
        name = from_lua(name.encode("cp437").decode("latin-1"))  # zipfile has read the bytes as cp437
    return name


def member_time(member: zipfile.ZipInfo) -> float | None:
    """When a member was modified, in seconds since 1970: the exact time if it is there."""
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == TIMESTAMP and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return float(struct.unpack_from("<i", extra, 5)[0])
        extra = extra[4 + size :]
    try:
        return time.mktime((*member.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return None


def directory_entries(root: str) -> Iterator[Entry]:
    """What is in a directory of the host. Raises ExportError for links and devices."""
    pending: list[list[str]] = [[]]
    while pending:
        folder = pending.pop()
        with os.scandir(os.path.join(root, *folder)) as found:
            for item in sorted(found, key=lambda item: item.name):
                names = [*folder, item.name]
                status = item.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    if len(names) <= DEEPEST + 1:
                        pending.append(names)
                    yield Entry(names, status.st_mtime)
                elif stat.S_ISREG(status.st_mode):
                    yield Entry(names, status.st_mtime, bound(open_regular, item.path))
                else:
                    raise ExportError(f"the export holds a link or device: {printable('/'.join(names))}")


def open_regular(path: str) -> BinaryIO:
    """A file of the host for reading, unless it has become a link."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.fdopen(os.open(path, flags), "rb")
