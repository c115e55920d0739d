"""Failures of the machine room, told as C on Linux tells them: a message and an errno.

In: any Python exception that a filesystem, a stream of the host or Python's own I/O raised.
Out: ``Failure``, which the libraries turn into ``nil, message, errno`` (manual §6.8); no text of the host is kept.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "EBADF",
    "EBUSY",
    "EEXIST",
    "EFBIG",
    "EINVAL",
    "EIO",
    "EISDIR",
    "EMFILE",
    "ENAMETOOLONG",
    "ENOENT",
    "ENOMEM",
    "ENOTDIR",
    "ENOTEMPTY",
    "EPERM",
    "EROFS",
    "ESPIPE",
    "MESSAGES",
    "Failure",
    "failure_of",
]

EPERM = 1
ENOENT = 2
EIO = 5
EBADF = 9
ENOMEM = 12
EACCES = 13
EBUSY = 16
EEXIST = 17
EXDEV = 18
ENOTDIR = 20
EISDIR = 21
EINVAL = 22
EMFILE = 24
EFBIG = 27
ENOSPC = 28
ESPIPE = 29
EROFS = 30
EPIPE = 32
ENAMETOOLONG = 36
ENOTEMPTY = 39

# Linux figures and texts on every host, so that a script cannot tell where it runs.
MESSAGES: dict[int, str] = {
    EPERM: "Operation not permitted",
    ENOENT: "No such file or directory",
    EIO: "Input/output error",
    EBADF: "Bad file descriptor",
    11: "Resource temporarily unavailable",
    ENOMEM: "Cannot allocate memory",
    EACCES: "Permission denied",
    EBUSY: "Device or resource busy",
    EEXIST: "File exists",
    EXDEV: "Invalid cross-device link",
    ENOTDIR: "Not a directory",
    EISDIR: "Is a directory",
    EINVAL: "Invalid argument",
    EMFILE: "Too many open files",
    EFBIG: "File too large",
    ENOSPC: "No space left on device",
    ESPIPE: "Illegal seek",
    EROFS: "Read-only file system",
    EPIPE: "Broken pipe",
    ENAMETOOLONG: "File name too long",
    ENOTEMPTY: "Directory not empty",
    40: "Too many levels of symbolic links",
    95: "Operation not supported",
    122: "Disk quota exceeded",
}

# Exceptions of PyFilesystem2 by class name: the package itself need not be imported to read them.
FILESYSTEM_ERRORS: dict[str, int] = {
    "RemoveRootError": EBUSY,
    "ResourceReadOnly": EROFS,
    "DirectoryNotEmpty": ENOTEMPTY,
    "FileExists": EEXIST,
    "DirectoryExists": EEXIST,
    "DestinationExists": EEXIST,
    "FileExpected": EISDIR,
    "DirectoryExpected": ENOTDIR,
    "ResourceNotFound": ENOENT,
    "ResourceLocked": EBUSY,
    "PermissionDenied": EACCES,
    "InsufficientStorage": ENOSPC,
    "InvalidPath": EINVAL,
    "InvalidCharsInPath": EINVAL,
    "IllegalBackReference": EINVAL,
    "IllegalDestination": EINVAL,
    "Unsupported": 95,
    "FilesystemClosed": EIO,
}


class Failure(Exception):
    """An operation that the machine room could not do; ``errno`` and ``message`` are C's on Linux."""

    def __init__(self, errno: int) -> None:
        self.errno = errno if errno in MESSAGES else EIO
        self.message = MESSAGES[self.errno]
        super().__init__(self.message)

    def result(self, name: str | None = None) -> tuple[Any, ...]:
        """``nil, message, errno``, the message opening with ``name`` when given (``luaL_fileresult``)."""
        return None, self.message if name is None else f"{name}: {self.message}", self.errno


def failure_of(exception: Exception) -> Failure:
    """The ``Failure`` that stands for an exception of ``fs``, of the operating system or of a stream."""
    if isinstance(exception, Failure):
        return exception
    if isinstance(exception, OSError):
        return Failure(exception.errno if exception.errno is not None else EIO)
    cause = getattr(exception, "exc", None)
    if isinstance(cause, OSError) and cause.errno in MESSAGES:
        return Failure(cause.errno or EIO)
    for kind in type(exception).__mro__:
        if kind.__module__.startswith("fs."):
            errno = FILESYSTEM_ERRORS.get(kind.__name__)
            if errno is not None:
                return Failure(errno)
    if isinstance(exception, MemoryError):
        return Failure(ENOMEM)
    if isinstance(exception, OverflowError):
        return Failure(EFBIG)
    return Failure(EBADF if isinstance(exception, ValueError) and "closed" in str(exception) else EIO)
