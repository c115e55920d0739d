"""``vlua run --diff --apply --save --load``: nothing reaches the host before somebody says so, and then all of it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.test_cli import PACKAGES, vlua

CHANGE = """
local f = io.open("/game/conf.txt") local text = f:read("a") f:close()
f = io.open("/game/conf.txt", "w") f:write(text, "mp=2\\n") f:close()
os.remove("/game/old.txt")
f = io.open("/game/new.txt", "w") f:write("\\27[31mnew\\n") f:close()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "conf.txt").write_text("hp=1\n")
    (tmp_path / "game" / "old.txt").write_text("old\n")
    (tmp_path / "mod").mkdir()
    (tmp_path / "mod" / "mod.lua").write_text(CHANGE)
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


BEFORE = {"conf.txt": "hp=1\n", "old.txt": "old\n"}
AFTER = {"conf.txt": "hp=1\nmp=2\n", "new.txt": "\x1b[31mnew\n"}


def test_diff_shows_and_writes_nothing(place: Path) -> None:
    result = vlua("run", "--mount", "game:/game", "--diff", "mod/mod.lua", cwd=place)
    assert result.returncode == 0
    assert "M /game/conf.txt (5 bytes -> 10 bytes)\nA /game/new.txt (9 bytes)\nD /game/old.txt" in result.stdout
    assert "--- a/game/conf.txt\n+++ b/game/conf.txt\n@@ -1 +1,2 @@\n hp=1\n+mp=2\n" in result.stdout
    assert "\x1b" not in result.stdout
    assert contents(place / "game") == BEFORE


def test_apply_writes_below_the_overlay(place: Path) -> None:
    result = vlua("run", "--mount", "game:/game:overlay", "--apply", "mod/mod.lua", cwd=place)
    assert (result.returncode, result.stderr) == (0, "")
    assert sorted(result.stdout.splitlines()) == ["create /new.txt", "remove /old.txt", "replace /conf.txt"]
    assert contents(place / "game") == AFTER
    assert contents(place / "mod") == {"mod.lua": CHANGE}


def test_apply_to_the_folder_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "main.lua").write_text("io.open('save.txt', 'w'):write('level 7')")
    assert vlua("run", "--apply", "main.lua", cwd=tmp_path).stdout == "create /save.txt\n"
    assert (tmp_path / "save.txt").read_text() == "level 7"


@pytest.mark.parametrize("ending", ["error('no')", "os.exit(4)"])
def test_a_script_that_failed_is_not_applied(place: Path, ending: str) -> None:
    (place / "mod" / "mod.lua").write_text(CHANGE + ending)
    result = vlua("run", "--mount", "game:/game", "--apply", "mod/mod.lua", cwd=place)
    assert result.returncode == (1 if "error" in ending else 4)
    assert "nothing is applied, because the script failed" in result.stderr
    assert contents(place / "game") == BEFORE


def test_a_read_only_mount_is_left_alone(place: Path) -> None:
    (place / "mod" / "mod.lua").write_text("print(io.open('/game/new.txt', 'w'))")
    result = vlua("run", "--mount", "game:/game:ro", "--apply", "mod/mod.lua", cwd=place)
    assert "Read-only file system" in result.stdout
    assert contents(place / "game") == BEFORE


def asked(place: Path, answer: bytes) -> str:
    """``--diff`` at a terminal, where somebody answers the question; what the terminal showed."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "vlua", "run", "--mount", "game:/game", "--diff", "mod/mod.lua"]
    environment = {**os.environ, "PYTHONPATH": PACKAGES, "TERM": "xterm"}
    child = subprocess.Popen(command, cwd=place, stdin=end, stdout=end, stderr=end, env=environment)
    os.close(end)
    os.write(terminal, answer)
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError:
        pass  # the child has closed its end
    os.close(terminal)
    assert child.wait(60) == 0
    return shown.decode()


def test_at_a_terminal_it_asks(place: Path) -> None:
    shown = asked(place, b"n\n")
    assert "Apply the changes to game?" in shown
    assert re.search(r"\x1b\[32m(\x1b\[22m)?\+mp=2", shown)  # our colours, and no orders of the script's
    assert "\x1b[31mnew" not in shown
    assert contents(place / "game") == BEFORE
    assert "create /new.txt" in asked(place, b"y\n")
    assert contents(place / "game") == AFTER


def test_a_file_that_changed_meanwhile_is_refused(place: Path) -> None:
    (place / "mod" / "mod.lua").write_text(CHANGE + "\nos.execute('touch')\nio.read()")
    child = subprocess.Popen(
        [sys.executable, "-m", "vlua", "run", "--mount", "game:/game", "--apply", "mod/mod.lua"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": PACKAGES},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stderr is not None
    assert child.stderr.readline()
    (place / "game" / "conf.txt").write_text("hp=99\n")
    _, errors = child.communicate(b"\n", timeout=60)
    assert child.returncode == 1
    assert b"refused to replace /conf.txt" in errors
    assert (place / "game" / "conf.txt").read_text() == "hp=99\n"
    assert (place / "game" / "new.txt").exists()


def test_save_and_load(place: Path) -> None:
    result = vlua("run", "--mount", "game:/game", "--save", "room.zip", "mod/mod.lua", cwd=place)
    assert (result.returncode, result.stderr) == (0, "")
    with zipfile.ZipFile(place / "room.zip") as archive:
        assert archive.read("game/conf.txt") == b"hp=1\nmp=2\n"
    other = place / "other"
    other.mkdir()
    (other / "main.lua").write_text("print(io.open('/game/conf.txt'):read('a'), io.open('/game/old.txt'))")
    shown = vlua("run", "--load", "room.zip", "other/main.lua", cwd=place).stdout
    assert shown == "hp=1\nmp=2\n\tnil\t/game/old.txt: No such file or directory\t2\n"
    assert contents(place / "game") == BEFORE


def test_what_cannot_be_saved_or_loaded(place: Path) -> None:
    (place / "full").mkdir()
    (place / "full" / "x").write_text("x")
    result = vlua("run", "--mount", "game:/game", "--save", "full", "mod/mod.lua", cwd=place)
    assert (result.returncode, result.stderr) == (1, "vlua: cannot save: 'full' is not empty\n")
    result = vlua("run", "--load", "nowhere.zip", "mod/mod.lua", cwd=place)
    assert (result.returncode, result.stderr) == (2, "vlua: cannot load nowhere.zip: No such file or directory\n")
    result = vlua("run", "--load", "mod/mod.lua", "mod/mod.lua", cwd=place)
    assert result.returncode == 2
    assert "vlua: " in result.stderr
    assert vlua("run", "--isolate", "--diff", "mod/mod.lua", cwd=place).returncode == 2


def test_limits_as_options() -> None:
    assert vlua("eval", "--timeout", "100ms", "while true do end").returncode == 3
    assert vlua("eval", "--memory", "16MiB", "local t = {} while true do t[#t + 1] = {} end").returncode == 3
    result = vlua("eval", "--output", "1kB", "while true do print(1) end")
    assert result.returncode == 3
    assert len(result.stdout) <= 1000
    for option, wrong in (("--timeout", "soon"), ("--memory", "64 Mib"), ("--output", "-1"), ("--timeout", "0")):
        result = vlua("eval", option, wrong, "1")
        assert result.returncode == 2
        assert option in result.stderr
