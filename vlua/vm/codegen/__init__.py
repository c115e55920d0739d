"""From resolved syntax trees to Python's ``ast`` (one module a concern: emit, expressions, statements, jumps, functions)."""

from __future__ import annotations

from vlua.vm.codegen.functions import Generator, generate

__all__ = ["Generator", "generate"]
