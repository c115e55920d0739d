"""Lua test scripts: what a script expects, read from its comments.

* ``-- expect: text``: the next line that is printed; tabs are tabs.
* ``-- expect error: text``: the script ends with this error message.
* ``-- vlua only``: the script is about vlua; PUC Lua is not asked about it.
"""

from __future__ import annotations

import re
from pathlib import Path

import attrs

__all__ = ["SCRIPTS", "Script"]

_FOLDER = Path(__file__).parent
_EXPECTATION = re.compile(r"-- expect(?P<error> error)?:(?: (?P<text>.*))?$", re.MULTILINE)


@attrs.frozen
class Script:
    """A Lua test script with its expectations; lines are escaped as ``tests.engines`` does."""

    name: str
    source: str
    lines: tuple[str, ...]
    error: str | None
    vlua_only: bool

    @classmethod
    def read(cls, path: Path) -> Script:
        """Read a script and its comments."""
        source = path.read_text(encoding="ascii")
        lines: list[str] = []
        error = None
        for match in _EXPECTATION.finditer(source):
            text = (match["text"] or "").replace("\\", "\\092").replace("\t", "\\009")
            if match["error"]:
                error = text
            else:
                lines.append(text)
        name = path.relative_to(_FOLDER).as_posix()
        return cls(name, source, tuple(lines), error, "-- vlua only" in source)


SCRIPTS = [Script.read(path) for path in sorted(_FOLDER.rglob("*.lua"))]
