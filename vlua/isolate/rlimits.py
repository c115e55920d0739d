"""What the operating system holds a worker to, whatever code comes to run in it.

In: what one job may have. Out: resource limits of this process, where the system has them.
"""

from __future__ import annotations

import math
import sys
from typing import Any

__all__ = ["address_space", "peak_memory", "restrict"]

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

OPEN_FILES = 64  # the two pipes, and files of mounted directories while they are read
GRACE = 2  # seconds of processor time beyond the deadline: the parent's kill is to come first


def restrict(*, memory: int | None, seconds: float | None, for_good: bool) -> None:
    """Limit this process: ``memory`` bytes more than it has now, ``seconds`` more of processor time and real time.

    No file can be written, no process started, no core dumped. ``for_good`` takes away the right to raise the limits
    of memory and time again; a worker that serves more jobs has to keep it.
    """
    if resource is None:
        return
    for name, value in (("CORE", 0), ("FSIZE", 0), ("NPROC", 0), ("NOFILE", OPEN_FILES), ("MSGQUEUE", 0)):
        _limit(name, value, for_good=True)
    if memory is not None and (size := address_space()):
        _limit("AS", size + memory, for_good)
    if seconds is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit("CPU", math.ceil(used.ru_utime + used.ru_stime + seconds + GRACE), for_good)
        _alarm(math.ceil(seconds + GRACE))


def _limit(name: str, value: int, for_good: bool) -> None:
    kind: int | None = getattr(resource, f"RLIMIT_{name}", None)
    if kind is None:
        return
    most = resource.getrlimit(kind)[1]
    if most != resource.RLIM_INFINITY:
        value = min(value, most)
    resource.setrlimit(kind, (value, value if for_good else most))


def _alarm(seconds: int) -> None:
    """End this process after so many seconds of real time: nobody else does when the parent has died."""
    import signal

    signal.alarm(seconds)


def address_space() -> int:
    """Bytes of address space that this process has, 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def peak_memory() -> int:
    """The most bytes of real memory that this process has had, 0 where the system does not tell."""
    if resource is None:
        return 0
    try:
        # What getrusage tells on Linux begins with the memory of the process that this one was forked from.
        with open("/proc/self/status", "rb") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith(b"VmHWM:"))
    except (OSError, StopIteration):
        pass
    usage: Any = resource.getrusage(resource.RUSAGE_SELF)
    return int(usage.ru_maxrss) * (1 if sys.platform == "darwin" else 1024)
