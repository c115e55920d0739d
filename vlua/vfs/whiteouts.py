"""What an overlay hides of its lower filesystem, perhaps remembered in its upper one.

In: absolute paths. Out: whether the lower filesystem shows through at a path. With a record also after the overlay is
opened again: every path is a line of JSON in one file of a reserved folder, added before anything else happens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from vlua.vfs.pyfilesystem import FS, recursepath
from vlua.vfs.transfer import write_all

__all__ = ["Whiteouts"]


class Whiteouts:
    """The paths at which nothing of the lower filesystem is to be seen, nor below them.

    ``fs`` is the upper filesystem, ``folder`` the absolute path of the folder in it that is kept for this; without
    them nothing is recorded.
    """

    def __init__(self, fs: FS | None = None, folder: str = "") -> None:
        self._fs = fs
        self._folder = folder
        self._record = f"{folder}/removed"
        self._paths: set[str] = set()
        if fs is not None:
            self._load(fs)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._paths))

    def __contains__(self, path: str) -> bool:
        """Whether ``path`` itself is among them."""
        return path in self._paths

    def hide(self, path: str) -> bool:
        """Whether the lower filesystem is out of sight at ``path``."""
        return bool(self._paths) and any(step in self._paths for step in recursepath(path))

    def add(self, path: str) -> None:
        """Hide ``path`` and all below it, for good. Raises FSError or OSError, and then nothing has changed."""
        if path in self._paths:
            return
        if self._fs is not None:
            self.make_folder()
            with self._fs.openbin(self._record, "a", buffering=0) as record:
                write_all(record, _line(path))
        self._paths.add(path)

    def make_folder(self) -> None:
        """Have the reserved folder in place, if there is a record."""
        if self._fs is not None and not self._fs.isdir(self._folder):
            self._fs.makedir(self._folder)

    def _load(self, fs: FS) -> None:
        if not fs.exists(self._record):
            return
        contents = fs.readbytes(self._record)
        lines = contents.split(b"\n")
        for line in lines:
            try:
                path = json.loads(line)
            except ValueError:
                continue  # cut off when the process died: what it was about had not happened yet
            if isinstance(path, str) and path.startswith("/"):
                self._paths.add(path)
        if lines[-1]:
            # It ends in half a line, which the next one would be glued to.
            fresh = f"{self._folder}/fresh"
            fs.writebytes(fresh, b"".join(map(_line, self)))
            fs.move(fresh, self._record, overwrite=True)


def _line(path: str) -> bytes:
    # ASCII with escapes: a path may hold line ends and lone surrogates.
    return json.dumps(path).encode("ascii") + b"\n"
