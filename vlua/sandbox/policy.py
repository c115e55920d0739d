"""The policy: what a script may do and how much of it.

In: a preset's name, a TOML file or Python values. Out: a frozen ``Policy`` whose every name and figure was checked.
"""

from __future__ import annotations

import os
from typing import Any, Literal

import attrs

from vlua.sandbox.names import HOST_TOUCHING, known_names

__all__ = ["DEFAULT_POLICY", "Limits", "Mode", "Policy", "PolicyError", "preset_names"]

Mode = Literal["refuse", "virtual"]

DEFAULT_POLICY = "virtual"  # the switch: "refuse" turns every runtime that names no policy into a refusing one


class PolicyError(ValueError):
    """A policy that cannot be used: no such preset or file, not TOML, an unknown key or name, a wrong value."""


def _text(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, str):
        raise PolicyError(f"{attribute.name}: a string expected, got {value!r}")


def _positive(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """``None`` or a finite number above 0 of the field's type."""
    if value is None:
        return
    whole = attribute.name == "instructions"
    if type(value) is not int and (whole or type(value) is not float):
        raise PolicyError(f"{attribute.name}: a {'whole number' if whole else 'number'} expected, got {value!r}")
    if not 0 < value < float("inf"):
        raise PolicyError(f"{attribute.name}: must be greater than 0 and finite, got {value!r}")


def _known_mode(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value not in ("refuse", "virtual"):
        raise PolicyError(f'{attribute.name}: "refuse" or "virtual" expected, got {value!r}')


def _names(value: Any) -> Any:
    """Lists and sets as tuples; anything else as it is, for the validator below, which knows the field's name."""
    return tuple(value) if isinstance(value, list | set | frozenset) else value


def _known_names(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, tuple) or not all(isinstance(name, str) for name in value):
        raise PolicyError(f"{attribute.name}: a list of Lua names expected, got {value!r}")
    known = known_names()
    for name in value:
        if name not in known:
            raise PolicyError(f'{attribute.name}: no Lua library or function is named "{name}"{_nearest(name, known)}')


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f', did you mean "{close[0]}"?' if close else ""


@attrs.frozen
class Limits:
    """How much a script may use; ``None`` means no limit.

    ``instructions`` counts calls and loop rounds over the runtime's whole life; ``wall_seconds`` is real time in
    seconds, for each call from the host anew.
    Raises PolicyError for a figure that is not a positive number.
    """

    instructions: int | None = attrs.field(default=None, validator=_positive)
    wall_seconds: float | None = attrs.field(default=None, validator=_positive)


@attrs.frozen
class Policy:
    """What a script may do (``mode``, ``deny``, ``allow``) and how much (``limits``).

    * ``mode``: ``"virtual"`` lets every library work on the runtime's own room, ``"refuse"`` makes the functions
      that reach outside of the language (``HOST_TOUCHING``) raise an error.
    * ``deny``, ``allow``: Lua names, of functions (``"os.execute"``) or whole libraries (``"io"``), that are refused
      or work whatever the mode. The more exact name wins; a name on both lists is denied.

    Raises PolicyError for an unknown name or a wrong value.
    """

    name: str = attrs.field(default="custom", validator=_text)
    description: str = attrs.field(default="", validator=_text)
    mode: Mode = attrs.field(default="virtual", validator=_known_mode)
    deny: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_known_names)
    allow: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_known_names)
    limits: Limits = attrs.field(factory=Limits, validator=attrs.validators.instance_of(Limits))

    @classmethod
    def load(cls, source: Policy | str | os.PathLike[str]) -> Policy:
        """A policy from whatever a host or a user may name it by: itself, a preset's name, a TOML file's path.

        Raises PolicyError when there is no such preset or file, and for anything wrong inside.
        """
        if isinstance(source, Policy):
            return source
        path = os.fspath(source)
        if path in preset_names():
            return _preset(path)
        if "." not in path and os.path.basename(path) == path and not os.path.isfile(path):
            names = preset_names()
            raise PolicyError(f'no policy is named "{path}"{_nearest(path, names)} (presets: {", ".join(names)})')
        return cls.from_file(path)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Policy:
        """The policy in a TOML file; without a ``name`` inside it is named after the file. Raises PolicyError."""
        path = os.fspath(path)
        return cls.from_toml(_read(path), source=path, name=os.path.splitext(os.path.basename(path))[0])

    @classmethod
    def from_toml(cls, text: str, source: str = "policy", name: str = "custom") -> Policy:
        """The policy in TOML text; ``source`` is what errors call the text, ``name`` the policy's name unless it
        gives one. Raises PolicyError, naming the source and the key.
        """
        import tomllib

        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"{source}: not TOML: {error}") from None
        return _structure({"name": name, **data}, source)

    def evolve(self, **changes: Any) -> Policy:
        """A copy with some fields changed; fields of ``limits`` may be given by their own names.

        Raises PolicyError for a wrong value, TypeError for an unknown field.
        """
        limits = {key: changes.pop(key) for key in ("instructions", "wall_seconds") if key in changes}
        if limits:
            changes["limits"] = attrs.evolve(changes.get("limits", self.limits), **limits)
        return attrs.evolve(self, **changes)

    def allows(self, name: str) -> bool:
        """Whether the function with this full Lua name (``"io.open"``, ``"dofile"``) works under the policy."""
        library = name.partition(".")[0]
        for candidate in (name, library):
            if candidate in self.deny:
                return False
            if candidate in self.allow:
                return True
        return self.mode == "virtual" or name not in HOST_TOUCHING


def preset_names() -> list[str]:
    """The names of the policies that come with vlua."""
    return sorted(name.removesuffix(".toml") for name in os.listdir(_presets()) if name.endswith(".toml"))


def _presets() -> str:
    """Where the presets are: inside the package when installed from a wheel, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "policies")
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(package), "policies")


def _preset(name: str) -> Policy:
    """A preset, made without cattrs: importing that takes longer than everything else that starts a runtime.

    Our own files need no better error messages than Python's; a test compares with what cattrs makes of them.
    """
    import tomllib

    data = tomllib.loads(_read(os.path.join(_presets(), f"{name}.toml")))
    return Policy(**{**data, "limits": Limits(**data.get("limits", {}))})


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file in UTF-8"
        raise PolicyError(f"cannot read policy file {path}: {reason}") from None


def _structure(data: dict[str, Any], source: str) -> Policy:
    from cattrs import Converter
    from cattrs.errors import BaseValidationError

    converter = Converter(forbid_extra_keys=True, prefer_attrib_converters=True)
    # values pass as they are: the validators above judge them, and nothing is silently converted
    converter.register_structure_hook(str, lambda value, _: value)
    converter.register_structure_hook_func(lambda kind: kind not in (Policy, Limits), lambda value, _: value)
    if not isinstance(data.get("limits", {}), dict):
        raise PolicyError(f"{source}: limits: a table expected, got {data['limits']!r}")
    try:
        return converter.structure(data, Policy)
    except BaseValidationError as error:
        raise PolicyError("\n".join(f"{source}: {line}" for line in _complaints(error, ""))) from None


def _complaints(error: BaseException, path: str) -> list[str]:
    """One line for each thing that is wrong, each beginning with the key it is about."""
    from cattrs.errors import AttributeValidationNote, ClassValidationError, ForbiddenExtraKeysError

    if isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in attrs.fields(error.cl)]
        return [f"{path}{key}: unknown key{_nearest(key, known)}" for key in sorted(error.extra_fields)]
    if not isinstance(error, ClassValidationError):
        return [f"{path}{error}"]
    lines = []
    for inner in error.exceptions:
        notes = [note for note in getattr(inner, "__notes__", ()) if isinstance(note, AttributeValidationNote)]
        inner_path = f"{path}{notes[0].name}." if notes and isinstance(inner, ClassValidationError) else path
        lines += _complaints(inner, inner_path)
    return lines
