"""One official test file inside the virtual machine room, in a process of its own.

``python -m tests.official.room FILE user|full [watch]`` exits with 0 when the file passes; with ``watch`` it must also
leave the host alone. ``run_file`` does that in a child process, so that a hang or a crash is a failure like any other.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import attrs

from tests.official.suite import official_files

__all__ = ["MODES", "Result", "run_file"]

# What a file finds in its globals: "user" has the settings that the suite's own driver makes of `_U = true`.
MODES = {
    "user": "_U = true; _soft = true; _port = true; _nomsg = true",
    "full": "",
}
# big.lua yields, and all.lua therefore runs it in a coroutine, to its end.
IN_COROUTINE = "local f = coroutine.wrap(assert(loadfile(...))) assert(f() == 'b') assert(f() == 'a')"
_ROOT = Path(__file__).resolve().parents[2]
_SHOWN_LINES = 12


@attrs.frozen
class Result:
    """How a file fared: ``failure`` is empty when it passed."""

    name: str
    mode: str
    seconds: float
    failure: str


def run_file(name: str, mode: str, timeout: float, watched: Path | None = None) -> Result:
    """Run a file in a child process for at most ``timeout`` seconds.

    With ``watched``, the child works in this folder, has its temporary files there, and must leave the host alone.
    """
    command = [sys.executable, "-m", "tests.official.room", name, mode]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    if watched is not None:
        command.append("watch")
        environment |= {"TMPDIR": str(watched / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            cwd=watched / "work" if watched is not None else _ROOT,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return Result(name, mode, timeout, f"still running after {timeout:g} seconds")
    failure = ""
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        shown = (
            lines if len(lines) <= _SHOWN_LINES else [*lines[: _SHOWN_LINES // 2], "…", *lines[-_SHOWN_LINES // 2 :]]
        )
        failure = "\n".join(shown) or f"exit status {done.returncode}"
    return Result(name, mode, time.perf_counter() - start, failure)


def _main(name: str, mode: str, watch: str = "") -> None:
    from vlua import LuaError

    files = official_files()
    findings: list[str] = []
    try:
        if watch:
            from tests.official.watch import Watch

            with Watch() as watching:
                findings = watching.findings
                _run(name, mode, files)
        else:
            _run(name, mode, files)
    except LuaError as error:
        print(error, error.traceback or "", sep="\n", file=sys.stderr)
        sys.exit(1)
    if findings:
        print("the host was not left alone:", *findings, sep="\n", file=sys.stderr)
        sys.exit(2)


def _run(name: str, mode: str, files: dict[str, bytes]) -> None:
    from vlua import LuaRuntime, Policy

    lua = LuaRuntime(Policy(mode="virtual"), files=files, env={"PATH": "/usr/bin"})
    lua.globals()["arg"] = lua.table_from({-1: "lua", 0: name})  # as in `lua NAME`
    lua.execute(MODES[mode])
    lua.execute(IN_COROUTINE if name == "big.lua" and mode == "full" else "dofile(...)", name)


if __name__ == "__main__":
    _main(*sys.argv[1:])
