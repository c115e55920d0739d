"""Who decides, while a script runs, what its programs may do: the shell and the commands of a room ask a ``Judge``.

In: names of programs and of Lua functions. Out: yes or no. The judge of a room alone says yes to everything; the
sandbox puts its own in the place.
"""

from __future__ import annotations

__all__ = ["Judge"]


class Judge:
    """Allows everything."""

    def allows(self, name: str, *args: str) -> bool:
        """Whether a program may do what the Lua function ``name`` does, to a file for example."""
        return True

    def runs(self, program: str) -> bool:
        """Whether the program of that name may run."""
        return True
