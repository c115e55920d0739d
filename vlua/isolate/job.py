"""What goes into a worker and what comes out: ``Job`` and ``Result``.

In: Lua source and all that belongs to it. Out: results, output, changed files, or what went wrong and how the worker
ended. Both are plain data: no function, open file or Lua table crosses the border.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from vlua.errors import LimitExceeded, LuaError, LuaExit, LuaSyntaxError

if TYPE_CHECKING:
    from vlua.sandbox.policy import Policy
    from vlua.vfs.sources import Mount

__all__ = ["ErrorKind", "Job", "JobError", "Result", "WorkerDied"]

MEBIBYTE = 1 << 20

ErrorKind = Literal["error", "syntax", "limit", "exit", "refused", "memory", "deadline", "crash", "protocol"]


class WorkerDied(Exception):
    """A worker ended before it had answered; ``kind`` is one of those that ``JobError`` describes."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def _source(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _arguments(value: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value)


def _bytes_by_name(value: Mapping[str, str | bytes]) -> dict[str, bytes]:
    return {str(name): _source(data) for name, data in value.items()}


def _mounts(value: Iterable[Any]) -> tuple[Mount, ...]:
    from vlua.vfs.sources import Mount, parse_mount

    found = []
    for item in value:
        mount = parse_mount(item) if isinstance(item, str) else item if isinstance(item, Mount) else Mount(*item)
        if mount.access == "read-write":
            raise ValueError(f"mounts: {mount.path} is read-write, and a worker cannot write to the host")
        source = mount.source
        if not isinstance(source, str | os.PathLike):
            raise TypeError(f"mounts: a path or URL expected, got {type(source).__name__}")
        source = os.fspath(source)
        # the worker's current folder is not this process's
        found.append(attrs.evolve(mount, source=source if "://" in source else os.path.abspath(source)))
    return tuple(found)


def _positive_or_none(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not (isinstance(value, int | float) and 0 < value < float("inf")):
        raise ValueError(f"{attribute.name}: a number above 0 expected, got {value!r}")


def _all_bytes(_: Any, attribute: attrs.Attribute[Any], value: dict[str, Any]) -> None:
    for name, data in value.items():
        if not isinstance(data, bytes):
            raise TypeError(f"{attribute.name}: text or bytes expected for {name!r}, got {type(data).__name__}")


@attrs.frozen(kw_only=True)
class Job:
    """One chunk of Lua to run in a worker of its own.

    * ``source``: Lua source, text or bytes; ``chunkname``: what errors call it (``"@main.lua"``, ``"=label"``);
      ``args``: its ``...``, plain data.
    * ``policy``: as for ``LuaRuntime``; ``None`` is that of the ``Isolate``.
    * ``files``, ``modules``, ``env``: as for ``LuaRuntime``, but text and bytes only.
    * ``mounts``: as for ``LuaRuntime``, sources by path or URL only, and none that is read-write: the worker reads
      them itself, and cannot write.
    * ``globals``: plain data to set as global variables.
    * ``stdin``: what there is to read.
    * ``deadline``: seconds of real time until the parent kills the worker; ``None`` waits forever.
    * ``memory``: bytes of address space that the job may take in addition to what the idle worker has;
      ``output``: bytes that it may write to stdout and stderr; ``answer``: bytes of its results and changed files.
      ``None`` is no limit (4 GiB for ``answer``).
    * ``name``: what reports call the job.

    Raises ValueError or TypeError for figures, files and mounts that cannot be.
    """

    source: bytes = attrs.field(converter=_source, validator=attrs.validators.instance_of(bytes))
    name: str = "job"
    chunkname: str | None = None
    args: tuple[Any, ...] = attrs.field(default=(), converter=_arguments)
    policy: Policy | str | os.PathLike[str] | None = None
    files: Mapping[str, bytes] = attrs.field(factory=dict, converter=_bytes_by_name, validator=_all_bytes)
    modules: Mapping[str, bytes] = attrs.field(factory=dict, converter=_bytes_by_name, validator=_all_bytes)
    env: Mapping[str, str] = attrs.field(factory=dict)
    mounts: tuple[Mount, ...] = attrs.field(default=(), converter=_mounts)
    globals: Mapping[str, Any] = attrs.field(factory=dict)
    stdin: bytes = attrs.field(default=b"", converter=_source, validator=attrs.validators.instance_of(bytes))
    deadline: float | None = attrs.field(default=10.0, validator=_positive_or_none)
    memory: int | None = attrs.field(default=512 * MEBIBYTE, validator=_positive_or_none)
    output: int | None = attrs.field(default=16 * MEBIBYTE, validator=_positive_or_none)
    answer: int | None = attrs.field(default=64 * MEBIBYTE, validator=_positive_or_none)


@attrs.frozen
class JobError:
    """Why a job has no results. ``kind`` says who stopped it:

    * ``"error"``, ``"syntax"``: a Lua error; ``traceback`` is the Lua stack. ``"exit"``: ``os.exit``; ``status``.
    * ``"limit"``: a limit of the policy or of the job; ``limit`` names it, ``allowed`` is its figure.
    * ``"refused"``: the job could not be given to a runtime, or its results cannot leave one.
    * ``"deadline"``, ``"memory"``, ``"crash"``, ``"protocol"``: the worker was killed at the deadline, ran out of
      memory, died by itself, or sent what no worker of ours sends.
    """

    kind: ErrorKind
    message: str
    traceback: str | None = None
    limit: str | None = None
    allowed: float | None = None
    status: int | None = None

    @property
    def exception(self) -> Exception:
        """The exception that a ``LuaRuntime`` would have raised; WorkerDied for what no runtime raises."""
        if self.kind == "limit":
            return LimitExceeded(self.limit or "", self.allowed or 0)
        if self.kind == "exit":
            return LuaExit(self.status or 0)
        if self.kind in ("error", "syntax"):
            return (LuaSyntaxError if self.kind == "syntax" else LuaError)(self.message, self.traceback)
        return WorkerDied(self.message, self.kind)


@attrs.frozen(kw_only=True)
class Result:
    """What became of a job.

    * ``values``: what the chunk returned: ``None``, booleans, numbers, text or bytes, lists (tables that are
      sequences) and dicts (other tables). Empty after an error.
    * ``stdout``, ``stderr``: what it wrote, also before an error or a crash.
    * ``changes``: the files that it made or changed, by path, with their content; ``None`` for removed ones. Empty
      when the worker died.
    * ``error``: why there are no values, or ``None``.
    * ``usage``: figures of the runtime and of the worker (``instructions``, ``seconds``, ``peak_process_bytes``, …).
    * ``ending``: how the worker ended: ``"answered"``, or a sentence such as ``"killed by signal 11 (SIGSEGV)"``.
    """

    job: Job = attrs.field(repr=lambda job: repr(job.name))
    values: tuple[Any, ...] = ()
    stdout: bytes = b""
    stderr: bytes = b""
    changes: Mapping[str, bytes | None] = attrs.field(factory=dict)
    error: JobError | None = None
    usage: Mapping[str, int | float] = attrs.field(factory=dict)
    ending: str = "answered"

    @property
    def ok(self) -> bool:
        """Whether the job ran to its end."""
        return self.error is None

    def value(self) -> Any:
        """The results as ``LuaRuntime.execute`` gives them: none is ``None``, one comes naked, several as a tuple.

        Raises LuaError, LuaSyntaxError, LimitExceeded, LuaExit as it does, and WorkerDied.
        """
        if self.error is not None:
            raise self.error.exception
        return self.values[0] if len(self.values) == 1 else self.values or None
