"""``vlua run --isolate``: the script in a worker process.

In: what ``vlua run`` was given. Out: an exit status; output goes to the terminal while the script runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vlua.cli.report import LIMIT, LUA_ERROR, OK, USAGE, as_bytes, complain, report

if TYPE_CHECKING:
    from vlua.isolate import JobError
    from vlua.sandbox.policy import Policy
    from vlua.vfs.sources import Mount

__all__ = ["run_isolated"]

GRACE = 1.0  # seconds for the runtime's own limit to act before the worker is killed
HEADROOM = 128 << 20  # bytes of address space besides twice what the policy allows for values


def run_isolated(
    source: bytes, name: str, shown: str, args: Sequence[str], policy: Policy, mounts: Sequence[Mount], env: Any
) -> int:
    """Run a script in a worker; its exit status. ``shown`` is what errors call the script."""
    from vlua.isolate import Isolate, Job, WorkerDied

    arguments = [as_bytes(argument) for argument in args]
    limits = policy.limits
    try:
        job = Job(
            source=source,
            name=name,
            chunkname=shown,
            args=arguments,
            mounts=mounts,
            env=env,
            globals={"arg": {-1: "vlua", 0: as_bytes(name), **dict(enumerate(arguments, 1))}},
            deadline=None if limits.wall_time is None else limits.wall_time + GRACE,
            memory=None if limits.memory is None else 2 * limits.memory + HEADROOM,
            output=None,
            answer=None,
        )
        with Isolate(1, policy, ready=0) as isolate:
            result = isolate.run(job, stdin=binary(sys.stdin), stdout=binary(sys.stdout), stderr=binary(sys.stderr))
    except (ValueError, TypeError, NotImplementedError) as error:
        complain(str(error))
        return USAGE
    except WorkerDied as error:
        complain(str(error))
        return LUA_ERROR
    return OK if result.error is None else status_of(result.error)


def status_of(error: JobError) -> int:
    """Tell the user of an error; the exit status for it."""
    if error.kind == "exit":
        return error.status or OK
    if error.kind in ("error", "syntax"):
        exception: Any = error.exception
        report(exception)
        return LUA_ERROR
    if error.kind == "refused" and "cannot leave its runtime" in error.message:
        return OK  # what a script returns is nothing to the command line
    complain(error.message)
    return {"limit": LIMIT, "deadline": LIMIT, "memory": LIMIT, "refused": USAGE}.get(error.kind, LUA_ERROR)


def binary(stream: Any) -> Any:
    """The binary stream under a text stream."""
    return getattr(stream, "buffer", stream)
