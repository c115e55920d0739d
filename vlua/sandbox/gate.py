"""The gate: a policy, applied to the libraries of one runtime when it is built.

In: a state with all its libraries open. Out: the same tables, with every refused function replaced, and with a record
of every call if one is wanted.
What is refused is replaced where it stands, so that no saved table, ``package.loaded`` entry or string method leads
to the original.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from vlua.sandbox.names import FUNCTION_NAMES, HOST_TOUCHING, PROGRAM_NAMES, full_name
from vlua.sandbox.structure import Item, KeyPath, dotted
from vlua.vfs.judge import Judge
from vlua.vfs.text import from_lua, to_lua
from vlua.vm.errors import LuaError
from vlua.vm.frames import levels, lib_error, mark_native, position_of, walk
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.sandbox.audit import Audit
    from vlua.sandbox.policy import Decision, Policy
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State

__all__ = ["Gate"]

# The first of `package.searchers` reads package.preload; the others look for files.
PRELOAD_SEARCHER = 1

# What a record tells about though it reaches nothing outside: what else a policy can take away.
ALSO_RECORDED = frozenset(
    [name for name in FUNCTION_NAMES if name.startswith("debug.")]
    + ["load", "os.clock", "os.date", "os.time", "string.dump"]
)
# Functions whose first argument is a path, and the modes in which they open it are of no concern here.
PATH_FUNCTIONS = frozenset(
    ["dofile", "loadfile", "io.input", "io.lines", "io.open", "io.output", "os.remove", "os.rename"]
    + [f"lfs.{name}" for name in ("attributes", "chdir", "dir", "mkdir", "rmdir", "symlinkattributes", "touch")]
)
STREAMS = ("stdin", "stdout", "stderr")


class Gate(Judge):
    """A policy at work in the rooms of one runtime, and the ``audit`` that its decisions are told to, if any."""

    def __init__(self, policy: Policy, audit: Audit | None = None) -> None:
        self.policy = policy
        self.audit = audit

    # What programs ask

    def allows(self, name: str, *args: str) -> bool:
        """Whether a program may do what the Lua function ``name`` does."""
        decision = self.policy.decide(name)
        if self.audit is not None:
            path = args[0] if args and name in PATH_FUNCTIONS else None
            self.audit.note(name, args, path, decision.verdict, self.rule(decision.key))
        return decision.verdict != "refuse"

    def runs(self, program: str) -> bool:
        """Whether the program of that name may run: it and the Lua function that does the same are not refused."""
        commands = self.policy.commands
        key: KeyPath = ()
        allowed = commands.allows(program)
        if not allowed or commands.allow is not None:
            key = ("commands", "deny" if program in commands.deny else "allow", Item(program))
        function = PROGRAM_NAMES.get(program)
        if allowed and function is not None:
            decision = self.policy.decide(function)
            if decision.verdict == "refuse":
                allowed, key = False, decision.key
        if self.audit is not None:
            self.audit.note("commands.run", (program,), program, "virtual" if allowed else "refuse", self.rule(key))
        return allowed

    def on_file(self, operation: str, path: str, allowed: bool, rule: Any) -> None:
        """Record what the filesystem's rules have decided."""
        if self.audit is not None:
            rules = self.policy.filesystem.rules
            key: KeyPath = ("filesystem", "rules", rules.index(rule)) if rule in rules else ()
            self.audit.note(f"filesystem.{operation}", (), path, "virtual" if allowed else "refuse", self.rule(key))

    def rule(self, key: KeyPath) -> str:
        """The key that decides as text, with its place in the policy's file."""
        if not key:
            return ""
        origin = self.policy.origin
        place = origin.place(key) if origin is not None else self.policy.name
        return f"{place} {dotted(key)}"

    # What is done to a state

    def close(self, state: State, room: Room) -> None:
        """Replace everything that the policy refuses in the libraries of ``state``, which lives in ``room``.

        A refused function raises ``io.open(_) is sandboxed``; a refused stream (``io.stdout``) raises the like when
        used.
        """
        self.set_up(state, room)
        preloaded = state.registry.get("_PRELOADED") or LuaTable()
        hosted: dict[str, Any] | None = None
        streams: dict[int, str] = {}
        for library, table in [*state.registry.get("_LOADED").items(), *preloaded.items()]:
            for key, value in list(table.items()):
                if not isinstance(key, str) or not isinstance(value, FunctionType | Userdata):
                    continue
                name = full_name(library, key)
                decision = self.policy.decide(name)
                if name == "require":
                    if decision.key == ("sandbox", "mode") and decision.verdict == "refuse":
                        self.close_searchers(state)  # libraries, host modules and package.preload stay within reach
                        continue
                    if decision.verdict != "refuse":
                        self.guard_searchers(state)
                if decision.verdict == "refuse":
                    is_function = isinstance(value, FunctionType)
                    refusal = self.refusal(name, decision)
                    table.set(key, refusal if is_function else refused_stream(refusal))
                    continue
                if decision.verdict == "host" and isinstance(value, FunctionType):
                    if hosted is None:
                        hosted = host_functions(state, room)
                    value = hosted[name]
                    state.natives[value.__code__] = value
                    table.set(key, value)
                if self.audit is None:
                    continue
                if isinstance(value, Userdata):
                    streams[id(value)] = name
                elif name in HOST_TOUCHING or name in ALSO_RECORDED or decision.key:
                    table.set(key, self.recorded(state, value, name, decision, room))
        self.record_streams(state, streams)
        for library in list(preloaded.hash):
            if not any(self.policy.allows(name) for name in FUNCTION_NAMES if name.startswith(f"{library}.")):
                state.registry.get("_PRELOAD").set(library, None)  # nothing of it works: `require` does not find it
        if not self.policy.allows("os.getenv") and room.process is None:
            # what the shell would show of them; the rest is in `package.path` for everybody to see
            room.environment = {name: text for name, text in room.environment.items() if name.startswith("LUA_")}

    def set_up(self, state: State, room: Room) -> None:
        """Give the libraries what the policy has for them."""
        state.binary_chunks = self.policy.loading.binary
        seed = self.policy.random.value()
        if seed is not None:
            state.globals.get("math").get("randomseed")(seed & 0xFFFF_FFFF)  # more of it does not count
        roots = self.policy.modules.roots
        if roots and not any(name in room.environment for name in ("LUA_PATH", "LUA_PATH_5_3")):
            path = ";".join(f"{to_lua(root).rstrip('/')}/?.lua;{to_lua(root).rstrip('/')}/?/init.lua" for root in roots)
            state.globals.get("package").set("path", path)

    def refusal(self, name: str, decision: Decision | None = None) -> FunctionType:
        """A function that raises ``name(_) is sandboxed``, whatever it is called with."""
        message = self.policy.message(name)
        audit = self.audit
        rule = self.rule(decision.key) if audit is not None and decision is not None else ""

        def refused(*args: Any) -> Any:
            if audit is not None:
                path = args[0] if args and name in PATH_FUNCTIONS and type(args[0]) is str else None
                audit.note(name, args, path, "refuse", rule)
            raise lib_error(message)

        return named(refused, name)

    def recorded(self, state: State, function: FunctionType, name: str, decision: Decision, room: Room) -> FunctionType:
        """``function``, with each call of it told to the record."""
        audit = self.audit
        assert audit is not None
        rule, verdict, has_path = self.rule(decision.key), decision.verdict, name in PATH_FUNCTIONS

        def call(*args: Any) -> Any:
            path = absolute(room, args[0]) if has_path and args and type(args[0]) is str else None
            audit.note(name, args, path, verdict, rule)
            return function(*args)

        wrapper = cast(FunctionType, call)
        # tracebacks tell functions apart by their code, and know this one by what it calls
        wrapper.__code__ = wrapper.__code__.replace(co_name=name)
        wrapper.__wrapped__ = function  # type: ignore[attr-defined]
        state.natives[function.__code__] = wrapper
        return wrapper

    def record_streams(self, state: State, streams: dict[int, str]) -> None:
        """Tell the record of what is done with ``io.stdin`` and its like, whose methods are those of all files."""
        audit = self.audit
        io = state.registry.get("_LOADED").get("io")
        meta = next((value.meta for value in io.hash.values() if id(value) in streams), None) if streams else None
        if audit is None or meta is None:
            return
        rules = {identity: (name, self.rule(self.policy.decide(name).key)) for identity, name in streams.items()}

        def wrap(key: str, method: FunctionType) -> FunctionType:
            def call(*args: Any) -> Any:
                found = rules.get(id(args[0])) if args else None
                if found is not None:
                    audit.note(found[0], (key,), None, "virtual", found[1])
                return method(*args)

            wrapper = cast(FunctionType, call)
            wrapper.__code__ = wrapper.__code__.replace(co_name=key)
            wrapper.__wrapped__ = method  # type: ignore[attr-defined]
            return wrapper

        for key, value in list(meta.hash.items()):
            if isinstance(value, FunctionType) and not key.startswith("__"):
                meta.set(key, wrap(key, value))

    # Modules

    def searchers(self, state: State) -> LuaTable | None:
        """``package.searchers``."""
        package = state.globals.get("package")
        searchers = package.get("searchers") if isinstance(package, LuaTable) else None
        return searchers if isinstance(searchers, LuaTable) else None

    def close_searchers(self, state: State) -> None:
        """Make ``require`` find what is preloaded and refuse to look any further."""
        searchers = self.searchers(state)
        if searchers is not None:
            self.guard_searchers(state)
            for position in range(searchers.length(), PRELOAD_SEARCHER, -1):
                searchers.set(position, None)
            searchers.set(PRELOAD_SEARCHER + 1, self.refusal("require", self.policy.decide("require")))

    def guard_searchers(self, state: State) -> None:
        """Have every searcher ask whether the module may be loaded, if the policy has anything to say about that."""
        modules = self.policy.modules
        searchers = self.searchers(state)
        if searchers is None or (self.audit is None and modules.allow is None and not modules.deny):
            return
        for position in range(1, searchers.length() + 1):
            searcher = searchers.get(position)
            if isinstance(searcher, FunctionType):
                searchers.set(position, self.guarded(searcher))

    def guarded(self, searcher: FunctionType) -> FunctionType:
        """A searcher that refuses what ``[modules]`` does not allow, and tells the record of what it finds."""
        policy, audit = self.policy, self.audit

        def search(*args: Any) -> Any:
            module = args[0] if args and type(args[0]) is str else None
            allowed, key, pattern = policy.modules.decision(module) if module is not None else (True, "", "")
            rule = self.rule(("modules", key, Item(pattern))) if key and audit is not None else ""
            if not allowed and module is not None:
                if audit is not None:
                    audit.note("modules.load", args, module, "refuse", rule)
                why = policy.sandbox.messages.get("require")
                place = lua_position()
                message = f"{place}: " if place else ""
                raise LuaError(f"{message}module '{module}' is sandboxed" + (f": {why}" if why else ""))
            found = searcher(*args)
            loader = found[0] if type(found) is tuple and found else found
            if audit is not None and isinstance(loader, FunctionType):
                audit.note("modules.load", found[:2] if type(found) is tuple else (), module, "virtual", rule)
            return found

        return cast(FunctionType, search)


def lua_position() -> str:
    """The line of Lua code that is running, as ``"main.lua:12"``; "" when none is."""
    for level in levels(walk(sys._getframe(1))):
        if level.info is not None:
            return position_of(level).removesuffix(": ")
    return ""


def named(function: Callable[..., Any], name: str) -> FunctionType:
    """A function of our own as one of a library, with code of its own: tracebacks tell functions apart by that."""
    made = cast(FunctionType, function)
    if name:
        made.__code__ = made.__code__.replace(co_name=name)
    mark_native(made)
    return made


def refused_stream(refusal: FunctionType) -> Userdata:
    """What stands in for ``io.stdout`` and its like: every use of it raises."""
    meta = LuaTable()
    for event in ("__index", "__newindex", "__call"):
        meta.set(event, refusal)
    meta.set("__name", "FILE*")
    meta.set("__metatable", False)
    return Userdata(meta)


def absolute(room: Room, path: str) -> str:
    """A path of a script as the record shows it: absolute, as text."""
    from posixpath import join, normpath

    return from_lua("/" + normpath(join(room.directory, path[:4096])).lstrip("/"))


def host_functions(state: State, room: Room) -> dict[str, Any]:
    """The functions that may be given the host's own clock and environment, by full name."""
    import copy
    import os

    from vlua.vfs.clock import Clock
    from vlua.vfs.os_library import open_os

    outside = copy.copy(room)
    outside.clock = Clock.host()
    outside.environment = {**{to_lua(name): to_lua(text) for name, text in os.environ.items()}, **room.environment}
    natives = dict(state.natives)
    functions = open_os(state, outside)
    found = {f"os.{name}": functions.get(name) for name in ("clock", "date", "getenv", "time")}
    state.natives.update(natives)  # `debug` must find the room's own functions, not these
    return found
