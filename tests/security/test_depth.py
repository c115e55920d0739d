"""T-DEEP, T-CORO: recursion on every way through the machine ends as a Lua error, not as a crash of the process.

The cases of ``depth.lua`` run in one child process, one after the other; where it dies, that case and those behind it
fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
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
for name, source in json.load(sys.stdin):
    print(json.dumps([name, "", "crash"]), flush=True)
    lua = LuaRuntime(stdout=sys.stderr)
    try:
        result = lua.execute(source)
        ending = "result", str(result[-1] if isinstance(result, tuple) else result)
    except LuaError as error:
        ending = "error", str(error)[-500:]
    print(json.dumps([name, *ending]), flush=True)
"""


@cache
def _endings() -> dict[str, tuple[str, str]]:
    """What came of each case: ``error`` or ``result``, and its text."""
    jobs = json.dumps([(case.name, case.source) for case in _CASES])
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], cwd=_ROOT, input=jobs, capture_output=True, text=True, timeout=400
    )
    return {name: (kind, text) for name, kind, text in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _CASES])
def test_t_deep_recursion_never_crashes(case: Case) -> None:
    kind, text = _endings()[case.name]
    if case.fails:
        # Where the failing call is protected, the message is the last result.
        assert kind in ("error", "result")
        assert case.text in text
    else:
        assert (kind, text) == ("result", case.text)
