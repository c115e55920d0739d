"""Runs vlua in a process of its own, for what might hang it or crash it.

In: Lua source and settings of a runtime. Out: what came of it: ``results``, or the exception's name and its text.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Ending", "run_in_child"]

_ROOT = Path(__file__).resolve().parents[1]


@attrs.frozen
class Ending:
    """How a run ended: ``kind`` is ``results`` or the name of the exception that the host got."""

    kind: str
    text: str


def run_in_child(source: str, *, timeout: float = 60, **limits: Any) -> Ending:
    """``LuaRuntime(Policy(limits=…)).execute(source)`` in a child; a hang or a crash fails the test."""
    command = [sys.executable, "-m", "tests.child"]
    job = json.dumps({"source": source, "limits": limits})
    done = subprocess.run(command, cwd=_ROOT, input=job, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-2000:]}"
    return Ending(*json.loads(done.stdout.splitlines()[-1]))


def _main() -> None:
    from vlua import LimitExceeded, Limits, LuaError, LuaRuntime, LuaSyntaxError, Policy

    job = json.load(sys.stdin)
    lua = LuaRuntime(Policy(limits=Limits(**job["limits"])), stdout=sys.stderr)
    try:
        ending = ("results", repr(lua.execute(job["source"])))
    except (LimitExceeded, LuaError, LuaSyntaxError) as error:
        ending = (type(error).__name__, str(error)[:1000])
    print(json.dumps(ending))


if __name__ == "__main__":
    _main()
