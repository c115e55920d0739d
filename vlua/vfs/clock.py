"""The clock of a machine room: wall time, processor time and time zone (manual §6.9).

In: nothing of the host but its two clocks, and neither when the host passes functions of its own.
Out: seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

__all__ = ["Clock"]

# datetime cannot go further; beyond, the zone's offset at the nearer end is as good as any.
EARLIEST = -62135596800 + 172800
LATEST = 253402300799 - 172800


class Clock:
    """What ``os.time``, ``os.date`` and ``os.clock`` read.

    ``now`` returns seconds since 1970 UTC, ``cpu`` processor seconds from any origin; ``zone`` is the local time zone,
    UTC unless given: the host's own zone is never looked at. ``sleep`` waits for some seconds.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        cpu: Callable[[], float] = time.process_time,
        zone: tzinfo = UTC,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._cpu = cpu
        self._origin = cpu()
        self._zone = zone
        self.sleep = sleep

    def now(self) -> int:
        """Seconds since 1970-01-01 00:00 UTC, rounded down."""
        return int(self._now() // 1)

    def cpu(self) -> float:
        """Processor seconds used since this clock was made."""
        return self._cpu() - self._origin

    def local(self, moment: int) -> tuple[int, bool, str]:
        """Offset from UTC in seconds, whether it is daylight saving time, and the zone's abbreviation at ``moment``."""
        if self._zone is UTC:
            return 0, False, "UTC"
        there = datetime.fromtimestamp(min(max(moment, EARLIEST), LATEST), self._zone)
        offset = there.utcoffset() or timedelta()
        return int(offset.total_seconds()), bool(there.dst()), there.tzname() or ""
