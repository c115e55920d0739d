"""Bytes and metadata from one filesystem to another.

In: two filesystems and two paths. Out: the second has what the first has; a large file never lies in memory as a whole.
"""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO

from vlua.vfs.pyfilesystem import FS, Info, errors

__all__ = ["copy_contents", "copy_metadata", "metadata_of", "write_all"]

CHUNK = 1 << 18  # bytes read at a time: large enough for disks, small enough for memory


def copy_contents(source: FS, path: str, target: FS, target_path: str) -> str:
    """Copy a file in chunks, and return the SHA-256 of what was copied in hexadecimal.

    ``target_path`` is written to directly: who needs all or nothing gives a temporary name. Raises FSError.
    """
    digest = hashlib.sha256()
    with source.openbin(path, "r", buffering=0) as reading, target.openbin(target_path, "w", buffering=0) as writing:
        while chunk := reading.read(CHUNK):
            digest.update(chunk)
            write_all(writing, chunk)
    return digest.hexdigest()


def write_all(file: BinaryIO, contents: bytes) -> None:
    """Write ``contents`` to a file that may take less at a time. Raises OSError when it takes nothing more."""
    rest = memoryview(contents)
    while rest:
        written = file.write(rest)
        if not written:
            raise OSError("the file takes no more bytes")
        rest = rest[written:]


def metadata_of(source: FS, path: str) -> dict[str, Any]:
    """The times and permissions that ``source`` knows, as ``setinfo`` takes them. Raises FSError."""
    info: Info = source.getinfo(path, ["details", "access"])
    raw: dict[str, Any] = {}
    times = {key: info.get("details", key) for key in ("accessed", "modified")}
    details = {key: value for key, value in times.items() if value is not None}
    if details:
        raw["details"] = details
    permissions = info.get("access", "permissions")
    if permissions is not None:
        raw["access"] = {"permissions": permissions}
    return raw


def copy_metadata(source: FS, path: str, target: FS, target_path: str) -> None:
    """Give a file or directory of ``target`` the times and permissions of one of ``source``, if both know them."""
    raw = metadata_of(source, path)
    if raw:
        try:
            target.setinfo(target_path, raw)
        except (errors.PermissionDenied, errors.Unsupported):
            return  # a target that keeps no metadata loses nothing else
