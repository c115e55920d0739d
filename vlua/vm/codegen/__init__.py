"""From resolved syntax trees to Python's ``ast``: one module a concern."""

from __future__ import annotations

from vlua.vm.codegen.functions import Generator, generate

__all__ = ["Generator", "generate"]
