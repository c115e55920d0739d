"""``Isolate``: workers that stand ready for jobs.

In: jobs. Out: results. A worker that has died or served its time is replaced by a fresh one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Any

from vlua.isolate.job import Job, Result, WorkerDied
from vlua.isolate.process import NeverStarted, Streams, WorkerProcess
from vlua.sandbox.policy import Policy

__all__ = ["Isolate"]

STARTS = 3  # attempts to start a worker for a job


class Isolate:
    """Runs jobs in worker processes, ``workers`` at a time, each in a runtime of its own.

    Workers are fresh interpreters, not forks: they have no memory, descriptor, variable or folder of the host's
    process. ``ready`` of them, by default as many as work at a time, start ahead of the jobs, so that a job does not
    wait for one. ``policy`` holds for jobs that have none. With ``jobs_per_worker`` 1 every job has a process of its
    own; more saves the start, and lets code that has taken over a worker meet the jobs that follow. Threads may share
    an ``Isolate``.

    A context manager: leaving it waits for submitted jobs, or kills their workers when an exception is on its way.
    Raises PolicyError as ``Policy.load`` does, ValueError for figures below 1, NotImplementedError on Windows.
    """

    def __init__(
        self,
        workers: int = 2,
        policy: Policy | str | os.PathLike[str] | None = None,
        *,
        jobs_per_worker: int = 1,
        ready: int | None = None,
    ) -> None:
        if os.name != "posix":
            raise NotImplementedError("isolation needs the processes of a POSIX system")
        if workers < 1 or jobs_per_worker < 1 or (ready is not None and ready < 0):
            raise ValueError("workers and jobs_per_worker must be at least 1, ready at least 0")
        self._policy = Policy.default() if policy is None else Policy.load(policy)
        self._jobs_per_worker = jobs_per_worker
        self._places = BoundedSemaphore(workers)
        self._threads = ThreadPoolExecutor(workers, "vlua-isolate")
        self._lock = Lock()
        self._closed = False
        self._busy: set[WorkerProcess] = set()
        self._ready = workers if ready is None else ready
        self._spare = [WorkerProcess() for _ in range(self._ready)]

    def __enter__(self) -> Isolate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait=kind is None)

    def close(self, *, wait: bool = True) -> None:
        """End all workers, after the jobs that were submitted or, without ``wait``, in the middle of them.

        Jobs that had not begun by then are cancelled; those in the middle have a result that tells of a crash.
        """
        if wait:
            self._threads.shutdown(wait=True)
        with self._lock:
            self._closed = True
            doomed = [*self._spare, *(() if wait else self._busy)]
            self._spare.clear()
        for worker in doomed:
            if worker in self._busy:
                worker.terminate()  # whoever runs it cleans up
            else:
                worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def run(self, job: Job, *, stdin: Any = None, stdout: Any = None, stderr: Any = None) -> Result:
        """Run one job and wait for its result.

        ``stdin``, ``stdout``, ``stderr`` are binary streams of the host that take the place of the job's ``stdin``
        and the result's ``stdout`` and ``stderr`` while it runs.
        Raises PolicyError, WireError (a ValueError) for arguments that are no plain data, WorkerDied when no worker
        can be started, RuntimeError after ``close``. What becomes of the job itself is in the result.
        """
        policy = self._policy if job.policy is None else Policy.load(job.policy)
        streams = Streams(stdin, stdout, stderr)
        problem = None
        with self._places:
            for _ in range(STARTS):
                worker = self._take()
                try:
                    return self._run_on(worker, job, policy, streams)
                except NeverStarted as error:  # killed while it was idle; the job has not begun
                    problem = error
        raise WorkerDied(f"{job.name}: {problem}", "crash")

    def submit(self, job: Job) -> Future[Result]:
        """Run a job on a thread; its result comes as a future. Raises RuntimeError after ``close``."""
        return self._threads.submit(self.run, job)

    def map(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """The results of many jobs in their order, as many at a time as there are workers."""
        return self._threads.map(self.run, jobs)

    def _run_on(self, worker: WorkerProcess, job: Job, policy: Policy, streams: Streams) -> Result:
        reusable = False
        try:
            last = worker.jobs + 1 >= self._jobs_per_worker
            result = worker.run(job, policy, streams, last=last)
            # after "no memory" nothing is sure
            reusable = not last and result.ending == "answered" and (result.error is None or _is_harmless(result))
            return result
        finally:
            with self._lock:
                self._busy.discard(worker)
                if reusable and not self._closed:
                    self._spare.append(worker)
                    worker = None  # type: ignore[assignment]
            if worker is not None:
                worker.kill()

    def _take(self) -> WorkerProcess:
        """A worker, one that stands ready if there is; in its place the next one starts."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the Isolate is closed")
            worker = None
            while self._spare and worker is None:
                candidate = self._spare.pop()
                if candidate.alive:
                    worker = candidate
                else:
                    candidate.kill()
            if worker is None:
                worker = WorkerProcess()
            self._busy.add(worker)
            if self._jobs_per_worker == 1 and len(self._spare) < self._ready:
                self._spare.insert(0, WorkerProcess())  # the oldest, which has loaded by now, is taken first
            return worker


def _is_harmless(result: Result) -> bool:
    return result.error is not None and result.error.kind in ("error", "syntax", "exit", "limit", "refused")
