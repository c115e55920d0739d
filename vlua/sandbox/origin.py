"""Where a policy was read from, so that it can be said which line decides.

In: the text of a policy. Out: places in it, as ``"mods.toml:12"``.
"""

from __future__ import annotations

import attrs

from vlua.sandbox.structure import KeyPath

__all__ = ["Origin"]


@attrs.frozen
class Origin:
    """The ``source`` of a policy, as errors call it, and its ``text``; ``changed`` are sections given anew since."""

    source: str
    text: str = attrs.field(repr=False)
    changed: frozenset[str] = frozenset()

    def line(self, path: KeyPath) -> int | None:
        """The number of the line that gives the key at ``path``; ``None`` when the text does not."""
        if not path or path[0] in self.changed:
            return None
        from vlua.sandbox.lines import key_lines, line_of

        return line_of(key_lines(self.text), path)

    def place(self, path: KeyPath) -> str:
        """The source, and the line in it if there is one."""
        line = self.line(path)
        return self.source if line is None else f"{self.source}:{line}"
