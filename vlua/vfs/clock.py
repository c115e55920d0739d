"""The clock of a machine room: wall time, processor time and time zone (manual §6.9).

In: nothing of the host but its two clocks, and neither when the host passes functions of its own.
Out: seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

__all__ = ["Clock", "zone_of"]

# datetime cannot go further; beyond, the zone's offset at the nearer end is as good as any.
EARLIEST = -62135596800 + 172800
LATEST = 253402300799 - 172800
DEFAULT_START = 946684800.0  # 2000-01-01 00:00 UTC: what a clock shows that is told no other time
DEFAULT_STEP = 1.0  # seconds that a ticking clock goes on by
HOST_ZONE = timezone(timedelta(0), "host")  # stands for the zone that the host's C library knows


def zone_of(name: str) -> tzinfo:
    """The time zone of that name: ``"UTC"``, ``"host"``, ``"+02:00"`` or ``"Europe/Berlin"``. Raises KeyError."""
    if name == "UTC":
        return UTC
    if name == "host":
        return HOST_ZONE
    if name[:1] in ("+", "-"):
        hours, minutes = int(name[1:3]), int(name[4:6])
        distance = timedelta(hours=hours, minutes=minutes)
        return timezone(-distance if name[0] == "-" else distance)
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


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

    @classmethod
    def host(cls) -> Clock:
        """The host's clock, in the host's time zone."""
        return cls(zone=HOST_ZONE)

    @classmethod
    def frozen(cls, start: float | None = None, zone: tzinfo = UTC) -> Clock:
        """A clock that stands still at ``start``; nobody has to wait for it, and no processor time is used."""
        moment = DEFAULT_START if start is None else start
        return cls(lambda: moment, lambda: 0.0, zone, lambda seconds: None)

    @classmethod
    def ticking(cls, start: float | None = None, step: float | None = None, zone: tzinfo = UTC) -> Clock:
        """A clock that shows ``start`` first and goes on by ``step`` seconds each time it is read, never otherwise.

        Processor time is what it has gone on by; who sleeps does not wait, but sees it later.
        """
        begin, pace = DEFAULT_START if start is None else start, DEFAULT_STEP if step is None else step
        passed = -pace

        def elapsed() -> float:
            nonlocal passed
            passed += pace
            return passed

        def sleep(seconds: float) -> None:
            nonlocal passed
            passed += seconds

        def used() -> float:
            return max(elapsed(), 0.0)

        clock = cls(lambda: begin + elapsed(), lambda: 0.0, zone, sleep)
        clock._cpu = used
        return clock

    @classmethod
    def scaled(cls, scale: float | None = None, start: float | None = None, zone: tzinfo = UTC) -> Clock:
        """A clock that runs ``scale`` times as fast as the host's, from ``start``, by default from now."""
        factor = 1.0 if scale is None else scale
        origin = time.monotonic()
        begin = time.time() if start is None else start
        return cls(
            lambda: begin + (time.monotonic() - origin) * factor,
            lambda: time.process_time() * factor,
            zone,
            lambda seconds: time.sleep(seconds / factor),
        )

    @property
    def is_host_time(self) -> bool:
        """Whether this clock shows the time of the host's."""
        return self._now is time.time

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
        within = min(max(moment, EARLIEST), LATEST)
        if self._zone is HOST_ZONE:
            here = time.localtime(within)
            return here.tm_gmtoff, here.tm_isdst > 0, here.tm_zone
        there = datetime.fromtimestamp(within, self._zone)
        offset = there.utcoffset() or timedelta()
        return int(offset.total_seconds()), bool(there.dst()), there.tzname() or ""
