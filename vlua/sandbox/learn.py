"""The smallest policy that would have allowed what a script has asked for.

In: the record of a run in the virtual room, and a way to run the script again. Out: ``Grants``, and the policy that
refuses everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from vlua.sandbox.names import FUNCTION_NAMES, HOST_TOUCHING, PROGRAM_NAMES

if TYPE_CHECKING:
    from vlua.sandbox.audit import AuditEvent
    from vlua.sandbox.policy import Policy

__all__ = ["Grants", "grants_of", "smallest"]

OPERATIONS = ("read", "write", "create", "delete", "list")
STARTERS = ("os.execute", "io.popen")
# Functions that use no file, so that rules for files would say nothing about them.
FILELESS = frozenset(
    "io.close io.flush io.read io.stderr io.stdin io.stdout io.type io.write os.exit os.getenv package.loadlib".split()
)
WILDCARDS = "*?["
# Beside the operations: to see the names in a directory, which are left out where nothing may be done with them.
NAMES = "names"


@attrs.frozen
class Grants:
    """What a script needs.

    ``functions`` are Lua names that mode "refuse" would refuse, ``debug`` functions of that library, ``modules`` and
    ``programs`` names, ``files`` pairs of a path and an operation (or ``"names"``, for those in a directory);
    ``binary`` is whether it loads precompiled chunks.
    """

    functions: frozenset[str] = frozenset()
    debug: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    files: frozenset[tuple[str, str]] = frozenset()
    binary: bool = False

    def __or__(self, other: Grants) -> Grants:
        """What two scripts need."""
        return Grants(
            self.functions | other.functions,
            self.debug | other.debug,
            self.modules | other.modules,
            self.programs | other.programs,
            self.files | other.files,
            self.binary or other.binary,
        )

    def each(self) -> Iterator[tuple[str, Grants]]:
        """Every single grant, as text, with all the others."""
        for kind in ("functions", "debug", "modules", "programs", "files"):
            granted: frozenset[Any] = getattr(self, kind)
            for item in sorted(granted):
                shown = " ".join(reversed(item)) if isinstance(item, tuple) else item
                changes: dict[str, Any] = {kind: granted - {item}}
                yield f"{kind} {shown}", attrs.evolve(self, **changes)
        if self.binary:
            yield "binary chunks", attrs.evolve(self, binary=False)

    def policy(self, name: str = "learned", base: Policy | None = None) -> Policy:
        """The policy that grants this and nothing else; limits, clock and so on are those of ``base``."""
        from vlua.sandbox.policy import Policy

        keys: dict[str, Any] = {
            "name": name,
            "description": "Learned from what was asked for; everything else is refused.",
            "sandbox": {"mode": "refuse", "allow": sorted(self.functions)},
            "debug": {"allow": sorted(self.debug)},
            "modules": {"allow": [literal(module) for module in sorted(self.modules)]},
            "load": {"binary": self.binary},
        }
        if self.functions & set(STARTERS):
            keys["commands"] = {"allow": sorted(self.programs)}
        if self.functions - FILELESS:
            keys["filesystem"] = {"rules": list(self.rules())}
        if base is not None:
            keys["modules"]["roots"] = base.modules.roots
            keys |= {key: getattr(base, key) for key in ("clock", "random", "limits", "output", "environment")}
            files = base.filesystem
            keys["filesystem"] = {
                **keys.get("filesystem", {}),
                "mounts": files.mounts,
                "quota": files.quota,
                "working_directory": files.working_directory,
            }
        return Policy(**keys)

    def rules(self) -> Iterator[dict[str, Any]]:
        """Rules for the files: nothing is allowed but what is granted, paths with the same grants side by side."""
        yield {"pattern": "/**", "deny": list(OPERATIONS)}
        by_path: dict[str, set[str]] = {}
        for path, operation in self.files:
            by_path.setdefault(path, set()).add(operation)
        for path, operations in sorted(by_path.items()):
            allowed = [operation for operation in OPERATIONS if operation in operations]
            if allowed:
                yield {"pattern": literal(path), "allow": allowed}
            if NAMES in operations:
                yield {"pattern": f"{literal(path).rstrip('/')}/*", "allow": ["list"]}


def literal(text: str) -> str:
    """A pattern that matches ``text`` alone."""
    return "".join(f"[{letter}]" if letter in WILDCARDS else letter for letter in text)


def grants_of(events: Iterable[AuditEvent]) -> Grants:
    """What was allowed according to a record.

    A record does not tell everything: a chunk that ``load`` is given piece by piece may be a binary one.
    """
    functions: set[str] = set()
    debug: set[str] = set()
    modules: set[str] = set()
    programs: set[str] = set()
    files: set[tuple[str, str]] = set()
    binary = False
    for event in events:
        if not event.allowed:
            continue
        kind, _, rest = event.name.partition(".")
        if kind == "filesystem" and rest in OPERATIONS and event.path is not None:
            files.add((event.path, rest))
            if rest == "list":
                files.add((event.path, NAMES))
            if rest in ("write", "create"):
                files.add((event.path, "read"))  # who may not know whether there is a file needs more for writing it
        elif event.name == "modules.load" and event.path is not None:
            modules.add(event.path)
            if len(event.arguments) > 1:
                functions.add("require")  # it was found in a file, where mode "refuse" does not look
        elif event.name == "commands.run" and event.path is not None:
            programs.add(event.path)
            if event.path in PROGRAM_NAMES:
                functions.add(PROGRAM_NAMES[event.path])
        elif kind == "debug" and event.name in FUNCTION_NAMES:
            debug.add(rest)
        elif event.name in HOST_TOUCHING and event.name != "require":
            functions.add(event.name)
            if event.name in STARTERS and any("$" in argument for argument in event.arguments):
                functions.add("os.getenv")  # the shell shows variables as well
        binary = binary or event.name == "string.dump" or is_binary_load(event)
    if "lfs" in modules and not any(name.startswith("lfs.") for name in functions):
        functions.add("lfs.currentdir")  # a module of which nothing works is not found
    return Grants(
        frozenset(functions), frozenset(debug), frozenset(modules), frozenset(programs), frozenset(files), binary
    )


def is_binary_load(event: AuditEvent) -> bool:
    """Whether ``load`` was given a precompiled chunk, in one piece."""
    return event.name == "load" and event.arguments[:1] != () and event.arguments[0].startswith('"\\u001b')


def smallest(grants: Grants, suffices: Callable[[Grants], bool]) -> Grants:
    """``grants`` without those that are not needed: ``suffices`` runs the script with fewer and says whether it
    behaves the same.
    """
    changed = True
    while changed:  # what was needed beside one that turned out needless may be needless as well
        changed = False
        for name in [name for name, _ in grants.each()]:
            fewer = dict(grants.each())[name]
            if suffices(fewer):
                grants, changed = fewer, True
    return grants
