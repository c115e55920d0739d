"""``LuaRuntime``: one sandbox, as a Python program sees it.

In: a policy, files, modules, environment, streams; Lua source. Out: results as Python values, or ``LuaError``,
``LuaSyntaxError``, ``LimitExceeded``, ``LuaExit``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from vlua.entry import Entry
from vlua.marshalling import Marshaller
from vlua.proxy import LuaFunction, LuaTable
from vlua.sandbox.gate import close_gate
from vlua.sandbox.policy import DEFAULT_POLICY, Policy
from vlua.vfs import Room, open_room_libraries
from vlua.vm.frames import mark_native
from vlua.vm.lib import open_libraries
from vlua.vm.meter import Meter
from vlua.vm.state import State

if TYPE_CHECKING:
    from os import PathLike

    from vlua.vfs.programs.host import HostCommand
    from vlua.vfs.pyfilesystem import FS

__all__ = ["LuaRuntime", "Mount"]

# A host directory or PyFilesystem2 filesystem, the path it appears at, and whether scripts are kept from writing there.
Mount = tuple[Any, str, bool]


class LuaRuntime:
    """A Lua 5.3 runtime with files, libraries and limits of its own; two runtimes share nothing.

    One thread at a time runs a runtime's code; others that call in wait.

    * ``policy``: what scripts may do: a ``Policy``, the name of a preset (``"virtual"``, ``"refuse"``) or the path of
      a TOML file. Without one, ``vlua.sandbox.policy.DEFAULT_POLICY``.
    * ``files``: the files that scripts see: ``{path: text or bytes}`` or a PyFilesystem2 filesystem, which scripts
      then read and write. Without any, an empty filesystem in memory.
    * ``modules``: what ``require`` finds before it looks for files, by name: Lua source as text or bytes, or anything
      that can be passed to Lua, such as a dict of Python functions.
    * ``env``: the variables of ``os.getenv``. The host's own are never seen.
    * ``mounts``: triples ``(host directory or filesystem, path, read_only)``. What scripts write under one that is
      not read-only stays in memory above it: a mounted directory is never changed.
    * ``stdin``, ``stdout``, ``stderr``: text or binary streams. Without them the input is empty, and output goes to
      ``sys.stdout`` and ``sys.stderr``.
    * ``encoding``: of text on the Lua side, where strings are bytes. A Lua string that is not text in it arrives as
      ``bytes``; with ``None`` every one does.

    * ``commands``: what ``os.execute`` and ``io.popen`` can run besides ``lua`` and a few small programs (``echo``,
      ``cat``, ``ls``, ``rm``, ``mkdir``, …): functions by name, or ``None`` to take a program away. One is called
      with its arguments (a list of text, its name left out), a binary file to read from, and two to write text or
      bytes to, stdout and stderr. It returns the exit code, 0 to 255; ``None`` is 0. When it raises an exception, its
      text goes to stderr and the exit code is 1. Nothing here ever starts a process of the host.

    Raises PolicyError for a policy that cannot be used, NotADirectoryError for a mount that is no directory.
    """

    def __init__(
        self,
        policy: Policy | str | PathLike[str] | None = None,
        *,
        files: Mapping[str, str | bytes] | FS | None = None,
        modules: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        mounts: Iterable[Mount] = (),
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        encoding: str | None = "utf-8",
        commands: Mapping[str, HostCommand | None] | None = None,
    ) -> None:
        self._policy = Policy.load(DEFAULT_POLICY if policy is None else policy)
        limits = self._policy.limits
        meter = Meter(limits.instructions, limits.wall_seconds, time.monotonic)
        self._room = Room(
            files,
            environment=env,
            stdin=stdin,
            stdout=sys.stdout if stdout is None else stdout,
            stderr=sys.stderr if stderr is None else stderr,
            commands=commands,
            make_state=partial(open_state, self._policy, meter),
        )
        for source, path, read_only in mounts:
            self._room.mount(source, path, read_only)
        self._state = open_state(self._policy, meter, self._room)
        self._entry = Entry(self._state, self._room)
        self._marshaller = self._entry.marshaller = Marshaller(self._state, self._entry, encoding)
        self._require = self._state.globals.get("require")  # a script may replace the global
        for name, module in (modules or {}).items():
            self._preload(name, module)

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
    def fs(self) -> FS:
        """The PyFilesystem2 filesystem that scripts see, mounts included: read what they have written, add files."""
        return self._room.filesystem

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

    def _preload(self, name: str, module: Any) -> None:
        """Let ``require`` find a module of the host's: source text, or a value."""
        state, lua_name = self._state, self._marshaller.to_lua(name)
        value = self._marshaller.to_lua(module)

        def load_module(*args: Any) -> Any:
            return state.call(state.load(value, f"@{lua_name}", state.globals), *args)

        def give_module(*_: Any) -> Any:
            return value

        loader = cast(FunctionType, load_module if isinstance(module, str | bytes) else give_module)
        mark_native(loader)
        state.registry.get("_PRELOAD").set(lua_name, loader)


def open_state(policy: Policy, meter: Meter, room: Room) -> State:
    """A state in a room with all that the policy allows: a runtime's own, or one for its program ``lua``."""
    state = State(meter, room.stdout)
    open_libraries(state)
    open_room_libraries(state, room)
    close_gate(state, policy)
    return state
