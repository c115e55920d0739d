"""Policies as TOML text.

In: a policy. Out: the text of a file that is read back to an equal one, without what is default anyway.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from vlua.sandbox.units import format_duration, format_size

if TYPE_CHECKING:
    from vlua.sandbox.policy import Policy

__all__ = ["policy_text"]

SIZES = ("memory", "string_bytes", "output", "file_bytes", "bytes")
DURATIONS = ("wall_time", "cpu_time", "step")
LONGEST_LINE = 100  # lists that would be longer get a line for each item
ALWAYS = {("sandbox", "mode")}  # its default is not always the same


def policy_text(policy: Policy) -> str:
    """The text of a policy file. Raises ValueError when a mount's source is an object and no text."""
    from vlua.sandbox.policy import ATTRIBUTES

    lines = [f"name = {quoted(policy.name)}"]
    if policy.description:
        lines.append(f"description = {quoted(policy.description)}")
    for name, attribute in ATTRIBUTES.items():
        table = table_lines(name, getattr(policy, attribute))
        if table:
            lines += ["", *table]
    return "\n".join(lines) + "\n"


def table_lines(name: str, section: Any) -> list[str]:
    """A section and the tables in it."""
    plain: list[str] = []
    nested: list[str] = []
    for key, value in changed(name, section):
        if isinstance(value, Mapping):
            if value:
                pairs = [f"{word(inner)} = {scalar(inner, item)}" for inner, item in value.items()]
                nested += ["", f"[{name}.{key}]", *pairs]
        elif attrs.has(type(value)):
            nested += ["", f"[{name}.{key}]", *(f"{part} = {scalar(part, item)}" for part, item in changed("", value))]
        elif isinstance(value, tuple) and value and attrs.has(type(value[0])):
            for item in value:
                pairs = [f"{part} = {scalar(part, inner)}" for part, inner in changed("", item)]
                nested += ["", f"[[{name}.{key}]]", *pairs]
        else:
            plain.append(f"{key} = {scalar(key, value)}")
    if plain:
        return [f"[{name}]", *plain, *nested]
    return nested[1:]


def changed(name: str, section: Any) -> Iterable[tuple[str, Any]]:
    """The keys of an object that have not their default value, and their values."""
    for field in attrs.fields(type(section)):
        value = getattr(section, field.name)
        default = field.default
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            default = default.factory()
        if value is not None and (value != default or (name, field.name) in ALWAYS):
            yield field.name, value


def scalar(key: str, value: Any) -> str:
    """A value that is no table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, os.PathLike):
        return quoted(os.fspath(value))
    if key in SIZES and isinstance(value, int):
        return quoted(format_size(value))
    if key in DURATIONS and isinstance(value, int | float):
        return quoted(format_duration(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple | list | set | frozenset):
        items = [scalar("", item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
        line = f"[{', '.join(items)}]"
        return line if len(line) <= LONGEST_LINE else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    raise ValueError(f"{key}: {value!r} cannot be written to a file")


def word(name: str) -> str:
    """A key, quoted where it must be."""
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else quoted(name)


def quoted(text: str) -> str:
    """A string of TOML; bytes that are no text become the replacement character, as TOML has no others."""
    pieces = []
    for letter in text:
        if letter in '"\\':
            pieces.append("\\" + letter)
        elif letter < " " or letter == "\x7f":
            pieces.append(f"\\u{ord(letter):04X}")
        else:
            pieces.append("\ufffd" if "\ud800" <= letter <= "\udfff" else letter)
    return f'"{"".join(pieces)}"'
