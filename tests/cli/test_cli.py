"""The command line as a user meets it: output, exit statuses, and never a Python traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import vlua as vlua_package

ROOT = Path(__file__).resolve().parents[2]
QUEST = ROOT / "examples" / "quest"
PACKAGES = str(Path(vlua_package.__file__).resolve().parents[1])  # the same vlua as in this process


def vlua(*args: str | Path, stdin: str | bytes = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "vlua", *map(str, args)],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        cwd=cwd,
        timeout=60,
        env={**os.environ, "PYTHONPATH": PACKAGES},
    )
    result = subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="backslashreplace"), done.stderr.decode()
    )
    assert "Traceback (most recent call last)" not in result.stderr
    return result


def script(tmp_path: Path, source: str, name: str = "main.lua") -> Path:
    path = tmp_path / name
    path.write_text(source)
    return path


# run


def test_run(tmp_path: Path) -> None:
    result = vlua("run", script(tmp_path, "print('hello', ...)"), "a", "--flag")
    assert (result.returncode, result.stdout, result.stderr) == (0, "hello\ta\t--flag\n", "")


def test_arg(tmp_path: Path) -> None:
    path = script(tmp_path, "print(arg[-1], arg[0], arg[1], arg[2], #arg)")
    assert vlua("run", path, "x", "ä").stdout == "vlua\tmain.lua\tx\tä\t2\n"


def test_shebang_and_byte_order_mark(tmp_path: Path) -> None:
    path = script(tmp_path, "\ufeff#!/usr/bin/env vlua\nprint(debug.getinfo(1, 'l').currentline)")
    assert vlua("run", path).stdout == "2\n"


def test_the_folder_of_the_script_is_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    script(tmp_path, "return 'module'", "lib/mod.lua")
    script(tmp_path, "data", "data.txt")
    path = script(tmp_path, "print(require 'lib.mod', io.open('data.txt'):read('a'), io.open('/data.txt'):read('a'))")
    assert vlua("run", path).stdout == "module\tdata\tdata\n"
    assert vlua("run", "main.lua", cwd=tmp_path).stdout == "module\tdata\tdata\n"


def test_nothing_is_written_to_the_disk(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        local f = assert(io.open('new.txt', 'w')) f:write('new') f:close()
        local g = assert(io.open('old.txt', 'a')) g:write(' and new') g:close()
        assert(os.remove('gone.txt'))
        print(io.open('new.txt'):read('a'), io.open('old.txt'):read('a'), io.open('gone.txt'))
        """,
    )
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "gone.txt").write_text("gone")
    result = vlua("run", path)
    assert result.stdout == "new\told and new\tnil\tgone.txt: No such file or directory\t2\n"
    assert sorted(os.listdir(tmp_path)) == ["gone.txt", "main.lua", "old.txt"]
    assert (tmp_path / "old.txt").read_text() == "old"


def test_links_that_leave_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "secret")
    path = script(tmp_path / "inside", "print(io.open('link'), io.open('../secret'))")
    result = vlua("run", path)
    assert result.returncode == 0
    assert "secret\n" not in result.stdout
    assert result.stdout.startswith("nil")


def test_mount(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("mounted")
    path = script(tmp_path, "print(io.open('/in/x.txt'):read('a'), io.open('/in/x.txt', 'w'))")
    result = vlua("run", "--mount", f"{tmp_path / 'data'}:/in:ro", path)
    assert result.stdout == "mounted\tnil\t/in/x.txt: Read-only file system\t30\n"
    assert "file (0x" in vlua("run", "--mount", f"{tmp_path / 'data'}:/in", path).stdout
    assert (tmp_path / "data" / "x.txt").read_text() == "mounted"


def test_env(tmp_path: Path) -> None:
    path = script(tmp_path, "print(os.getenv 'A', os.getenv 'B', os.getenv 'PATH')")
    assert vlua("run", "--env", "A=1", "--env", "B=x=y", path).stdout == "1\tx=y\tnil\n"


def test_lua_error(tmp_path: Path) -> None:
    path = script(tmp_path, "local function f()\n  error('boom')\nend\nprint 'before'\nf()")
    result = vlua("run", path)
    assert (result.returncode, result.stdout) == (1, "before\n")
    lines = result.stderr.splitlines()
    assert lines[:2] == ["vlua: main.lua:2: boom", "stack traceback:"]
    assert any("main.lua:5: in main chunk" in line for line in lines)
    assert str(tmp_path) not in result.stderr
    assert ".py" not in result.stderr


def test_error_objects(tmp_path: Path) -> None:
    assert vlua("run", script(tmp_path, "error({})")).stderr == "vlua: (error object is a table value)\n"
    source = "error(setmetatable({}, { __tostring = function() return 'sorry' end }))"
    assert vlua("run", script(tmp_path, source)).stderr == "vlua: sorry\n"


def test_syntax_error(tmp_path: Path) -> None:
    result = vlua("run", script(tmp_path, "x ="))
    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == "vlua: main.lua:1: unexpected symbol near <eof>"


def test_no_such_script(tmp_path: Path) -> None:
    result = vlua("run", tmp_path / "none.lua")
    assert result.returncode == 1
    assert result.stderr == f"vlua: cannot open {tmp_path / 'none.lua'}: No such file or directory\n"


def test_script_from_standard_input() -> None:
    result = vlua("run", "-", "x", stdin="print(arg[0], ...) error 'e'")
    assert result.stdout == "stdin\tx\n"
    assert result.stderr.startswith("vlua: stdin:1: e\n")


@pytest.mark.parametrize(
    ("call", "status"), [("os.exit(7)", 7), ("os.exit()", 0), ("os.exit(false)", 1), ("pcall(os.exit, 5)", 5)]
)
def test_exit_status(tmp_path: Path, call: str, status: int) -> None:
    result = vlua("run", script(tmp_path, f"io.write('out') {call}"))
    assert (result.returncode, result.stdout, result.stderr) == (status, "out", "")


def test_limits(tmp_path: Path) -> None:
    path = script(tmp_path, "pcall(function() while true do end end) print 'reached'")
    result = vlua("run", "--instructions", "10000", path)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == "vlua: limit exceeded: instructions (allowed: 10000)\n"
    result = vlua("run", "--timeout", "0.2", path)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == "vlua: limit exceeded: wall_time (allowed: 0.2)\n"


def test_standard_input(tmp_path: Path) -> None:
    path = script(tmp_path, "for line in io.lines() do io.write('[', line, ']') end")
    assert vlua("run", path, stdin="a\nb\n").stdout == "[a][b]"


def test_bytes_go_through(tmp_path: Path) -> None:
    path = script(tmp_path, "io.write(io.read('a'), '\\xff') print('\\xfe')")
    assert vlua("run", path, stdin=b"\x80").stdout == "\\x80\\xff\\xfe\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupt(tmp_path: Path) -> None:
    path = script(tmp_path, "print 'ready' io.stdout:flush() pcall(function() while true do end end)")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "vlua", "run", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": PACKAGES},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, b"vlua: interrupted!\n")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_reader_that_goes_away(tmp_path: Path) -> None:
    path = script(tmp_path, "for i = 1, 100000 do print(i) end")
    process = subprocess.Popen(
        [sys.executable, "-m", "vlua", "run", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": PACKAGES},
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(timeout=30)


# Policies


def test_one_switch(tmp_path: Path) -> None:
    path = script(tmp_path, "print(io.open('main.lua') ~= nil)")
    assert vlua("run", path).stdout == "true\n"
    for switch in (["--mode", "refuse"], ["--policy", "refuse"]):
        result = vlua("run", *switch, path)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("vlua: main.lua:1: io.open(_) is sandboxed\n")


def test_policy_file(tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text("[sandbox]\ndeny = ['os.getenv']\n[limits]\ninstructions = 5000\n")
    assert "os.getenv(_) is sandboxed" in vlua("run", "--policy", policy, script(tmp_path, "os.getenv 'x'")).stderr
    assert vlua("run", "--policy", policy, script(tmp_path, "while true do end")).returncode == 3


def test_bad_policies(tmp_path: Path) -> None:
    path = script(tmp_path, "")
    result = vlua("run", "--policy", "virtul", path)
    assert result.returncode == 2
    assert result.stderr.startswith('vlua: no policy is named "virtul", did you mean "virtual"? (presets: classroom,')
    (tmp_path / "bad.toml").write_text("mode = 1")
    result = vlua("run", "--policy", tmp_path / "bad.toml", path)
    assert result.returncode == 2
    assert result.stderr.endswith("bad.toml:1: mode: unknown key, it belongs in [sandbox]\n")


# Usage


@pytest.mark.parametrize(
    "args",
    [
        ["run"],
        ["frobnicate"],
        ["run", "--nonsense", "x.lua"],
        ["run", "--mode", "loose", "x.lua"],
        ["run", "--instructions", "0", "x.lua"],
        ["run", "--timeout", "0", "x.lua"],
        ["run", "--timeout", "soon", "x.lua"],
        ["run", "--env", "NOVALUE", "x.lua"],
        ["run", "--env", "=x", "x.lua"],
        ["run", "--mount", "nowhere", "x.lua"],
        ["run", "--mount", "/no/such/dir:/x", "x.lua"],
        ["eval"],
        ["check"],
    ],
    ids=" ".join,
)
def test_usage_errors(tmp_path: Path, args: list[str]) -> None:
    script(tmp_path, "print 'ran'", "x.lua")
    result = vlua(*args, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Error: " in result.stderr


def test_help_and_version() -> None:
    assert "Usage: vlua run" in vlua("run", "--help").stdout
    assert vlua("--version").stdout == "vlua 0.1.0 (Lua 5.3)\n"


# eval and check


def test_eval() -> None:
    assert vlua("eval", "print(1)").stdout == "1\n"
    assert vlua("eval", "1 + 1, 'x'").stdout == "2\tx\n"
    assert vlua("eval", "local x = 3; print(x)").stdout == "3\n"
    assert vlua("eval", "x = 1").stdout == ""
    assert vlua("eval", "os.exit(4)").returncode == 4
    result = vlua("eval", "error 'x'")
    assert (result.returncode, result.stderr.splitlines()[0]) == (1, "vlua: (command line):1: x")
    result = vlua("eval", "x =")
    assert (result.returncode, result.stderr.splitlines()[0]) == (
        1,
        "vlua: (command line):1: unexpected symbol near <eof>",
    )
    assert vlua("eval", "--instructions", "1000", "while true do end").returncode == 3


def test_check(tmp_path: Path) -> None:
    good, bad = script(tmp_path, "error 'not run'", "good.lua"), script(tmp_path, "\nx = = 1", "bad.lua")
    assert vlua("check", good).returncode == 0
    result = vlua("check", good, bad.name, "none.lua", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "vlua: bad.lua:2: unexpected symbol near '='",
        "vlua: cannot open none.lua: No such file or directory",
    ]
    assert vlua("check", "-", stdin="x =").stderr == "vlua: stdin:1: unexpected symbol near <eof>\n"


# The example


def test_the_quest() -> None:
    result = vlua("run", QUEST / "main.lua")
    assert (result.returncode, result.stderr) == (0, "")
    assert "a quest for Wren, begun on Sunday, 09 September 2001" in result.stdout
    assert "line 5: Grey Heron: 'nine' is no health" in result.stdout
    assert "attempt to perform arithmetic on a nil value (field 'mana')" in result.stdout
    assert "same journal after loading: true" in result.stdout
    assert "Wren reaches the lighthouse with 96 gold, having slain 4 of 4." in result.stdout
    assert not list(QUEST.rglob("*.sav"))


def test_the_quest_with_another_hero() -> None:
    assert "a quest for Sif" in vlua("run", "--env", "HERO=Sif", QUEST / "main.lua").stdout
    assert "Bran reaches the lighthouse" in vlua("run", QUEST / "main.lua", "Bran").stdout


def test_the_quest_refused() -> None:
    result = vlua("run", "--mode", "refuse", QUEST / "main.lua")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("vlua: main.lua:8: os.getenv(_) is sandboxed\n")


# Start-up


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys\n"
        "from vlua.cli.command import status_of\n"
        "assert status_of(['eval', 'print(1)']) == 0\n"
        "heavy = {'fs', 'pkg_resources', 'rich', 'asyncio', 'subprocess', 'unittest', 'greenlet'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": PACKAGES},
    )
    assert done.stdout == "1\n[]\n"


def test_import_vlua_is_cheap() -> None:
    code = "import sys, vlua\nprint(sorted({'attr', 'click', 'vlua.vm.state', 'vlua.runtime'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": PACKAGES},
    )
    assert done.stdout == "[]\n"
