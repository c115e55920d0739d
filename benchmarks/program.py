"""A benchmark program: a Lua file and its Python twin side by side in ``benchmarks/programs``.

The Lua chunk takes its size as ``...`` and returns a value that depends on all the work; the twin has the size as
``SIZE`` and the same work as ``run(size)``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Program", "programs"]

_FOLDER = Path(__file__).parent / "programs"


@attrs.frozen
class Program:
    """One program in both languages."""

    name: str
    source: str
    size: int
    twin: Callable[[int], Any]

    @classmethod
    def load(cls, name: str) -> Program:
        """Read ``NAME.lua`` and import ``NAME.py``."""
        path = _FOLDER / f"{name}.py"
        spec = spec_from_file_location(f"benchmarks.programs.{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return cls(name, path.with_suffix(".lua").read_text(encoding="utf-8"), module.SIZE, module.run)


def programs() -> list[str]:
    """The names of all programs."""
    return sorted(path.stem for path in _FOLDER.glob("*.lua"))
