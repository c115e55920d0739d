"""The policies that come with vlua.

In: names. Out: the paths of their files.
"""

from __future__ import annotations

import os
from functools import cache

__all__ = ["file_of", "preset_names"]


def preset_names() -> list[str]:
    """The names of the policies that come with vlua."""
    return list(found())


def file_of(name: str) -> str:
    """The path of a preset's file."""
    return found()[name]


@cache
def found() -> dict[str, str]:
    """Names and files: inside the package when installed from a wheel, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "policies")
    folder = installed if os.path.isdir(installed) else os.path.join(os.path.dirname(package), "policies")
    return {
        file.removesuffix(".toml"): os.path.join(folder, file)
        for file in sorted(os.listdir(folder))
        if file.endswith(".toml")
    }
