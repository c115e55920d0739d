"""The worker: runs jobs that come in on one pipe and answers on another.

In: frames with jobs, from the parent. Out: frames with output, then one with the answer. The worker is the less
trusted side: its parent believes nothing that it says without looking.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import Any

from vlua.errors import LuaError
from vlua.isolate.outcome import changed_files, error_fields, figures, plain
from vlua.isolate.rlimits import restrict
from vlua.isolate.wire import (
    ANSWER,
    HEADER,
    INPUT,
    JOB,
    LONGEST,
    OUTPUT_PIECE,
    READY,
    STDERR,
    STDOUT,
    WANTED,
    WireError,
    decode,
    encode,
    frame,
    frame_length,
)
from vlua.runtime import LuaRuntime

__all__ = ["main"]


class Channel:
    """The two pipes to the parent."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self.incoming = os.fdopen(incoming, "rb")
        self.outgoing = outgoing

    def send(self, kind: bytes, payload: bytes) -> None:
        """Write one frame in full."""
        data = memoryview(frame(kind, payload))
        while data:
            data = data[os.write(self.outgoing, data) :]

    def receive(self) -> tuple[bytes, bytes]:
        """Read one frame. Raises EOFError when the parent is gone."""
        header = self.incoming.read(HEADER.size)
        if len(header) < HEADER.size:
            raise EOFError
        kind, length = frame_length(header, {JOB: LONGEST, INPUT: LONGEST})
        payload = self.incoming.read(length)
        if len(payload) < length:
            raise EOFError
        return kind, payload


class Outlet:
    """A binary stream whose bytes go to the parent."""

    def __init__(self, channel: Channel, kind: bytes) -> None:
        self.channel = channel
        self.kind = kind

    def write(self, data: bytes) -> int:
        """Send the bytes at once: nothing that was written is lost when the worker dies."""
        for start in range(0, len(data), OUTPUT_PIECE):
            self.channel.send(self.kind, data[start : start + OUTPUT_PIECE])
        return len(data)

    def flush(self) -> None:
        """Nothing is kept."""


class Inlet:
    """A binary stream whose bytes the parent is asked for when they are needed."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def read1(self, size: int) -> bytes:
        """At most ``size`` bytes, none at the end of the input."""
        self.channel.send(WANTED, encode(size))
        kind, data = self.channel.receive()
        if kind != INPUT:
            raise EOFError
        return data


def main() -> None:
    """Serve jobs until the parent closes the pipe; the process's standard streams are the pipes, and then nothing."""
    channel = Channel(os.dup(0), os.dup(1))
    _settle()
    _warm_up()
    channel.send(READY, b"")
    while True:
        try:
            kind, payload = channel.receive()
        except EOFError:
            return
        if kind != JOB:
            return
        job = decode(payload)
        answer = _answer(job, channel)
        try:
            data = encode(answer)
        except (WireError, MemoryError, RecursionError) as error:
            fields = error_fields(error)
            data = encode({"values": [], "changes": {}, "usage": {}, "error": fields})
        channel.send(ANSWER, data)
        if job["last"]:
            return
        _stop_alarm()


def _warm_up() -> None:
    """Load what a job may need before it comes: modules that are imported on first use take longer than most jobs."""
    with LuaRuntime("virtual", files={"/old": b"x"}, stdin=b"") as lua:
        lua.execute("for _ in io.lines('/old') do end local f = io.open('/new', 'w') f:write(os.date()) f:close()")
        lua.execute("return pcall(require, 'missing'), pcall(error), ('x'):find('%w+'), coroutine.wrap(type)(1)")
        changed_files(lua)
        figures(lua)


def _settle() -> None:
    """Leave everything of the parent behind: standard streams, folder, session, variables."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    sys.stdout = sys.stderr = sys.stdin = None
    os.chdir(os.path.abspath(os.sep))
    os.environ.clear()
    os.umask(0o077)


def _stop_alarm() -> None:
    import signal

    if hasattr(signal, "alarm"):
        signal.alarm(0)


def _answer(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Run one job; what to tell the parent."""
    answer: dict[str, Any] = {"values": [], "changes": {}, "usage": {}, "error": None}
    lua = None
    try:
        restrict(memory=job["memory"], seconds=job["deadline"], for_good=job["last"])
        lua = LuaRuntime(
            # from the parent, which this side trusts; nothing is ever unpickled on the other
            pickle.loads(job["policy"]),
            files=job["files"],
            modules=job["modules"],
            env=job["env"],
            mounts=[tuple(mount) for mount in job["mounts"]],
            stdin=Inlet(channel) if job["stdin"] is None else job["stdin"],
            stdout=Outlet(channel, STDOUT),
            stderr=Outlet(channel, STDERR),
        )
        for name, value in job["globals"].items():
            lua.globals()[name] = value
        values = _results(lua, job)
        answer["values"] = [plain(value) for value in values]
    except Exception as error:
        answer["error"] = error_fields(error)
    try:
        if lua is not None:
            answer["usage"] = figures(lua)
            answer["changes"] = changed_files(lua)
    except Exception as error:
        answer["error"] = answer["error"] or error_fields(error)
    return answer


def _results(lua: LuaRuntime, job: dict[str, Any]) -> tuple[Any, ...]:
    """Run the chunk and close the state as `lua` does: finalizers run, and an error in one is the job's."""
    try:
        results = lua.execute(job["source"], *job["args"], name=job["chunkname"])
    except LuaError:
        lua.close()
        raise
    lua.close()
    return results if isinstance(results, tuple) else () if results is None else (results,)
