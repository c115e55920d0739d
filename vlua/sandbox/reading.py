"""Policies out of files: from a path to text, from text to a policy, and what is said about those that are none.

In: paths and TOML text. Out: the keywords of ``Policy``, or a ``PolicyError`` that names the file, the line, the key
and the nearest thing that would have been right.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from vlua.sandbox.limits import PolicyError
from vlua.sandbox.origin import Origin
from vlua.sandbox.structure import KeyPath, dotted

__all__ = ["complain", "read_file", "read_toml"]


def read_file(path: str) -> str:
    """The text of a policy file. Raises PolicyError when it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file in UTF-8"
        raise PolicyError(f"cannot read policy file {path}: {reason}") from None


def read_toml(text: str, source: str, directory: str | None) -> dict[str, Any]:
    """The tables of TOML text, with relative sources of mounts made absolute. Raises PolicyError."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{source}: not TOML: {error}") from None
    except RecursionError:
        raise PolicyError(f"{source}: not a policy: nested too deeply") from None
    files = data.get("filesystem")
    mounts = files.get("mounts") if isinstance(files, dict) else None
    if directory is not None and isinstance(mounts, list):
        for mount in mounts:
            if isinstance(mount, dict) and isinstance(mount.get("source"), str):
                mount["source"] = rooted(mount["source"], directory)
    return data


def rooted(source: str, directory: str) -> str:
    """What a mount's source is when relative paths start at ``directory``; ``~`` is the user's home."""
    if "://" in source or not source:
        return source
    return os.path.normpath(os.path.join(directory, os.path.expanduser(source)))


def complain(problems: Iterable[tuple[KeyPath, str]], origin: Origin) -> PolicyError:
    """One line for each problem: ``mods.toml:3: limits.memory: …``."""
    lines = []
    for path, text in problems:
        shown = dotted(path)
        lines.append(f"{origin.place(path)}: {shown}: {text}" if shown else f"{origin.place(path)}: {text}")
    return PolicyError("\n".join(lines))
