"""From mappings to frozen classes: how the sections of a policy are made, and what is said when they cannot be.

In: mappings with text keys, from TOML or from Python. Out: objects of ``attrs`` classes, or ``Problems``, which knows
the key that each complaint is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import attrs

from vlua.sandbox.limits import PolicyError

__all__ = ["Item", "KeyPath", "Problems", "build", "dotted", "key", "nearest", "unknown_key"]

KeyPath = tuple[str | int, ...]
Made = TypeVar("Made")


class Item(str):
    """A step of a path that stands for an item of a list: it leads to the line, but is no key."""

    __slots__ = ()


class Problems(PolicyError):
    """Everything that is wrong with a policy: pairs of a key's path and a complaint about it, in ``items``."""

    def __init__(self, items: Iterable[tuple[KeyPath, str]]) -> None:
        self.items = tuple(items)
        super().__init__("\n".join(f"{dotted(path)}: {text}" if dotted(path) else text for path, text in self.items))

    def below(self, *path: str | int) -> Problems:
        """The same problems, of something that is itself found at ``path``."""
        return Problems(((*path, *inner), text) for inner, text in self.items)


def dotted(path: KeyPath) -> str:
    """A key's path as text: ``filesystem.rules[1].pattern``."""
    text = ""
    for step in path:
        if isinstance(step, Item):
            continue
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            plain = step.replace("_", "").replace("-", "").isalnum() and step.isascii()
            text += ("." if text else "") + (step if plain else f'"{step}"')
    return text


def nearest(name: object, known: Iterable[str]) -> str:
    """``, did you mean "…"?`` with the known name that is most like ``name``; "" when none is."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(str(name), names, n=1)
    if not close:  # what is written in another case, or with another separator
        folded = {fold(other): other for other in names}
        close = [folded[other] for other in get_close_matches(fold(str(name)), list(folded), n=1)]
    return f', did you mean "{close[0]}"?' if close else ""


def fold(name: str) -> str:
    """A name without what is most often written in another way."""
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def key(read: Callable[[Any], Any], **options: Any) -> Any:
    """A field of a section: ``read`` makes its value of what was given, or raises ValueError to say what is wrong."""

    def convert(value: Any, field: attrs.Attribute[Any]) -> Any:
        try:
            return read(value)
        except Problems as problems:
            raise problems.below(field.alias or field.name) from None
        except ValueError as error:
            raise Problems([((field.alias or field.name,), str(error))]) from None

    return attrs.field(converter=attrs.Converter(convert, takes_field=True), **options)


def build(kind: type[Made], data: Any, homes: Mapping[str, str] | None = None) -> Made:
    """An object of an ``attrs`` class from a mapping of its fields; one that is of the class already passes.

    ``homes`` says where keys that are none of this class belong. Raises Problems, with everything that is wrong.
    """
    if isinstance(data, kind):
        return data
    if not isinstance(data, Mapping):
        raise ValueError(f"a table expected, got {data!r}")
    fields = fields_of(kind)
    unknown = [name for name in data if name not in fields]
    if not unknown:
        try:
            return kind(**data)
        except (ValueError, TypeError) as error:
            whole = error if isinstance(error, ValueError) else ValueError(str(error))
    problems: list[tuple[KeyPath, str]] = [((name,), unknown_key(name, fields, homes or {})) for name in unknown]
    for name, value in data.items():
        if name in fields:
            problems += problems_of(fields[name], value)
    if not problems:
        raise whole
    raise Problems(problems)


def fields_of(kind: Any) -> dict[str, attrs.Attribute[Any]]:
    """The fields of an ``attrs`` class by the keywords that they are given by."""
    return {field.alias or field.name: field for field in attrs.fields(kind)}


def unknown_key(name: str, known: Iterable[str], homes: Mapping[str, str]) -> str:
    """The complaint about a key that a table does not have."""
    home = homes.get(name)
    return f"unknown key, it belongs in [{home}]" if home else f"unknown key{nearest(name, known)}"


def problems_of(field: attrs.Attribute[Any], value: Any) -> list[tuple[KeyPath, str]]:
    """What is wrong with the value for one field."""
    convert: Any = field.converter
    check: Any = field.validator
    name = field.alias or field.name
    try:
        if isinstance(convert, attrs.Converter):
            read: Any = convert
            value = read.converter(value, field)
        elif convert is not None:
            value = convert(value)
        if check is not None:
            check(None, field, value)
    except Problems as problems:
        return list(problems.items)
    except (ValueError, TypeError) as error:
        return [((name,), str(error).removeprefix(f"{name}: "))]
    return []
