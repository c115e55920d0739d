"""Pipes, and the jobs that fill them: commands that run beside the one that reads what they write.

A job has a greenlet of its own. It runs until its pipe is full, or has something for a reader that waits, and goes on
when the reader wants more: two commands at the two ends of a pipe take turns, and which one runs is never a matter of
chance.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from greenlet import error as GreenletError
from greenlet import getcurrent, greenlet

from vlua.vfs.failure import EBADF, EIO, ESPIPE, Failure
from vlua.vfs.programs.process import SIGKILL, SIGPIPE, Killed, Process, Processes, Status
from vlua.vfs.stream import Stream

__all__ = ["Job", "Pipe", "PipeInput", "PipeOutput", "filled"]

CAPACITY = 65536  # bytes that a pipe takes before its writer has to wait, as on Linux


class Job:
    """A command that runs in turns with whoever waits for it; ``work`` runs it and tells how it ended.

    ``status`` is ``None`` until the end; ``running`` tells that it, or something that it waits for, has its turn.
    """

    def __init__(self, processes: Processes, work: Callable[[], Status]) -> None:
        self.processes = processes
        self.work: Callable[[], Status] | None = work
        self.status: Status | None = None
        self.running = False
        self.greenlet: greenlet | None = None
        self.sleeper: greenlet | None = None  # what goes on when the job does: a greenlet inside of it, perhaps
        self.waiter: greenlet | None = None

    def resume(self) -> None:
        """Run until it pauses or ends. Raises what ends the whole runtime, Failure from another thread of the host."""
        self._enter(None)

    def kill(self, killed: Killed) -> None:
        """Unwind a job that sleeps."""
        if self.greenlet is None and self.status is None:
            killed.process.end()
            self._end(Status("signal", killed.signal))
        elif self.status is None:
            self._enter(killed)

    def pause(self) -> None:
        """Give the turn back to whoever resumed the job; called from inside of it. Raises as ``deliver`` does."""
        processes = self.processes
        process = processes.current
        assert self.waiter is not None
        self.sleeper = getcurrent()
        self.waiter.switch()
        processes.current = process
        if process is not None:
            process.deliver()

    def finish(self) -> Status:
        """Run to the end, however often it pauses."""
        while self.status is None:
            self.resume()
        return self.status

    def _enter(self, killed: Killed | None) -> None:
        if self.status is not None or self.running:
            return
        before = self.processes.current
        here = getcurrent()
        if self.greenlet is None:
            self.greenlet = self.sleeper = greenlet(self._run)
        assert self.sleeper is not None
        self.running = True
        waiter, self.waiter = self.waiter, here
        try:
            self.greenlet.parent = here
            if killed is None:
                self.sleeper.switch()
            else:
                self.sleeper.throw(killed)
        except (ValueError, GreenletError):
            # It sleeps in another thread of the host, which alone could wake it up.
            self._end(Status("signal", SIGKILL))
            raise Failure(EIO) from None
        finally:
            self.running = False
            self.waiter = waiter
            self.processes.current = before
            if self.greenlet is not None:
                self.greenlet.parent = outermost(here)  # so that it does not keep the coroutine that waited alive

    def _run(self) -> None:
        work = self.work
        assert work is not None
        self.processes.current = None
        try:
            self._end(work())
        except Killed as killed:
            self._end(Status("signal", killed.signal))
        finally:
            if self.status is None:
                self._end(Status("signal", SIGKILL))

    def _end(self, status: Status) -> None:
        self.status = status
        self.work = self.greenlet = self.sleeper = None


def outermost(here: greenlet) -> greenlet:
    """The greenlet that the host thread began with."""
    while here.parent is not None:
        here = here.parent
    return here


class Pipe:
    """Bytes on their way from ``writers`` to one reader. ``charge`` is told of them before they are kept."""

    def __init__(self, processes: Processes, charge: Callable[[int], None]) -> None:
        self.processes = processes
        self.charge = charge
        self.chunks: deque[str] = deque()
        self.size = 0
        self.writers: list[Job] = []
        self.active: Job | None = None
        self.awaited = False
        self.closed = False

    def put(self, text: str) -> None:
        """Write. Raises Killed when nobody will ever read."""
        if not self.closed:
            self.charge(len(text))
            self.chunks.append(text)
            self.size += len(text)
            if self.active is not None and (self.awaited or self.size >= CAPACITY):
                self.active.pause()
        current = self.processes.current
        if self.closed and current is not None:
            raise Killed(current, SIGPIPE)

    def take(self) -> str:
        """The next bytes, waiting for them if need be; "" once every writer has ended."""
        while not self.chunks:
            job = next((job for job in self.writers if job.status is None and not job.running), None)
            if job is None:
                return ""
            self.run(job, True)
        text = self.chunks.popleft()
        self.size -= len(text)
        return text

    def run(self, job: Job, awaited: bool) -> None:
        """Give a writer its turn; ``awaited`` makes it come back with the first bytes that it writes."""
        self.active, self.awaited = job, awaited
        try:
            job.resume()
        finally:
            self.active, self.awaited = None, False

    def close(self) -> None:
        """Nobody reads any more: let every writer go on to its end, or to its next write, which kills it."""
        self.closed = True
        self.chunks.clear()
        self.size = 0
        for job in self.writers:  # a job may add further ones
            job.finish()

    def abandon(self, process: Process) -> None:
        """Kill every writer, on behalf of the process that would have read."""
        for job in self.writers:
            job.kill(Killed(process, SIGPIPE))


class PipeInput(Stream):
    """The reading end of a pipe."""

    __slots__ = ("pipe",)

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(None, "r", pipe.charge)
        self.pipe = pipe

    def _fetch(self, size: int) -> str:
        self.ahead, self.position = "", 0
        return self.pipe.take()

    def write(self, text: str) -> None:
        """Nothing can be written at this end: raises Failure (Bad file descriptor)."""
        raise Failure(EBADF)

    def read_bytes(self, count: int) -> str | None:
        """The next ``count`` bytes, fewer at the end, ``None`` when there are none."""
        pieces: list[str] = []
        while count > 0 and self.peek():
            pieces.append(self.ahead[self.position : self.position + count])
            self.position += len(pieces[-1])
            count -= len(pieces[-1])
        return "".join(pieces) or None

    def seek(self, whence: str, offset: int) -> int:
        """Pipes have no position: raises Failure (Illegal seek)."""
        raise Failure(ESPIPE)

    def close(self) -> None:
        """Close this end."""
        self.pipe.close()


class PipeOutput(Stream):
    """The writing end of a pipe, buffered as any other file."""

    __slots__ = ("pipe",)

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(None, "w", pipe.charge)
        self.pipe = pipe

    def flush(self) -> None:
        """Hand pending writes to the pipe, which may give the reader its turn."""
        if self.pending:
            text = "".join(self.pending)
            self.pending.clear()
            self.pending_size = 0
            self.pipe.put(text)

    def seek(self, whence: str, offset: int) -> int:
        """Pipes have no position: raises Failure (Illegal seek)."""
        raise Failure(ESPIPE)

    def close(self) -> None:
        """Close this end."""
        self.flush()


def filled(processes: Processes, charge: Callable[[int], None], chunks: Iterable[str]) -> Pipe:
    """A pipe that already holds all that will ever be written to it."""
    pipe = Pipe(processes, charge)
    pipe.chunks.extend(chunks)
    pipe.size = sum(map(len, pipe.chunks))
    return pipe
