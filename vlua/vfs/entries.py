"""Listings of filesystems that put the entries of a directory together themselves.

In: ``_entries``, which a filesystem has. Out: the ``listdir`` and ``scandir`` that follow from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from vlua.vfs.pyfilesystem import FS, Info

__all__ = ["EntriesFS"]


class EntriesFS(FS):
    """A filesystem that lists a directory by ``_entries``."""

    def _entries(self, path: str, namespaces: Collection[str] | None) -> list[Info]:
        """What is in a directory, with the information asked for."""
        raise NotImplementedError

    def listdir(self, path: str) -> list[str]:
        """The names in a directory."""
        return [info.name for info in self._entries(path, None)]

    def scandir(
        self, path: str, namespaces: Collection[str] | None = None, page: tuple[int, int] | None = None
    ) -> Iterator[Info]:
        """The entries of a directory, ``page`` being the first and the last of them to give."""
        entries = iter(self._entries(path, namespaces))
        return entries if page is None else itertools.islice(entries, *page)
