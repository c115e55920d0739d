"""What a host puts into a room's files before the first script runs.

In: a mapping of paths to contents, perhaps nested. Out: absolute paths with what stands there; and, once a file is
needed, a filesystem in memory that has it all. What is costly to get is only fetched when it is first read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from vlua.vfs.pyfilesystem import FS

__all__ = ["Branch", "Directory", "HostFile", "Made", "Member", "Seed", "is_filesystem", "plain_path"]


@attrs.frozen
class Directory:
    """A directory, made even when nothing is in it."""


@attrs.frozen
class HostFile:
    """The contents of the host's file ``path``."""

    path: str


@attrs.frozen
class Made:
    """The text or bytes that ``function()`` returns."""

    function: Callable[[], str | bytes]


@attrs.frozen
class Member:
    """The contents of the file ``path`` in another filesystem."""

    source: FS
    path: str


@attrs.frozen
class Branch:
    """All that lies in the directory ``path`` of another filesystem, or of the host (``source`` is ``None``)."""

    source: FS | None
    path: str


Content = bytes | Directory | HostFile | Made | Member | Branch


class Seed:
    """The files of a mapping ``{path: contents}``.

    Contents are text (stored as UTF-8), bytes, a mapping (a directory), a ``Path`` of the host (a file or a directory),
    a PyFilesystem2 filesystem (a directory), or a function without parameters that returns text or bytes and is called
    once, when the file is first read, changed or asked for its size. What was given is read, never written to.

    Raises TypeError or ValueError for what cannot be a file tree, FileNotFoundError for a ``Path`` that leads nowhere.
    """

    def __init__(self, files: Mapping[str, Any] | None = None) -> None:
        self.contents: dict[str, Content] = {}
        for path, content in _flat(files or {}, "/"):
            self._add(path, content)
        for path in self.contents:
            self._check_parents(path)

    def _add(self, path: str, content: Content) -> None:
        present = self.contents.setdefault(path, content)
        if present is not content and not (isinstance(present, Directory) and isinstance(content, Directory)):
            raise ValueError(f"{path!r} is given twice")

    def _check_parents(self, path: str) -> None:
        parent = path
        while parent := parent.rpartition("/")[0]:
            content = self.contents.get(parent)
            if content is not None and not isinstance(content, Directory):
                if isinstance(content, Branch):
                    raise ValueError(f"{path!r} lies in {parent!r}, which is given as a whole")
                raise ValueError(f"{parent!r} cannot be both a file and a directory")

    def build(self) -> FS:
        """A new filesystem in memory with all of this in it."""
        from vlua.vfs.pyfilesystem import MemoryFS

        memory: FS = MemoryFS()
        pending: dict[str, Any] = {}
        for path, content in self.contents.items():
            is_directory = isinstance(content, Directory | Branch)
            memory.makedirs(path if is_directory else path.rpartition("/")[0] or "/", recreate=True)
            if isinstance(content, bytes):
                memory.writebytes(path, content)
            elif not isinstance(content, Directory):
                pending[path] = content
        if not pending:
            return memory
        from vlua.vfs.seeded import SeededFS

        return SeededFS(memory, pending)


def _flat(files: Mapping[str, Any], directory: str) -> Iterator[tuple[str, Content]]:
    """Absolute paths and contents of a nested mapping."""
    for name, given in files.items():
        if not isinstance(name, str):
            raise TypeError(f"files must map paths to contents: a path must be text, not {type(name).__name__}")
        path = plain_path(f"{directory}/{name}")
        is_directory = isinstance(given, Mapping) or is_filesystem(given)
        if "\0" in name or path == plain_path(directory) or (name.endswith("/") and not is_directory):
            raise ValueError(f"not a file path: {name!r}")
        if isinstance(given, Mapping):
            yield path, Directory()
            yield from _flat(given, path)
        else:
            yield path, _content_of(given, path)


def _content_of(given: Any, path: str) -> Content:
    """What a single value of the mapping stands for."""
    if isinstance(given, str):
        return given.encode("utf-8", "surrogateescape")
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    if isinstance(given, os.PathLike):
        host_path = os.path.abspath(os.fsdecode(given))
        if os.path.isdir(host_path):
            return Branch(None, host_path)
        if not os.path.exists(host_path):
            raise FileNotFoundError(f"for {path!r} in files: no such file or directory: {host_path!r}")
        return HostFile(host_path)
    if is_filesystem(given):
        return Branch(given, "/")
    if callable(given) and not isinstance(given, type):
        return Made(given)
    raise TypeError(
        f"files must map paths to text, bytes, mappings, Paths, functions or filesystems,"
        f" not {type(given).__name__} at {path!r}"
    )


def is_filesystem(value: Any) -> bool:
    """Whether ``value`` is a PyFilesystem2 filesystem, told without importing that package."""
    return all(hasattr(type(value), name) for name in ("openbin", "getinfo", "listdir", "makedir"))


def plain_path(path: str) -> str:
    """An absolute path without ``.``, ``..`` and doubled slashes, read as if no directory were missing."""
    steps: list[str] = []
    for name in path.split("/"):
        if name == "..":
            del steps[-1:]
        elif name not in ("", "."):
            steps.append(name)
    return "/" + "/".join(steps)
