"""The command line: ``vlua run``, ``vlua eval``, ``vlua check``."""

from __future__ import annotations

__all__: list[str] = []
