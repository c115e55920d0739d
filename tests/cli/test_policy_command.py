"""``vlua policy`` and ``vlua run --audit``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vlua import Policy
from vlua.sandbox.policy import preset_names

ROOT = Path(__file__).parents[2]


def vlua(*args: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vlua", *args],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_list() -> None:
    result = vlua("policy", "list")
    assert result.returncode == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == preset_names()
    assert result.stderr == ""


def test_show(tmp_path: Path) -> None:
    result = vlua("policy", "show", "mod")
    assert result.stdout.startswith("# For mods")
    file = tmp_path / "mine.toml"
    file.write_text(result.stdout)
    assert Policy.load(file) == Policy.preset("mod")
    assert vlua("policy", "show", str(file)).stdout == result.stdout
    missing = vlua("policy", "show", "modd")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert 'did you mean "mod"?' in missing.stderr


def test_explain(tmp_path: Path) -> None:
    result = vlua("policy", "explain", "classroom", "os.execute")
    assert result.returncode == 0
    assert "refuse" in result.stdout
    assert 'classroom.toml:12: deny = ["os.execute"' in result.stdout
    result = vlua("policy", "explain", "mod", "saves/a.txt")
    assert '"/saves/**"' in result.stdout
    result = vlua("policy", "explain", "mod", "os.exeute")
    assert result.returncode == 2
    assert 'did you mean "os.execute"?' in result.stderr


def test_check(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[limits]\nmemory = '1 MiB'")
    bad.write_text("[limits]\nmemory = '1M'\nwall_tim = 3")
    assert vlua("policy", "check", str(good)).returncode == 0
    result = vlua("policy", "check", str(good), str(bad))
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f'vlua: {bad}:3: limits.wall_tim: unknown key, did you mean "wall_time"?',
        f"vlua: {bad}:2: limits.memory: cannot read the size '1M', did you mean '1 MiB'?",
    ]


def test_learn_and_run(tmp_path: Path) -> None:
    script = tmp_path / "script.lua"
    script.write_text("print(io.open('data.txt'):read('a'), io.read())")
    (tmp_path / "data.txt").write_text("data")
    learned = vlua("policy", "learn", "--name", "mine", "script.lua", stdin="typed\n", cwd=tmp_path)
    assert (learned.returncode, learned.stderr) == (0, "")
    assert 'name = "mine"' in learned.stdout
    assert 'allow = ["io.open", "io.read"]' in learned.stdout
    (tmp_path / "learned.toml").write_text(learned.stdout)
    result = vlua("run", "--policy", "learned.toml", "script.lua", stdin="typed\n", cwd=tmp_path)
    assert (result.stdout, result.returncode) == ("data\ttyped\n", 0)
    script.write_text("print(io.open('data.txt', 'a'))")
    assert "Permission denied" in vlua("run", "--policy", "learned.toml", "script.lua", cwd=tmp_path).stdout


def test_learn_from_a_record(tmp_path: Path) -> None:
    script = tmp_path / "script.lua"
    script.write_text("print(os.getenv 'A')")
    result = vlua("run", "--audit", "audit.jsonl", "--env", "A=b", "script.lua", cwd=tmp_path)
    assert result.stdout == "b\n"
    (event,) = map(json.loads, (tmp_path / "audit.jsonl").read_text().splitlines())
    assert (event["name"], event["position"], event["verdict"]) == ("os.getenv", "script.lua:1", "virtual")
    learned = vlua("policy", "learn", "--from", "audit.jsonl", cwd=tmp_path)
    assert Policy.from_toml(learned.stdout).sandbox.allow == ("os.getenv",)
    (tmp_path / "audit.jsonl").write_text("nonsense\n")
    result = vlua("policy", "learn", "--from", "audit.jsonl", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "line 1 is no event" in result.stderr


@pytest.mark.parametrize(
    "args", [["learn"], ["learn", "none.lua"], ["learn", "--from", "none.jsonl"], ["check", "none"]]
)
def test_what_is_not_there(args: list[str]) -> None:
    result = vlua("policy", *args)
    assert result.returncode in (1, 2)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_audit_as_a_table(tmp_path: Path) -> None:
    script = tmp_path / "script.lua"
    script.write_text("print 'output' io.open('/etc/[red]passwd\\27[2J')\nos.exit(7)")
    result = vlua("run", "--audit", "-", str(script))
    assert (result.stdout, result.returncode) == ("output\n", 7)
    assert "script.lua:1" in result.stderr
    assert "io.open" in result.stderr
    assert "[red]passwd\\x1b" in result.stderr  # neither markup nor orders for the terminal
    assert "\x1b" not in result.stderr


def test_audit_that_cannot_be_written(tmp_path: Path) -> None:
    script = tmp_path / "script.lua"
    script.write_text("")
    result = vlua("run", "--audit", str(tmp_path / "none" / "audit.jsonl"), str(script))
    assert result.returncode == 2
    assert "No such file or directory" in result.stderr
    assert "internal error" not in result.stderr


def test_mode_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLUA_MODE", "refuse")
    assert "sandboxed" in vlua("eval", "io.open('x')").stderr
    assert vlua("eval", "--mode", "virtual", "io.open('x')").returncode == 0
    monkeypatch.setenv("VLUA_MODE", "strict")
    result = vlua("eval", "1")
    assert result.returncode == 2
    assert "VLUA_MODE" in result.stderr
