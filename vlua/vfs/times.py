"""The times of files in a room whose clock is not the host's.

In: paths, and the times that the filesystems keep, which are the host's. Out: times that the room's clock could show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vlua.vfs.clock import Clock

__all__ = ["FileTimes"]


class FileTimes:
    """With a clock of its own a room shows one moment for all files, the first at which a script asks, but for those
    that scripts have given a time: anything else would tell of the host's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moment: int | None = None
        self._set: dict[str, tuple[float, float]] = {}

    def shown(self, path: str, details: Mapping[str, Any]) -> Mapping[str, Any]:
        """``details`` with the times that scripts may see of the file at ``path``, in seconds since 1970 UTC."""
        if self._clock.is_host_time:
            return details
        if self._moment is None:
            self._moment = self._clock.now()
        accessed, modified = self._set.get(path, (self._moment, self._moment))
        return {"size": details.get("size"), "accessed": accessed, "modified": modified}

    def set(self, path: str, accessed: float, modified: float) -> None:
        """A script has given the file at ``path`` these times."""
        if not self._clock.is_host_time:
            self._set[path] = accessed, modified

    def forget(self, path: str) -> None:
        """What was at ``path``, and below it, is gone or another."""
        if self._set:
            below = path.rstrip("/") + "/"
            self._set = {
                name: times for name, times in self._set.items() if name != path and not name.startswith(below)
            }
