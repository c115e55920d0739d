"""Zip and tar archives as filesystems that can be read and nothing else.

In: the path of an archive on the host, made by somebody who may mean harm. Out: an ``fs`` filesystem of the members
that are plain files and directories with plain names. The others are listed as skipped, with the reason.
"""

from __future__ import annotations

import bz2
import calendar
import gzip
import io
import lzma
import os
import re
import stat
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Collection, Iterator
from typing import IO, Any, BinaryIO, cast

import attrs

from vlua.vfs.pyfilesystem import Info, Mode, Permissions, ResourceType, basename, errors, iteratepath
from vlua.vfs.read_only import ReadingFile, Unwritable

__all__ = ["Archive", "Skipped", "TarArchive", "ZipArchive", "open_archive"]

LONGEST_NAME = 4095  # bytes of a member's whole name, as a path on Linux
LONGEST_STEP = 255  # bytes, as a file name on Linux
DEEPEST = 100  # directories above a member: each of them costs memory
MOST_MEMBERS = 1_000_000  # more would fill the memory before anything is read
IN_MEMORY = 1 << 20  # bytes unpacked to memory; what is larger goes to a temporary file
LARGEST_TAR = 1 << 30  # bytes that a compressed tar may unpack to, on the host's disk
CHUNK = 1 << 16
EIO = 5
DRIVE = re.compile(r"^[A-Za-z]:")
LATEST = 2**40  # seconds since 1970: times after that are made up


@attrs.frozen
class Skipped:
    """A member of an archive that has no place in the filesystem: its ``name`` there, and the ``reason``."""

    name: str
    reason: str


@attrs.define(eq=False)
class Node:
    """A file or directory: ``members`` is what a directory holds, ``source`` what the archive's library knows it by."""

    members: dict[str, Node] | None = None
    source: Any = None
    size: int = 0
    modified: float | None = None
    permissions: int | None = None


class Archive(Unwritable):
    """The members of an archive that are listed in ``skipped`` apart. What fails later raises FSError.

    A file's size is what the archive declares, and never more than that is read.
    """

    def __init__(self) -> None:
        super().__init__()
        self._meta = {
            "case_insensitive": False,
            "invalid_path_chars": "\0",
            "network": False,
            "read_only": True,
            "supports_rename": False,
            "thread_safe": True,
            "unicode_paths": True,
            "virtual": True,
        }
        self._root = Node({})
        self._skipped: list[Skipped] = []

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The members that are not here, in the archive's order."""
        return tuple(self._skipped)

    def _skip(self, name: str, reason: str) -> None:
        self._skipped.append(Skipped(name, reason))

    def _place(self, name: str, node: Node) -> None:
        """Give a member its place, or a reason why it has none; a later one replaces an earlier one of its name."""
        reason = _unfit(name)
        if reason is not None:
            self._skip(name, reason)
            return
        steps = [step for step in name.split("/") if step not in ("", ".")]
        if not steps:
            return  # the root itself
        folder = self._root
        for step in steps[:-1]:
            assert folder.members is not None
            inner = folder.members.setdefault(step, Node({}))
            if inner.members is None:
                self._skip(name, "a file stands where it needs a directory")
                return
            folder = inner
        assert folder.members is not None
        old = folder.members.get(steps[-1])
        if old is not None:
            if (old.members is None) != (node.members is None):
                self._skip(name, "a file and a directory have the same name")
                return
            if old.members is None:
                self._skip(name, "a later member has the same name")
            else:
                node.members = old.members
        folder.members[steps[-1]] = node

    def _find(self, path: str) -> Node:
        self.check()
        node = self._root
        for step in iteratepath(self.validatepath(path)):
            inner = None if node.members is None else node.members.get(step)
            if inner is None:
                raise errors.ResourceNotFound(path)
            node = inner
        return node

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """Name and kind; under "details" size and time, under "access" the permissions, as the archive has them."""
        node = self._find(path)
        is_directory = node.members is not None
        raw: dict[str, dict[str, object]] = {
            "basic": {"name": basename(self.validatepath(path)), "is_dir": is_directory}
        }
        if "details" in (namespaces or ()):
            kind = ResourceType.directory if is_directory else ResourceType.file
            raw["details"] = {"modified": node.modified, "size": node.size, "type": int(kind)}
        if "access" in (namespaces or ()) and node.permissions is not None:
            raw["access"] = {"permissions": Permissions(mode=node.permissions).dump()}
        return Info(raw)

    def listdir(self, path: str) -> list[str]:
        """The names in a directory."""
        node = self._find(path)
        if node.members is None:
            raise errors.DirectoryExpected(path)
        return list(node.members)

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file for reading."""
        wanted = Mode(mode)
        wanted.validate_bin()
        self.check()
        if wanted.writing:
            raise errors.ResourceReadOnly(path)
        node = self._find(path)
        if node.members is not None:
            raise errors.FileExpected(path)
        try:
            file = self._open(node)
        except Exception as error:
            raise errors.OperationFailed(path, exc=_input_error(error)) from None
        return ReadingFile(file, path).buffered(buffering)

    def _open(self, node: Node) -> BinaryIO:
        """The contents of a file."""
        raise NotImplementedError


class ZipArchive(Archive):
    """The members of a zip archive. Raises ValueError when ``path`` is none."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._name = os.fspath(path)
        self._zip: zipfile.ZipFile | None = None
        try:
            self._zip = zipfile.ZipFile(self._name)
            members = self._zip.infolist()
        except Exception as error:
            raise ValueError(f"not a readable zip archive: {self._name!r} ({error})") from None
        if len(members) > MOST_MEMBERS:
            raise ValueError(f"too many members in {self._name!r}: {len(members)}, at most {MOST_MEMBERS} are read")
        for member in members:
            self._add(member)

    def __repr__(self) -> str:
        return f"ZipArchive({self._name!r})"

    def _add(self, member: zipfile.ZipInfo) -> None:
        name = member.orig_filename
        mode = member.external_attr >> 16 if member.create_system == 3 else 0
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            self._skip(name, "a link" if stat.S_ISLNK(mode) else "neither a file nor a directory")
        elif member.flag_bits & 1:
            self._skip(name, "encrypted")
        elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The others unpack without bound from a few bytes.
            self._skip(name, "compressed in another way than stored or deflated")
        else:
            is_directory = name.endswith("/")
            self._place(
                name,
                Node(
                    {} if is_directory else None,
                    member,
                    0 if is_directory else member.file_size,
                    _zip_time(member.date_time),
                    stat.S_IMODE(mode) & 0o777 if mode else None,
                ),
            )

    def _open(self, node: Node) -> BinaryIO:
        assert self._zip is not None
        return cast(BinaryIO, MemberFile(self._zip.open(node.source), node.size, threading.RLock()))

    def close(self) -> None:
        """Close the archive."""
        if not self.isclosed() and self._zip is not None:
            self._zip.close()
        super().close()


class TarArchive(Archive):
    """The members of a tar archive, perhaps packed with gzip, bzip2 or xz. Raises ValueError when ``path`` is none.

    A compressed one is unpacked to a temporary file first, up to 1 GiB.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._name = os.fspath(path)
        self._file: IO[bytes] | None = None
        self._file_lock = threading.RLock()
        try:
            self._file = _unpacked(self._name)
            self._file.seek(0)
            last = -1
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                for count, member in enumerate(archive):
                    if count >= MOST_MEMBERS:
                        raise ValueError(f"more than {MOST_MEMBERS} members")
                    if member.size < 0 or member.offset <= last:
                        raise ValueError("a member of negative size")  # tarfile would read it for ever
                    last = member.offset
                    self._add(member)
        except Exception as error:
            raise ValueError(f"not a readable tar archive: {self._name!r} ({error})") from None

    def __repr__(self) -> str:
        return f"TarArchive({self._name!r})"

    def _add(self, member: tarfile.TarInfo) -> None:
        name = member.name
        if member.issym() or member.islnk():
            self._skip(name, "a link")
        elif member.issparse():
            self._skip(name, "a file with holes")
        elif not (member.isreg() or member.isdir()):
            self._skip(name, "neither a file nor a directory")
        else:
            time = float(member.mtime)
            self._place(
                name,
                Node(
                    {} if member.isdir() else None,
                    member.offset_data,
                    0 if member.isdir() else member.size,
                    time if 0 <= time < LATEST else None,
                    member.mode & 0o777,
                ),
            )

    def _open(self, node: Node) -> BinaryIO:
        assert self._file is not None
        part = Part(self._file, node.source, node.size, self._file_lock)
        return cast(BinaryIO, MemberFile(part, node.size, self._file_lock))

    def close(self) -> None:
        """Close the archive."""
        if not self.isclosed() and self._file is not None:
            self._file.close()
        super().close()


class Part(io.RawIOBase):
    """The bytes of ``file`` from ``start`` on, ``size`` of them; several may share the file and the ``lock``."""

    def __init__(self, file: IO[bytes], start: int, size: int, lock: threading.RLock) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._size = size
        self._lock = lock
        self._position = 0

    def seekable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes, by default all up to the end."""
        left = max(self._size - self._position, 0)
        count = left if size is None or size < 0 else min(size, left)
        with self._lock:
            self._file.seek(self._start + self._position)
            contents = self._file.read(count)
        self._position += len(contents)
        return contents

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move within the bytes; the position."""
        self._position = offset
        return offset

    def tell(self) -> int:
        """The position."""
        return self._position


class MemberFile(io.RawIOBase):
    """A member's contents: ``size`` bytes of ``stream`` and not one more.

    A packed stream is read forwards only; the first step back unpacks it to a temporary file.
    """

    def __init__(self, stream: Any, size: int, lock: threading.RLock) -> None:
        super().__init__()
        self._stream = stream
        self._size = size
        self._own_lock = lock
        self._direct = isinstance(stream, Part)
        self._position = 0  # where the reader is
        self._reached = 0  # where the stream is

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes, by default all up to the end. Raises OSError when the archive is damaged."""
        left = max(self._size - self._position, 0)
        count = left if size is None or size < 0 else min(size, left)
        if count == 0:
            return b""
        with self._own_lock:
            try:
                self._reach()
                contents: bytes = self._stream.read(count)
            except Exception as error:
                raise _input_error(error) from None
        self._position += len(contents)
        self._reached = self._position
        return contents

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` as far as the contents go; the number of bytes."""
        contents = self.read(len(buffer))
        buffer[: len(contents)] = contents
        return len(contents)

    def _reach(self) -> None:
        """Bring the stream to where the reader is."""
        if self._position < self._reached and not self._direct:
            unpacked = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed with this file)
            self._stream.seek(0)
            for chunk in _chunks(self._stream, self._size):
                unpacked.write(chunk)
            self._stream.close()
            self._stream = unpacked
            self._direct = True
        if self._direct:
            self._stream.seek(self._position)
            return
        while self._reached < self._position:
            chunk = self._stream.read(min(CHUNK, self._position - self._reached))
            if not chunk:
                break
            self._reached += len(chunk)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; the new position. Raises ValueError for a place before the start."""
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        if whence not in starts:
            raise ValueError(f"invalid whence ({whence}, should be 0, 1 or 2)")
        position = starts[whence] + offset
        if position < 0:
            raise ValueError(f"negative seek position {position}")
        self._position = position
        return position

    def tell(self) -> int:
        """The position."""
        return self._position

    def close(self) -> None:
        """Close what it reads from."""
        if not self.closed:
            self._stream.close()
        super().close()


def open_archive(path: str | os.PathLike[str]) -> Archive:
    """The archive at ``path``, whichever its name ends in. Raises ValueError when it is neither zip nor tar."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            start = file.read(512)
        # A tar may hold a zip at its end, so the names that people see decide first.
        if start[:4] in (b"PK\3\4", b"PK\5\6") or (not _is_tar(name, start) and zipfile.is_zipfile(name)):
            return ZipArchive(name)
        if _is_tar(name, start):
            return TarArchive(name)
    except OSError as error:
        raise ValueError(f"cannot read {name!r}: {error.strerror or error}") from None
    raise ValueError(f"{name!r} is neither a directory nor a zip or tar archive")


def _is_tar(name: str, start: bytes) -> bool:
    packed = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
    names = (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
    return start[257:262] == b"ustar" or start.startswith(packed) or name.lower().endswith(names)


def _unpacked(name: str) -> IO[bytes]:
    """A tar file's own bytes: the file itself, or a temporary one. Raises ValueError when they are too many."""
    file = open(name, "rb")  # noqa: SIM115 (kept by the archive)
    start = file.read(6)
    file.seek(0)
    packed: Any
    if start.startswith(b"\x1f\x8b"):
        packed = gzip.GzipFile(fileobj=file)
    elif start.startswith(b"BZh"):
        packed = bz2.BZ2File(file)
    elif start.startswith(b"\xfd7zXZ\0"):
        packed = lzma.LZMAFile(file)  # noqa: SIM115 (closed below)
    else:
        return file
    unpacked = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (kept by the archive)
    with file, packed:
        for chunk in _chunks(packed, LARGEST_TAR + 1):
            unpacked.write(chunk)
            if unpacked.tell() > LARGEST_TAR:
                raise ValueError(f"it unpacks to more than {LARGEST_TAR} bytes: unpack it to a directory first")
    return cast("IO[bytes]", unpacked)


def _chunks(stream: Any, size: int) -> Iterator[bytes]:
    """At most ``size`` bytes of a stream, in pieces."""
    while size > 0 and (chunk := stream.read(min(CHUNK, size))):
        size -= len(chunk)
        yield chunk


def _unfit(name: str) -> str | None:
    """Why a member of that name has no place in a filesystem; ``None`` if it has."""
    if "\0" in name:
        return "a NUL in its name"
    if "\\" in name:
        return "a backslash in its name"
    if name.startswith("/") or DRIVE.match(name):
        return "an absolute name"
    steps = name.split("/")
    if ".." in steps:
        return "'..' in its name"
    longest = max(len(step.encode("utf-8", "surrogatepass")) for step in steps)
    if longest > LONGEST_STEP or len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        return "a name that is too long"
    if len(steps) > DEEPEST:
        return "too many directories above it"
    return None


def _zip_time(moment: tuple[int, ...]) -> float | None:
    """Seconds since 1970 for a time that has no zone (UTC is as good as any); ``None`` for one that cannot be."""
    year, month, day, hour, minute, second = moment
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 62):
        return None
    return float(calendar.timegm((year, month, day, hour, minute, second)))


def _input_error(error: Exception) -> OSError:
    """What a damaged archive is told as, whatever the library said."""
    told = isinstance(error, OSError) and error.errno is not None
    return cast(OSError, error) if told else OSError(EIO, f"Input/output error: {error}")
