"""One worker process, as its parent sees it.

In: a job. Out: a result, whatever the worker does: answer, crash, hang or lie.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import attrs

import vlua
from vlua.isolate.answer import checked_answer
from vlua.isolate.job import Job, JobError, Result
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
from vlua.sandbox.policy import Policy

__all__ = ["NeverStarted", "Streams", "WorkerProcess"]

# An interpreter that looks at no variable, user folder or current folder (-I) and writes no compiled files (-B).
COMMAND = (sys.executable, "-I", "-B", "-c")
BOOTSTRAP = "import sys; sys.path[:] = {path!r}; from vlua.isolate.worker import main; main()"

START_SECONDS = 60.0  # until an interpreter has started and loaded the runtime, on a busy machine
END_SECONDS = 5.0  # until a process whose pipe has ended is gone by itself
PIECE = 1 << 16  # bytes read at once


class NeverStarted(Exception):
    """The worker ended before it could take a job; the job may be given to another one."""


@attrs.frozen
class Streams:
    """Binary streams of the host in place of what jobs and results hold; ``None`` for those that they do."""

    stdin: Any = None
    stdout: Any = None
    stderr: Any = None


class WorkerProcess:
    """A worker, from its start on. It loads while its parent does other things; the first job waits for it."""

    def __init__(self) -> None:
        home = str(Path(vlua.__file__).resolve().parents[1])
        path = [entry for entry in sys.path if os.path.isabs(entry)]
        self.jobs = 0
        self._ready = False
        self._process = subprocess.Popen(
            [*COMMAND, BOOTSTRAP.format(path=path if home in path else [home, *path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input = self._process.stdin.fileno()
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._input, False)
        os.set_blocking(self._output, False)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs, as far as anybody can tell."""
        return self._process.poll() is None

    def terminate(self) -> None:
        """Kill the process and whatever it may have started in its session; whoever runs a job on it cleans up."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except OSError:
                self._process.kill()

    def kill(self) -> None:
        """End the process; it is gone, and its pipes are closed, when this returns."""
        process = self._process
        self.terminate()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def run(self, job: Job, policy: Policy, streams: Streams, *, last: bool) -> Result:
        """Have the job done. Unless the result's ending is ``"answered"``, the worker is dead afterwards.

        ``last`` says that no other job follows. Raises NeverStarted, and what a stream of ``streams`` raises.
        """
        payload = _job_payload(job, policy, streams, last)
        self._wait_until_ready()
        self.jobs += 1
        until = None if job.deadline is None else time.monotonic() + job.deadline
        talk = _Conversation(self, job, streams, until)
        try:
            self.send(frame(JOB, payload), until)
            answer = talk.answer()
        except TimeoutError:
            self.kill()
            error = JobError("deadline", f"{job.name}: not done after {job.deadline:g} s")
            return talk.result(error=error, ending="killed at the deadline")
        except (EOFError, BrokenPipeError):
            error, ending = self._end_of(job)
            return talk.result(error=error, ending=ending)
        except _TooMuchOutput:
            self.kill()
            message = f"limit exceeded: output (allowed: {job.output})"
            error = JobError("limit", message, limit="output", allowed=job.output)
            return talk.result(error=error, ending="killed for its output")
        except WireError as problem:
            self.kill()
            error = JobError("protocol", f"{job.name}: the worker does not keep to the protocol: {problem}")
            return talk.result(error=error, ending="killed for breaking the protocol")
        except BaseException:
            self.kill()
            raise
        return talk.result(**answer)

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        until = time.monotonic() + START_SECONDS
        try:
            kind, _ = frame_length(self.receive(HEADER.size, until), {READY: 0})
        except (EOFError, TimeoutError, WireError) as problem:
            self.kill()
            status = self._process.returncode
            raise NeverStarted(f"a worker did not start ({type(problem).__name__}, exit status {status})") from None
        self._ready = kind == READY

    def _end_of(self, job: Job) -> tuple[JobError, str]:
        """How the worker ended, now that its pipe has."""
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return JobError("protocol", f"{job.name}: the worker closed its pipe"), "killed after it closed its pipe"
        self.kill()
        if status >= 0:
            ending = f"ended by itself with exit status {status}"
            return JobError("crash", f"{job.name}: the worker {ending}"), ending
        name = _signal_name(-status)
        ending = f"killed by signal {-status} ({name})"
        if name in ("SIGXCPU", "SIGALRM"):
            return JobError("deadline", f"{job.name}: not done in time; the worker was {ending}"), ending
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return JobError("crash", f"{job.name}: the worker was {ending}{hint}"), ending

    # Bytes to and from the process, none of which may block for longer than the deadline

    def send(self, data: bytes, until: float | None) -> None:
        """Write all of ``data``. Raises TimeoutError, BrokenPipeError."""
        rest = memoryview(data)
        while rest:
            _wait_for(self._input, select.POLLOUT, until)
            try:
                rest = rest[os.write(self._input, rest) :]
            except BlockingIOError:
                # a pipe takes pieces up to PIPE_BUF in full or not at all
                time.sleep(0.001)

    def receive(self, count: int, until: float | None) -> bytes:
        """Read ``count`` bytes. Raises TimeoutError, EOFError."""
        pieces = []
        while count:
            _wait_for(self._output, select.POLLIN, until)
            piece = os.read(self._output, min(count, PIECE))
            if not piece:
                raise EOFError
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)


class _TooMuchOutput(Exception):
    """The job wrote more than it may."""


class _Conversation:
    """What is said about one job, until its answer."""

    def __init__(self, worker: WorkerProcess, job: Job, streams: Streams, until: float | None) -> None:
        self.worker = worker
        self.job = job
        self.streams = streams
        self.until = until
        self.written: dict[bytes, list[bytes]] = {STDOUT: [], STDERR: []}
        self.written_bytes = 0
        self.longest = {
            STDOUT: OUTPUT_PIECE,
            STDERR: OUTPUT_PIECE,
            WANTED: 16,
            ANSWER: LONGEST if job.answer is None else job.answer,
        }

    def answer(self) -> dict[str, Any]:
        """Serve the worker until it answers; the fields of the result. Raises as sending and receiving do."""
        while True:
            kind, length = frame_length(self.worker.receive(HEADER.size, self.until), self.longest)
            payload = self.worker.receive(length, self.until)
            if kind == ANSWER:
                return checked_answer(decode(payload))
            if kind == WANTED:
                self.give(decode(payload))
            else:
                self.take(kind, payload)

    def take(self, kind: bytes, data: bytes) -> None:
        """Keep a piece of output or pass it on."""
        self.written_bytes += len(data)
        if self.job.output is not None and self.written_bytes > self.job.output:
            raise _TooMuchOutput
        stream = self.streams.stdout if kind == STDOUT else self.streams.stderr
        if stream is None:
            if data:
                self.written[kind].append(data)
            return
        stream.write(data)
        stream.flush()

    def give(self, size: Any) -> None:
        """Send a piece of input."""
        if self.streams.stdin is None or type(size) is not int or size < 0:
            raise WireError("input asked for where there is none")
        read = getattr(self.streams.stdin, "read1", None) or self.streams.stdin.read
        self.worker.send(frame(INPUT, read(min(size, OUTPUT_PIECE))), self.until)

    def result(self, **fields: Any) -> Result:
        """The result, with the output so far."""
        out, err = (b"".join(self.written[kind]) for kind in (STDOUT, STDERR))
        return Result(job=self.job, stdout=out, stderr=err, **fields)


def _job_payload(job: Job, policy: Policy, streams: Streams, last: bool) -> bytes:
    fields = {
        "source": job.source,
        "chunkname": job.chunkname,
        "args": list(job.args),
        # the worker trusts its parent; the other way there are no pickles
        "policy": pickle.dumps(policy),
        "files": dict(job.files),
        "modules": dict(job.modules),
        "env": dict(job.env),
        "mounts": [[mount.source, mount.path, mount.access] for mount in job.mounts],
        "globals": dict(job.globals),
        "stdin": job.stdin if streams.stdin is None else None,
        "memory": job.memory,
        "deadline": job.deadline,
        "last": last,
    }
    return encode(fields)


def _wait_for(descriptor: int, event: int, until: float | None) -> None:
    """Wait until a pipe is ready. Raises TimeoutError when it is not in time."""
    left = None if until is None else until - time.monotonic()
    poll = select.poll()
    poll.register(descriptor, event)
    if (left is not None and left <= 0) or not poll.poll(None if left is None else left * 1000):
        raise TimeoutError


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "of no name"
