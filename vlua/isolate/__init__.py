"""Hard isolation: the same runtime in a worker process, for the code that one trusts least.

In: a ``Job``. Out: a ``Result``, whatever becomes of the worker.
Names are imported on first use, so that a worker does not load what only its parent needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlua.isolate.job import Job, JobError, Result, WorkerDied
    from vlua.isolate.pool import Isolate

__all__ = ["Isolate", "Job", "JobError", "Result", "WorkerDied"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'vlua.isolate' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module("vlua.isolate.pool" if name == "Isolate" else "vlua.isolate.job"), name)
    globals()[name] = value
    return value
