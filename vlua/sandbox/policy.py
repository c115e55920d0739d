"""The policy: what a script may do and how much of it.

In: a preset's name, a TOML file or Python values. Out: a frozen ``Policy`` whose every key was checked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import attrs

from vlua.sandbox import readers
from vlua.sandbox.limits import Limits, PolicyError
from vlua.sandbox.names import HOST_TOUCHING
from vlua.sandbox.origin import Origin
from vlua.sandbox.presets import file_of, preset_names
from vlua.sandbox.sections import (
    Clock,
    Commands,
    Debug,
    Environment,
    Filesystem,
    Load,
    Mode,
    Modules,
    Output,
    Random,
    Sandbox,
    Verdict,
    default_mode,
)
from vlua.sandbox.structure import Item, KeyPath, Problems, build, key, nearest, unknown_key

__all__ = ["Decision", "Limits", "Mode", "Policy", "PolicyError", "preset_names"]

SECTIONS: dict[str, type] = {
    "sandbox": Sandbox,
    "filesystem": Filesystem,
    "environment": Environment,
    "commands": Commands,
    "modules": Modules,
    "clock": Clock,
    "random": Random,
    "limits": Limits,
    "output": Output,
    "debug": Debug,
    "load": Load,
}

# The section of each key that can be given without it; where several have it, the first one's is meant.
HOMES: dict[str, str] = {
    field.name: name
    for name, kind in reversed(SECTIONS.items())
    for field in attrs.fields(kind)
    if field.name not in SECTIONS
}


class Decision(NamedTuple):
    """What a policy says about a function: the verdict, and the path of the key that decides (``()``: no key does)."""

    verdict: Verdict
    key: KeyPath


def section(name: str, **options: Any) -> Any:
    """The field for a section: an object of its class, or a mapping of its keys."""
    kind = SECTIONS[name]
    return key(lambda value: build(kind, value, HOMES), factory=kind, **options)


@attrs.frozen(init=False)
class Policy:
    """What a script may do, where, and how much of it.

    Keywords are the sections, as objects or as mappings (``clock={"kind": "frozen"}``), and every key of a section: by
    itself (``mode="refuse"``, ``instructions=1000``; ``deny`` and ``allow`` are those of ``sandbox``), or with the
    section's name before it (``commands_deny=["rm"]``). What is not given has its default: everything works, in a room
    of its own, without limits.

    Raises PolicyError, which names every key whose value cannot be used; TypeError for an unknown keyword.
    """

    name: str = key(readers.text, default="custom")
    description: str = key(readers.text, default="")
    sandbox: Sandbox = section("sandbox")
    filesystem: Filesystem = section("filesystem")
    environment: Environment = section("environment")
    commands: Commands = section("commands")
    modules: Modules = section("modules")
    clock: Clock = section("clock")
    random: Random = section("random")
    limits: Limits = section("limits")
    output: Output = section("output")
    debug: Debug = section("debug")
    # `Policy.load` is the method that reads a policy
    loading: Load = section("load", alias="load")
    origin: Origin | None = attrs.field(default=None, eq=False, repr=False)

    def __init__(self, **keys: Any) -> None:
        self.__attrs_init__(**gathered(keys))

    # Where policies come from

    @classmethod
    def default(cls) -> Policy:
        """The policy of a runtime that is given none: the preset that ``VLUA_MODE`` names, else ``"virtual"``.

        Raises PolicyError when the environment variable has another value than ``refuse`` or ``virtual``.
        """
        return cls.preset(default_mode())

    @classmethod
    def load(cls, source: Policy | str | os.PathLike[str]) -> Policy:
        """A policy from whatever a host or a user may name it by: itself, a preset's name, a TOML file's path.

        Raises PolicyError when there is no such preset or file, and for anything wrong inside.
        """
        if isinstance(source, Policy):
            return source
        path = os.fspath(source)
        if path in preset_names():
            return cls.preset(path)
        if "." not in path and os.path.basename(path) == path and not os.path.isfile(path):
            raise PolicyError(no_preset(path))
        return cls.from_file(path)

    @classmethod
    def preset(cls, name: str) -> Policy:
        """One of the policies that come with vlua. Raises PolicyError when none has that name."""
        if name not in preset_names():
            raise PolicyError(no_preset(name))
        return cls.from_file(file_of(name), source=f"{name}.toml")

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], source: str | None = None) -> Policy:
        """The policy in a TOML file; without a ``name`` inside it is named after the file.

        Relative sources of mounts start at the file's directory. Raises PolicyError; ``source`` is what that calls the
        file instead of its path.
        """
        from vlua.sandbox.reading import read_file

        path = os.fspath(path)
        return cls.from_toml(
            read_file(path),
            source=source or path,
            name=os.path.splitext(os.path.basename(path))[0],
            directory=os.path.dirname(os.path.abspath(path)),
        )

    @classmethod
    def from_toml(cls, text: str, source: str = "policy", name: str = "custom", directory: str | None = None) -> Policy:
        """The policy in TOML text; ``source`` is what errors call the text, ``name`` the policy's name unless it
        gives one; relative sources of mounts start at ``directory``. Raises PolicyError, naming source, line and key.
        """
        from vlua.sandbox.reading import complain, read_toml

        data = read_toml(text, source, directory)
        origin = Origin(source, text)
        problems: list[tuple[KeyPath, str]] = [
            ((name,), unknown_key(name, KEYWORDS, HOMES)) for name in data if name not in KEYWORDS
        ]
        known = {name: value for name, value in data.items() if name in KEYWORDS}
        try:
            policy = build(cls, {"name": name, "origin": origin, **known})
        except Problems as wrong:
            problems += wrong.items
        if problems:
            raise complain(problems, origin)
        return policy

    def evolve(self, **changes: Any) -> Policy:
        """A copy with some keys changed, given as to ``Policy``; a mapping for a section changes only its keys.

        Raises PolicyError for a wrong value, TypeError for an unknown keyword.
        """
        given = gathered(changes)
        problems: list[tuple[KeyPath, str]] = []
        for name, value in given.items():
            if name in SECTIONS and isinstance(value, Mapping):
                present = getattr(self, ATTRIBUTES[name])
                whole = {field.name: getattr(present, field.name) for field in attrs.fields(SECTIONS[name])}
                try:
                    given[name] = build(SECTIONS[name], {**whole, **value}, HOMES)
                except Problems as wrong:
                    problems += wrong.below(name).items
        if problems:
            raise Problems(problems)
        if self.origin is not None and "origin" not in given:
            given["origin"] = attrs.evolve(self.origin, changed=self.origin.changed | given.keys())
        return attrs.evolve(self, **given)

    def to_toml(self) -> str:
        """The policy as the text of a file that ``load`` reads back to an equal one; defaults are left out.

        Raises ValueError when a mount's source is an object and no text.
        """
        from vlua.sandbox.writing import policy_text

        return policy_text(self)

    # What the policy says

    @property
    def mode(self) -> Mode:
        """Whether functions that reach outside of the language are refused or virtual, as ``[sandbox]`` says."""
        return self.sandbox.mode

    def decide(self, name: str) -> Decision:
        """What happens to the function with this full Lua name (``"io.open"``, ``"dofile"``), and which key says so."""
        sandbox = self.sandbox
        library, dot, part = name.partition(".")
        for candidate in (name, library) if dot else (name,):
            if candidate in sandbox.names:
                return Decision(sandbox.names[candidate], ("sandbox", "names", candidate))
            if candidate in sandbox.deny:
                return Decision("refuse", ("sandbox", "deny", Item(candidate)))
            if candidate in sandbox.allow:
                return Decision("virtual", ("sandbox", "allow", Item(candidate)))
            if candidate == name and library == "debug" and dot:
                if part in self.debug.deny:
                    return Decision("refuse", ("debug", "deny", Item(part)))
                if self.debug.allow is not None:
                    return Decision("virtual" if part in self.debug.allow else "refuse", ("debug", "allow", Item(part)))
        if name not in HOST_TOUCHING:
            return Decision("virtual", ())
        return Decision("refuse" if sandbox.mode == "refuse" else "virtual", ("sandbox", "mode"))

    def allows(self, name: str) -> bool:
        """Whether the function with this full Lua name works under the policy."""
        return self.decide(name).verdict != "refuse"

    def message(self, name: str) -> str:
        """What the error says when the function with this full Lua name is refused."""
        messages = self.sandbox.messages
        why = messages.get(name) or messages.get(name.partition(".")[0])
        return f"{name}(_) is sandboxed: {why}" if why else f"{name}(_) is sandboxed"


KEYWORDS: tuple[str, ...] = ("name", "description", *SECTIONS)
ATTRIBUTES: dict[str, str] = {name: "loading" if name == "load" else name for name in SECTIONS}


def gathered(keys: dict[str, Any]) -> dict[str, Any]:
    """Keywords of ``Policy`` as those of its fields: keys given by themselves become part of their section.

    Raises TypeError for a keyword that is none.
    """
    fields = {name: value for name, value in keys.items() if name in (*KEYWORDS, "origin")}
    single: dict[str, dict[str, Any]] = {}
    for name, value in keys.items():
        if name in fields:
            continue
        home, part = HOMES.get(name), name
        if home is None:
            home, _, part = name.partition("_")
            if home not in SECTIONS or part not in [field.name for field in attrs.fields(SECTIONS[home])]:
                raise TypeError(f"a policy has no key {name!r}{nearest(name, [*KEYWORDS, *HOMES])}")
        single.setdefault(home, {})[part] = value
    for home, parts in single.items():
        given = fields.get(home, {})
        if not isinstance(given, Mapping) and isinstance(given, SECTIONS[home]):
            given = {field.name: getattr(given, field.name) for field in attrs.fields(SECTIONS[home])}
        fields[home] = {**given, **parts}
    return fields


def no_preset(name: str) -> str:
    """The complaint about a name that no preset has."""
    names = preset_names()
    return f'no policy is named "{name}"{nearest(name, names)} (presets: {", ".join(names)})'
