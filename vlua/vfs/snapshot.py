"""A moment of a room's files that can be gone back to.

In: the open files and filesystems of a room. Out: ``Snapshot``; what changed since one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vlua.vfs.changes import Changes
    from vlua.vfs.filesystem import Room
    from vlua.vfs.journal import Mark

__all__ = ["Snapshot", "changes_of"]


class Snapshot:
    """The files of a room as they were; taking it copies nothing, and it is kept up as long as it is referred to."""

    __slots__ = ("_mark", "_room")

    def __init__(self, room: Room) -> None:
        room.flush_files()
        self._room = room
        self._mark: Mark = room.stack.journal.snapshot()

    def __repr__(self) -> str:
        return "<Snapshot>"

    def restore(self) -> None:
        """Put every file back as it was, times included; as often as wanted.

        Open handles stay open, at their positions; one on a file that was not there writes to nowhere. Raises
        ``fs.errors.FSError`` when something cannot be put back (in a host directory that was mounted read-write).
        """
        room, stack = self._room, self._room.stack
        with room.lock:
            room.settle_files()
            try:
                stack.journal.restore(self._mark)
            finally:
                stack.recount()

    def changes(self) -> Changes:
        """What changed since."""
        return changes_of(self._room, self)


def changes_of(room: Room, since: Snapshot | None = None) -> Changes:
    """What changed in the files of a room since a snapshot, or since it was made.

    Raises ValueError for a snapshot of another room.
    """
    with room.lock:
        room.flush_files()
        return room.stack.journal.changes(None if since is None else since._mark)
