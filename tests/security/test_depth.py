"""T-DEEP, T-CORO: recursion on every way through the machine ends as a Lua error, not as a crash of the process.

Each case of ``depth.lua`` runs in a child process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

_ROOT = Path(__file__).resolve().parents[2]
_ERROR, _RESULT = "-- expect error: ", "-- expect: "


@attrs.frozen
class Case:
    """A piece of Lua and how it ends: with an error that contains ``text``, or with the result ``text``."""

    name: str
    source: str
    fails: bool
    text: str


def _cases() -> list[Case]:
    cases = []
    for piece in (_ROOT / "tests/security/depth.lua").read_text().split("\n--- ")[1:]:
        name, source = piece.split("\n", 1)
        first = source.split("\n", 1)[0]
        if first.startswith(_RESULT):
            cases.append(Case(name, source, False, first.removeprefix(_RESULT)))
        else:
            text = first.removeprefix(_ERROR) if first.startswith(_ERROR) else "stack overflow"
            cases.append(Case(name, source, True, text))
    return cases


_CASES = _cases()
_CHILD = """
import json, sys
from vlua import LuaError, LuaRuntime
lua = LuaRuntime(stdout=sys.stderr)
try:
    result = lua.execute(sys.stdin.read())
    ending = "result", str(result[-1] if isinstance(result, tuple) else result)
except LuaError as error:
    ending = "error", str(error)[-500:]
print(json.dumps(ending))
"""


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _CASES])
def test_t_deep_recursion_never_crashes(case: Case) -> None:
    command = [sys.executable, "-c", _CHILD]
    done = subprocess.run(command, cwd=_ROOT, input=case.source, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-2000:]}"
    kind, text = json.loads(done.stdout)
    if case.fails:
        # Where the failing call is protected, the message is the last result.
        assert kind in ("error", "result")
        assert case.text in text
    else:
        assert (kind, text) == ("result", case.text)
