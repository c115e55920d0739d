"""Lua itself: source text in, Python code objects out, values, metatables, the libraries that need no host.

Modules are named after the manual's concepts; nothing here knows of files, clocks or the host.
"""

from __future__ import annotations

__all__: list[str] = []
