"""``vlua run --isolate``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _run(folder: Path, source: str, *options: str, stdin: str = "", args: tuple[str, ...] = ()) -> tuple[int, str, str]:
    script = folder / "script.lua"
    script.write_text(source)
    command = [sys.executable, "-m", "vlua", "run", "--isolate", *options, str(script), *args]
    done = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_a_script_runs_as_without_it(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("data")
    (tmp_path / "m.lua").write_text("return 'module'")
    source = """
    print(io.read(), arg[0], arg[2], select("#", ...), io.open("data.txt"):read("a"), require("m"), os.getenv("X"))
    io.stderr:write("to stderr")
    io.open("data.txt", "w"):write("changed")
    return print
    """
    status, out, err = _run(tmp_path, source, "--env", "X=y", stdin="line\n", args=("a", "b"))
    assert (status, out, err) == (0, "line\tscript.lua\tb\t2\tdata\tmodule\ty\n", "to stderr")
    assert (tmp_path / "data.txt").read_text() == "data"


@pytest.mark.parametrize(
    ("source", "options", "status", "message"),
    [
        ("os.exit(7)", (), 7, ""),
        ("os.exit(true)", (), 0, ""),
        ("local x = nil\nx.y = 1", (), 1, "script.lua:2: attempt to index a nil value (local 'x')\nstack traceback:"),
        ("x x", (), 1, "script.lua:1: syntax error near 'x'"),
        ("while true do end", ("--instructions", "1000"), 3, "limit exceeded: instructions"),
        ("while true do end", ("--timeout", "0.3"), 3, "limit exceeded: wall_time"),
        ("io.open('x')", ("--mode", "refuse"), 1, "sandboxed"),
        ("", ("--policy", "nonsense"), 2, "nonsense"),
        ("", ("--mount", ".:/m:rw"), 2, "read-write"),
    ],
)
def test_exit_statuses(tmp_path: Path, source: str, options: tuple[str, ...], status: int, message: str) -> None:
    ended, out, err = _run(tmp_path, source, *options)
    assert ended == status, err
    assert message in err
    assert out == ""
