"""``LuaRuntime``: one sandbox, as a Python program sees it.

In: a policy, files, modules, environment, streams; Lua source. Out: results as Python values, or ``LuaError``,
``LuaSyntaxError``, ``LimitExceeded``, ``LuaExit``.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vlua.children import Children, open_state
from vlua.entry import Entry
from vlua.marshalling import Marshaller
from vlua.modules import preload_module
from vlua.proxy import LuaFunction, LuaTable
from vlua.sandbox.gate import Gate
from vlua.sandbox.memory import MemoryWatch
from vlua.sandbox.policy import Policy
from vlua.sandbox.usage import Usage, usage_of
from vlua.vfs import Room
from vlua.vm.meter import Meter

if TYPE_CHECKING:
    from os import PathLike

    from vlua.sandbox.audit import Audit, AuditEvent
    from vlua.vfs.apply import Report
    from vlua.vfs.changes import Changes
    from vlua.vfs.programs.host import HostCommand
    from vlua.vfs.pyfilesystem import FS
    from vlua.vfs.snapshot import Snapshot

__all__ = ["LuaRuntime"]


class LuaRuntime:
    """A Lua 5.3 runtime with files, libraries and limits of its own; two runtimes share nothing.

    One thread at a time runs a runtime's code; others that call in wait.

    * ``policy``: what scripts may do: a ``Policy``, the name of a preset (``"virtual"``, ``"refuse"``) or the path of
      a TOML file. Without one, the preset that the environment variable ``VLUA_MODE`` names, else ``"virtual"``.
    * ``files``: the files that scripts see: a PyFilesystem2 filesystem, which scripts then read and write, or a mapping
      of paths to contents, which live in memory: text (stored as UTF-8), bytes, another mapping (a directory), a
      ``Path`` (a file or a directory of the host) or a filesystem, read when they are first needed, or a function that
      returns text or bytes, called once when the file is first read. Without any, an empty filesystem in memory.
    * ``modules``: what ``require`` finds before it looks for files, by name: Lua source as text or bytes; a Python
      module, of which scripts see the functions that its ``__all__`` declares; a function that makes the module: it is
      called with the name when a script first requires it, and what it returns takes its place (a function that it
      returns is the module); or anything else that can be passed to Lua, such as a dict of Python functions.
    * ``env``: the variables of ``os.getenv``, besides those of the policy. The host's own are not seen unless the
      policy passes them on.
    * ``mounts``: directories, archives, URLs or filesystems that appear among the files: ``{path: source}``, or a list
      of texts ``SRC:/PATH[:ro|rw|overlay]``, tuples ``(source, path, access)`` and ``Mount`` objects. What
      scripts write under one stays in memory above it; with ``"ro"`` (read-only) they cannot write there, and only with
      ``"rw"`` (read-write) is the source itself changed.
    * ``directory``: where relative paths start; made if it is missing. By default what the policy says, else "/".
    * ``stdin``, ``stdout``, ``stderr``: text or binary streams. Without them the input is empty, and output goes to
      ``sys.stdout`` and ``sys.stderr``.
    * ``encoding``: of text on the Lua side, where strings are bytes. A Lua string that is not text in it arrives as
      ``bytes``; with ``None`` every one does.

    * ``commands``: what ``os.execute`` and ``io.popen`` can run besides ``lua`` and a few small programs (``echo``,
      ``cat``, ``ls``, ``rm``, ``mkdir``, …): functions by name, or ``None`` to take a program away. One is called
      with its arguments (a list of text, its name left out), a binary file to read from, and two to write text or
      bytes to, stdout and stderr. It returns the exit code, 0 to 255; ``None`` is 0. When it raises an exception, its
      text goes to stderr and the exit code is 1. Nothing here ever starts a process of the host.
    * ``audit``: ``True`` to keep a record of everything that scripts ask for, an ``Audit`` to keep it in, or a function
      to be called with each ``AuditEvent``. Without one nothing is recorded, at no cost.

    Raises PolicyError for a policy that cannot be used, NotADirectoryError for a mount whose source is not there,
    FileNotFoundError for a ``Path`` that is not, TypeError or ValueError for other files, modules and mounts that
    cannot be.
    """

    def __init__(
        self,
        policy: Policy | str | PathLike[str] | None = None,
        *,
        files: Mapping[str, Any] | FS | None = None,
        modules: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        mounts: Mapping[str, Any] | Iterable[Any] = (),
        directory: str | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        encoding: str | None = "utf-8",
        commands: Mapping[str, HostCommand | None] | None = None,
        audit: Audit | Callable[[AuditEvent], object] | bool | None = None,
    ) -> None:
        self._policy = Policy.default() if policy is None else Policy.load(policy)
        limits = self._policy.limits
        meter = Meter(limits=limits, clock=time.monotonic, cpu_clock=time.thread_time)
        self._audit = None if audit is None else record_of(audit)
        gate = Gate(self._policy, self._audit)
        children = Children(gate, meter, (modules or {}) if self._policy.modules.share else {}, encoding)
        self._room = Room(
            files,
            mounts=all_mounts(self._policy, mounts),
            directory=self._policy.filesystem.working_directory if directory is None else directory,
            quota=self._policy.filesystem.quota,
            rules=self._policy.filesystem.rules,
            on_event=None if self._audit is None else gate.on_file,
            environment={**self._policy.environment.values(), **(env or {})},
            **streams_of(self._policy, stdin, stdout, stderr),
            clock=self._policy.clock.make(),
            commands=commands,
            make_state=children,
            judge=gate,
        )
        self._room.set_limits(limits, meter.write)
        self._memory = MemoryWatch(meter, limits.memory, time.monotonic)
        self._state = open_state(gate, meter, self._room)
        self._entry = Entry(self._state, self._room)
        children.parent = weakref.ref(self._entry)
        self._room.lock = self._entry.lock
        self._marshaller = self._entry.marshaller = Marshaller(self._state, self._entry, encoding)
        self._require = self._state.globals.get("require")  # a script may replace the global
        for name, module in (modules or {}).items():
            preload_module(self._state, self._marshaller, name, module)

    def __repr__(self) -> str:
        return f"<LuaRuntime with policy {self._policy.name!r}>"

    def __enter__(self) -> LuaRuntime:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the runtime as ``lua_close`` does: finalizers (``__gc``) run, sleeping coroutines end, files close.

        Raises LuaError for an error in a finalizer, LimitExceeded. Without this call the memory is freed as any
        object's is, but no finalizer runs.
        """
        try:
            self._entry(self._state.close)
        finally:
            self._room.close_files()

    @property
    def policy(self) -> Policy:
        """What scripts of this runtime may do."""
        return self._policy

    @property
    def audit(self) -> Audit | None:
        """The record of what scripts have asked for; ``None`` when none is kept."""
        return self._audit

    @property
    def fs(self) -> FS:
        """The PyFilesystem2 filesystem that scripts see, mounts included: read what they have written, add files.

        The rules of the policy do not bind the host, its quota does.
        """
        return self._room.stack.host

    def snapshot(self) -> Snapshot:
        """Remember the files as they are now: ``restore()`` of the result puts them back. Nothing is copied."""
        from vlua.vfs.snapshot import Snapshot

        with self._entry.lock:
            return Snapshot(self._room)

    def changes(self, since: Snapshot | None = None) -> Changes:
        """What was added, removed, changed and renamed among the files since a snapshot, by default since the start.

        What the host changed through ``fs`` counts too. Raises ValueError for another runtime's snapshot.
        """
        from vlua.vfs.snapshot import changes_of

        return changes_of(self._room, since)

    def apply(self, path: str = "/", *, dry_run: bool = False) -> Report:
        """Write what scripts changed below the overlay mounted at ``path`` to the host directory it lies above.

        File by file, atomically; a file that changed on the host since a script read it is refused. With ``dry_run``
        nothing is written. The result says what was done and what was not. Raises ValueError when there is no overlay
        of a host directory, ApplyInterrupted when Ctrl-C is pressed.
        """
        from vlua.vfs.apply import apply_changes

        with self._entry.lock:
            self._room.flush_files()
            overlay = self._room.stack.overlays.get(path)
            if overlay is None:
                raise ValueError(f"no overlay is mounted at {path!r}")
            return apply_changes(overlay, dry_run=dry_run)

    @property
    def usage(self) -> Usage:
        """What scripts have used so far; at any time and from any thread."""
        idle = self._entry.lock.acquire(blocking=False)
        try:
            return usage_of(self._state.meter, self._memory, self._room, idle)
        finally:
            if idle:
                self._entry.lock.release()

    def cancel(self) -> None:
        """Stop the script that runs, and refuse all later ones: LimitExceeded("cancelled"). From any thread."""
        self._state.meter.cancel()

    @property
    def instructions(self) -> int:
        """Calls and loop rounds that scripts have made so far."""
        return self._state.meter.used

    def execute(self, source: str | bytes, *args: Any, name: str | bytes | None = None) -> Any:
        """Run Lua source (manual §3.3.2) with ``args`` as its ``...``; what it returns.

        ``name`` is what errors call the source: ``"@main.lua"`` for a file, ``"=label"`` for anything else, by default
        the beginning of the source itself. No result is ``None``, several are a tuple.
        Raises LuaSyntaxError, LuaError, LimitExceeded, LuaExit.
        """
        return self.compile(source, name=name)(*args)

    def eval(self, expression: str | bytes, *args: Any, name: str | bytes | None = None) -> Any:
        """The value of a Lua expression, or a tuple for a list of several; parameters and errors as for ``execute``."""
        if isinstance(expression, str):
            return self.execute(f"return {expression}", *args, name=name)
        return self.execute(b"return " + expression, *args, name=name)

    def compile(self, source: str | bytes, *, name: str | bytes | None = None) -> LuaFunction:
        """Compile Lua source without running it; a function that runs it. Raises LuaSyntaxError."""
        if not isinstance(source, str | bytes) or not isinstance(name, str | bytes | None):
            raise TypeError("source and name must be text or bytes")
        code = self._marshaller.to_lua(source)
        chunkname = code if name is None else self._marshaller.to_lua(name)
        raw = self._entry(self._state.load, code, chunkname, self._state.globals)
        return LuaFunction(self._marshaller, raw)

    def globals(self) -> LuaTable:
        """The table of global variables (manual §2.2)."""
        return LuaTable(self._marshaller, self._state.globals)

    def table(self, *items: Any, **fields: Any) -> LuaTable:
        """A new Lua table with ``items`` at 1, 2, … and ``fields`` by name. Raises ValueError as conversions do."""
        return self.table_from(items, fields)

    def table_from(self, *sources: Mapping[Any, Any] | Iterable[Any] | LuaTable, recursive: bool = True) -> LuaTable:
        """A new Lua table with the content of mappings, as fields, and of iterables, as items 1, 2, ….

        Containers inside become tables as well; with ``recursive=False`` they are passed as opaque objects.
        Raises ValueError for integers outside 64 bits, keys that Lua does not allow and values of other runtimes.
        """
        return LuaTable(self._marshaller, self._marshaller.table_of(*sources, recursive=recursive))

    def require(self, name: str) -> Any:
        """Load a module as Lua's ``require`` does (manual §6.3): its value. Raises LuaError when there is none."""
        lua_name = self._marshaller.to_lua(name)
        return self._marshaller.to_python(self._entry(self._state.call1, self._require, lua_name))


def record_of(wanted: Any) -> Audit | None:
    """The record that a host asks for; the module is imported by those alone who want one."""
    from vlua.sandbox.audit import audit_of

    return audit_of(wanted)


def streams_of(policy: Policy, stdin: Any, stdout: Any, stderr: Any) -> dict[str, Any]:
    """The standard streams of a room: those that the host has given, where the policy lets them through."""
    output = sys.stdout if stdout is None else stdout
    errors = sys.stderr if stderr is None else stderr
    if policy.output.stdout == "discard":
        output = None
    if policy.output.stderr != "pass":
        errors = output if policy.output.stderr == "stdout" else None
    if stdin is None and policy.decide("io.stdin").verdict == "host":
        stdin = sys.stdin
    return {"stdin": stdin, "stdout": output, "stderr": errors}


def all_mounts(policy: Policy, mounts: Mapping[str, Any] | Iterable[Any]) -> Mapping[str, Any] | Iterable[Any]:
    """The mounts of the policy, and above them those that the host has given."""
    if not policy.filesystem.mounts:
        return mounts
    if isinstance(mounts, Mapping):
        mounts = [
            (source[0], path, *source[1:]) if isinstance(source, tuple) else (source, path)
            for path, source in mounts.items()
        ]
    return [*policy.filesystem.mounts, *mounts]
