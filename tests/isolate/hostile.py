"""A worker that was taken over: scripts in it can do to the process, and say to its parent, what they like.

In: jobs, as any worker. Out: whatever the job's script wants.
"""

from __future__ import annotations

import ctypes
import os
import resource
import time
from pathlib import Path
from typing import Any

from vlua.isolate import worker
from vlua.isolate.wire import encode
from vlua.runtime import LuaRuntime

__all__ = ["BOOTSTRAP", "main"]

ROOT = str(Path(__file__).resolve().parents[2])
BOOTSTRAP = f"import sys; sys.path[:] = [*{{path!r}}, {ROOT!r}]; from tests.isolate.hostile import main; main()"


class ArmedRuntime(LuaRuntime):
    """A runtime whose scripts have Python's hands."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "stdout" not in options:
            return  # the worker warms up
        self.__channel = options["stdout"].channel
        for function in (_segfault, _kill, _exit, _sleep, _close, _world, _write_file, _fork, _allocate, _raise):
            self.globals()[function.__name__[1:]] = function
        self.globals()["send"] = self.__send
        self.globals()["send_raw"] = lambda data: self.__send_raw(data)

    def __send(self, kind: str, *values: Any) -> None:
        """A frame with a plain value, given as a Lua table turned plain."""
        self.__channel.send(kind.encode(), encode(worker.plain(values[0])))

    def __send_raw(self, data: str | bytes) -> None:
        data = data if isinstance(data, bytes) else data.encode()
        os.write(self.__channel.outgoing, data)


def _segfault() -> None:
    ctypes.string_at(0)


def _kill(number: int) -> None:
    os.kill(os.getpid(), number)


def _exit(status: int) -> None:
    os._exit(status)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _close() -> None:
    """Close every pipe and stay alive."""
    os.closerange(0, 64)
    time.sleep(60)


def _raise() -> None:
    raise SystemExit(5)


def _world() -> dict[str, Any]:
    """What the process sees of the world."""
    limits = {}
    for name in ("AS", "CPU", "CORE", "FSIZE", "NOFILE", "NPROC"):
        limits[name] = list(resource.getrlimit(getattr(resource, f"RLIMIT_{name}")))
    descriptors = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            descriptors[name] = os.readlink(f"/proc/self/fd/{name}").split(":")[0]
        except OSError:
            pass
    return {
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "descriptors": descriptors,
        "limits": limits,
        "session": os.getsid(0),
        "pid": os.getpid(),
    }


def _write_file(path: str) -> str:
    try:
        with open(path, "wb", buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        return type(error).__name__ + " " + str(error.errno)
    return "written"


def _fork() -> str:
    if os.getuid() == 0:
        os.setresuid(65534, 65534, 65534)  # the system does not count root's processes
    try:
        if os.fork() == 0:
            os._exit(0)
    except OSError:
        return "refused"
    return "forked"


def _allocate(size: int) -> str:
    try:
        bytes(size)
    except MemoryError:
        return "refused"
    return "allocated"


def main() -> None:
    worker.LuaRuntime = ArmedRuntime  # type: ignore[misc]
    worker.main()
