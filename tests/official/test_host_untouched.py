"""While the official test files run, the host's files, temporary directory and environment stay as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.official.expected import FILES
from tests.official.room import MODES, run_file
from tests.official.suite import SuiteUnavailable, official_files, offline

# Files that do most to files, commands and modules, and take little time.
_QUICK = [("attrib.lua", "full"), ("main.lua", "full"), ("files.lua", "user"), ("strings.lua", "full")]
_ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT = {"user": 600, "full": 3600}


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A working and a temporary directory with something in them that a script might want to touch."""
    for folder in ("work", "tmp"):
        (tmp_path / folder / "inner").mkdir(parents=True)
        for name in ("file.txt", "inner/x.lua", "libs.lua", "all.lua"):
            (tmp_path / folder / name).write_text("of the host\n")
    return tmp_path


@pytest.fixture
def _suite() -> None:
    try:
        official_files()
    except SuiteUnavailable as error:
        if offline():
            pytest.skip(str(error))
        raise


@pytest.mark.usefixtures("_suite")
@pytest.mark.parametrize(("name", "mode"), _QUICK)
def test_quick_files(name: str, mode: str, host: Path) -> None:
    assert run_file(name, mode, _TIMEOUT[mode], watched=host).failure == ""


@pytest.mark.slow
@pytest.mark.usefixtures("_suite")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FILES)
def test_every_file(name: str, mode: str, host: Path) -> None:
    assert run_file(name, mode, _TIMEOUT[mode], watched=host).failure == ""


_ACTIONS = {
    "nothing": ("pass", []),
    "compiling": ("exec(compile('x = 1', 'x', 'exec'))", []),
    "reading": ("open('file.txt').close()", ["open"]),
    "writing": ("open('new.txt', 'w').close()", ["open", "new.txt"]),
    "deleting": ("os.remove('file.txt')", ["os.remove", "file.txt"]),
    "listing": ("os.listdir('.')", ["os.listdir"]),
    "a temporary file": ("tempfile.mkstemp()", ["tempfile.mkstemp", "open"]),
    "a process": ("subprocess.run(['true'])", ["subprocess.Popen"]),
    "a shell": ("os.system('true')", ["os.system"]),
    "a variable": ("os.environ['VLUA_TEST'] = 'x'", ["os.putenv", "environment VLUA_TEST"]),
    "another directory": ("os.chdir('inner')", ["os.chdir", "working directory"]),
    "a socket": ("socket.socket().close()", ["socket.__new__"]),
    "a library": ("ctypes.CDLL(None)", ["ctypes.dlopen"]),
    "a module's file": ("open(os.__file__).close()", []),
    "a module's file, to write": ("open(os.__file__, 'r+').close()", ["open"]),
}


@pytest.mark.parametrize("action", _ACTIONS)
def test_the_watch_notices(action: str, host: Path) -> None:
    code, expected = _ACTIONS[action]
    if action.endswith("write") and not os.access(os.__file__, os.W_OK):
        pytest.skip("the library is not ours to write")
    script = f"""
import ctypes, json, os, socket, subprocess, tempfile
from tests.official.watch import Watch
with Watch() as watch:
    {code}
print(json.dumps(watch.findings))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=host / "work",
        env={**os.environ, "PYTHONPATH": str(_ROOT), "TMPDIR": str(host / "tmp")},
        capture_output=True,
        text=True,
        check=True,
    )
    findings = json.loads(done.stdout)
    assert bool(findings) == bool(expected)
    for part in expected:
        assert any(part in finding for finding in findings), findings
