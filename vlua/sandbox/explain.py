"""Why something is allowed or refused: the key of a policy that decides, and the line that it is on.

In: a policy and what a script might ask for: a Lua name, a path, a module, a program. Out: ``Explanation`` objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from vlua.sandbox.names import LIBRARIES, PROGRAM_NAMES, full_name, known_names
from vlua.sandbox.structure import Item, KeyPath, dotted, nearest

if TYPE_CHECKING:
    from vlua.sandbox.policy import Policy
    from vlua.vfs.rules import Operation

__all__ = ["Explanation", "explain"]

OPERATIONS: tuple[Operation, ...] = ("read", "write", "create", "delete", "list")


@attrs.frozen
class Explanation:
    """What a policy says about one thing.

    ``subject`` is what was asked about (``"io.open"``, ``"read /etc/passwd"``), ``verdict`` ``"refuse"``,
    ``"virtual"`` or ``"host"``, ``key`` the key that decides, ``place`` the file and line it is on, ``line`` the text
    of that line, ``reason`` a sentence.
    """

    subject: str
    verdict: str
    key: str
    place: str
    line: str
    reason: str


def explain(policy: Policy, subject: str) -> list[Explanation]:
    """What ``policy`` says about a Lua function or library, a path (it has a slash), a program or a module.

    Raises ValueError for a name that is none of the language's, with the nearest one that is.
    """
    if "/" in subject:
        return list(about_path(policy, subject))
    if subject in LIBRARIES and subject != "_G":
        return [about_function(policy, full_name(subject, name)) for name in LIBRARIES[subject]]
    if subject in known_names():
        return [about_function(policy, subject)]
    kind, colon, name = subject.partition(":")
    if colon and kind == "module":
        return [about_module(policy, name)]
    if colon and kind == "program":
        return [about_program(policy, name)]
    hint = nearest(subject, known_names())
    ways = "paths have a slash; there are module:NAME and program:NAME"
    raise ValueError(f'no Lua library or function is named "{subject}"{hint} ({ways})')


def about_function(policy: Policy, name: str) -> Explanation:
    """What happens to a function."""
    verdict, key = policy.decide(name)
    step = key[1] if len(key) > 1 else ""
    if not key:
        reason = "it does not reach outside of the language"
    elif key == ("sandbox", "mode"):
        mode = f'the mode is "{policy.sandbox.mode}"'
        reason = f"{mode} and it reaches outside of the language"
        if name == "require" and verdict == "refuse":
            reason = f"{mode}: it finds libraries and modules of the host, but looks for no files"
    elif step == "names":
        reason = "it is set by name" if key[2] == name else "its library is set by name"
    elif key[0] == "debug" and step == "allow":
        reason = "the list of functions of debug names it" if verdict != "refuse" else "that list does not name it"
    else:
        what = "it" if key[-1] in (name, name.partition(".")[2]) else "its library"
        reason = f"{what} is on the list"
    if verdict == "refuse" and policy.message(name) != f"{name}(_) is sandboxed":
        reason += f'; scripts are told "{policy.message(name)}"'
    return made(policy, name, verdict, key, reason)


def about_path(policy: Policy, path: str) -> Iterator[Explanation]:
    """What may be done with a path."""
    from posixpath import join, normpath

    from vlua.vfs.rules import Rules

    absolute = "/" + normpath(join(policy.filesystem.working_directory, path)).lstrip("/")
    rules = Rules(policy.filesystem.rules)
    for operation in OPERATIONS:
        subject = f"{operation} {absolute}"
        allowed, rule = rules.decide(operation, absolute)
        key: KeyPath = ()
        verdict, reason = "virtual", "no rule speaks of it"
        if rule is not None:
            key = ("filesystem", "rules", policy.filesystem.rules.index(rule))
            verdict = "virtual" if allowed else "refuse"
            reason = f'the last rule that speaks of it has the pattern "{rule.pattern}"'
        mount = mount_of(policy, absolute)
        if verdict != "refuse" and mount is not None and operation in ("write", "create", "delete"):
            access = policy.filesystem.mounts[mount].access
            if access == "read-only":
                key, verdict, reason = ("filesystem", "mounts", mount), "refuse", "it is mounted read-only"
            elif access == "read-write":
                key, verdict, reason = ("filesystem", "mounts", mount), "host", "it is mounted read-write"
        yield made(policy, subject, verdict, key, reason)
    if policy.decide("io.open").verdict == "refuse":
        yield about_function(policy, "io.open")


def mount_of(policy: Policy, path: str) -> int | None:
    """The number of the mount that a path is under."""
    best, length = None, -1
    for number, mount in enumerate(policy.filesystem.mounts):
        root = mount.path.rstrip("/")
        if (path == root or path.startswith(root + "/")) and len(root) >= length:
            best, length = number, len(root)
    return best


def about_module(policy: Policy, name: str) -> Explanation:
    """Whether a module may be loaded."""
    allowed, key, pattern = policy.modules.decision(name)
    path: KeyPath = ("modules", key, Item(pattern)) if key else ()
    if not key:
        reason = "no list speaks of modules"
    elif pattern:
        reason = f'the pattern "{pattern}" matches it'
    else:
        reason = "no pattern of the list matches it"
    return made(policy, f"module {name}", "virtual" if allowed else "refuse", path, reason)


def about_program(policy: Policy, name: str) -> Explanation:
    """Whether a program may run."""
    commands = policy.commands
    subject = f"program {name}"
    if not commands.allows(name):
        key = "deny" if name in commands.deny else "allow"
        reason = "it is on the list" if key == "deny" else "that list does not name it"
        return made(policy, subject, "refuse", ("commands", key, Item(name)), reason)
    for function in ("os.execute", PROGRAM_NAMES.get(name)):
        if function is not None and policy.decide(function).verdict == "refuse":
            if function == "os.execute" and policy.allows("io.popen"):
                continue
            about = about_function(policy, function)
            return attrs.evolve(about, subject=subject, reason=f"{function} is refused: {about.reason}")
    if commands.allow is not None:
        return made(policy, subject, "virtual", ("commands", "allow", Item(name)), "it is on the list")
    return made(policy, subject, "virtual", (), "no list speaks of it")


def made(policy: Policy, subject: str, verdict: str, key: KeyPath, reason: str) -> Explanation:
    """An explanation, with the place of the key."""
    origin = policy.origin
    number = origin.line(key) if origin is not None else None
    text = origin.text.splitlines()[number - 1].strip() if origin is not None and number is not None else ""
    place = origin.place(key) if origin is not None else policy.name
    if number is None:
        place = (
            "default" if not key or key[0] not in (origin.changed if origin is not None else ()) else "given in code"
        )
    return Explanation(subject, verdict, dotted(key), place, text, reason)
