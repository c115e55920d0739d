"""Trying a script out under one policy after the other, to find the smallest under which it behaves the same.

In: a script and what it is given. Out: what it asked for, and what of that it needs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import attrs

from vlua.errors import LimitExceeded, LuaError, LuaExit
from vlua.runtime import LuaRuntime
from vlua.sandbox.audit import Audit
from vlua.sandbox.learn import Grants, grants_of, smallest
from vlua.sandbox.policy import Policy

__all__ = ["Behaviour", "Trial"]

MOST_EVENTS = 200_000  # of the one run that is recorded


@attrs.frozen
class Behaviour:
    """What can be seen of a run from outside: its output, how it ended, and what it has done to the files."""

    stdout: bytes
    stderr: bytes
    outcome: str
    changes: str


class Trial:
    """A script, and everything that it is given; each run begins anew.

    * ``source``, ``name``: the script, and what errors call it.
    * ``mounts``, ``files``, ``env``, ``modules``, ``commands``: as for ``LuaRuntime``; read-write mounts would make the
      runs differ, so they are overlays here.
    * ``stdin``: what it can read. ``args``: what it finds in ``arg``.
    """

    def __init__(
        self,
        source: str | bytes,
        name: str = "script",
        *,
        mounts: Iterable[Any] = (),
        stdin: bytes = b"",
        args: Sequence[str | bytes] = (),
        files: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        modules: Mapping[str, Any] | None = None,
        commands: Mapping[str, Any] | None = None,
    ) -> None:
        self.source = source
        self.name = name
        self.stdin = stdin
        self.args = args
        mounts = [attrs.evolve(mount, access=harmless(mount.access)) for mount in mounts]
        self.given = {"mounts": mounts, "files": files, "env": env, "modules": modules, "commands": commands}
        self.start = float(int(time.time()))
        self.asked = Grants()

    def run(self, policy: Policy, audit: Audit | None = None) -> Behaviour:
        """Run the script once. All runs have the same clock, which goes on whenever it is read."""
        output, errors = BytesIO(), BytesIO()
        policy = policy.evolve(clock={"kind": "ticking", "start": self.start, "step": 0.25, "scale": None})
        lua = LuaRuntime(policy, stdin=self.stdin, stdout=output, stderr=errors, audit=audit, **self.given)  # type: ignore[arg-type]
        outcome = "returned"
        try:
            lua.globals()["arg"] = lua.table_from({0: self.name, **dict(enumerate(self.args, 1))})
            result = lua.execute(self.source, *self.args, name=f"@{self.name}")
            outcome += f" {shown(result)}"
            lua.close()
        except LuaExit as request:
            outcome = f"exit {request.status}"
        except LimitExceeded as error:
            outcome = str(error)
        except LuaError as error:
            outcome = f"error {error}"
        return Behaviour(output.getvalue(), errors.getvalue(), outcome, changes_of(lua))

    def learn(self) -> Grants | None:
        """What the script needs; ``None`` when it behaves differently each time, or under what it seems to need.

        ``asked`` is afterwards what it asked for in the first run.
        """
        audit = Audit(limit=MOST_EVENTS)
        virtual = Policy.preset("virtual")
        usual = self.run(virtual, audit)
        self.asked = grants_of(audit)

        def suffices(grants: Grants) -> bool:
            return self.run(grants.policy(base=virtual)) == usual

        if audit.dropped or not suffices(self.asked):
            return None
        return smallest(self.asked, suffices)


def harmless(access: str) -> Any:
    """How something is mounted for a trial: never so that the source itself is changed."""
    return "overlay" if access == "read-write" else access


def shown(value: Any) -> str:
    """What a script has returned, as text that is the same for the same value."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value))
    return repr(value) if isinstance(value, str | bytes | int | float | None) else type(value).__name__


def changes_of(lua: LuaRuntime) -> str:
    """What has become of the files."""
    changes = lua.changes()
    return changes.report() + changes.diff()
