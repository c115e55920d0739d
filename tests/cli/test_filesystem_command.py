"""``vlua fs``: what an export holds, shown so that no name can lie about it."""

from __future__ import annotations

import os
import time

import pytest
from click.testing import CliRunner

from vlua.cli.command import commands
from vlua.cli.filesystem import show_changes, show_report, visible
from vlua.vfs.apply import Outcome, Report
from vlua.vfs.export import save
from vlua.vfs.journal import JournalFS
from vlua.vfs.pyfilesystem import MemoryFS

TIME = 1_000_000_000.0


@pytest.fixture(params=["out.zip", "out"])
def export(request, tmp_path):
    room = MemoryFS()
    room.makedirs("data/deep")
    room.makedir("empty")
    room.writebytes("data/bytes", bytes(range(256)))
    room.writetext("data/deep/b", "beta")
    room.writetext("top", "x" * 1234)
    if os.name == "posix":
        room.writetext("\x1b[31mred\n", "hostile")
        room.writetext("latin \udcff", "bytes")
    for path in ("/data", "/data/deep", "/empty", "/top"):
        room.setinfo(path, {"details": {"modified": TIME}})
    save(room, tmp_path / request.param)
    return str(tmp_path / request.param)


def vlua(*args):
    result = CliRunner().invoke(commands, ["fs", *args], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout_bytes, result.stderr


posix = pytest.mark.skipif(os.name != "posix", reason="names of any bytes")


@posix
def test_ls(export):
    assert vlua("ls", export) == (0, b'"\\033[31mred\\012"\ndata/\nempty/\n"latin \\377"\ntop\n', "")
    assert vlua("ls", export, "data") == (0, b"bytes\ndeep/\n", "")
    assert vlua("ls", export, "/data/deep/b") == (0, b"b\n", "")
    assert vlua("ls", export, "empty") == (0, b"", "")


def test_ls_long(export):
    shown = time.strftime("%Y-%m-%d %H:%M", time.localtime(TIME)).encode()
    status, output, _ = vlua("ls", "-l", export)
    lines = output.splitlines()
    assert status == 0
    assert b"d    0 " + shown + b" data/" in lines
    assert b"- 1234 " + shown + b" top" in lines


def test_cat(export):
    assert vlua("cat", export, "data/bytes", "/data/deep/b") == (0, bytes(range(256)) + b"beta", "")
    assert vlua("cat", export, "missing", "/data/deep/b") == (1, b"beta", "vlua: missing: No such file or directory\n")
    assert vlua("cat", export, "data") == (1, b"", "vlua: data: Is a directory\n")
    assert vlua("cat", export, "../../etc/passwd")[0] == 1


@posix
def test_cat_of_a_name_that_is_no_text(export):
    assert vlua("cat", export, os.fsdecode(b"latin \xff")) == (0, b"bytes", "")


def test_tree(export):
    assert vlua("tree", export, "data") == (0, "/data\n├── bytes\n└── deep/\n    └── b\n".encode(), "")
    status, output, _ = vlua("tree", export)
    assert status == 0
    assert "├── data/\n│   ├── bytes\n│   └── deep/\n│       └── b\n├── empty/\n".encode() in output
    assert b"\x1b" not in output


def test_failures(export, tmp_path):
    assert vlua("ls", export, "missing") == (1, b"", "vlua: missing: No such file or directory\n")
    assert vlua("tree", export, "top") == (1, b"", "vlua: top: Not a directory\n")
    missing = str(tmp_path / "missing")
    assert vlua("ls", missing) == (1, b"", f"vlua: cannot open {missing}: No such file or directory\n")
    (tmp_path / "text").write_text("no archive")
    status, _, message = vlua("ls", str(tmp_path / "text"))
    assert (status, "is not a ZIP archive" in message) == (1, True)


def test_show_changes(capsys):
    journal = JournalFS(MemoryFS())
    journal.writetext("/x", "one\ttwo\n\x1b[2J\u202e\x7f\n")
    show_changes(journal.changes())
    assert capsys.readouterr().out == (
        "A /x (17 bytes)\n--- /dev/null\n+++ b/x\n@@ -0,0 +1,2 @@\n+one\ttwo\n+␛[2J<U+202E><U+007F>\n"
    )
    show_changes(journal.changes(), diff=False)
    assert capsys.readouterr().out == "A /x (17 bytes)\n"
    assert visible("plain") == "plain"


def test_show_report(capsys):
    report = Report(
        (Outcome("create", "/a"),),
        (Outcome("replace", "/b", "it changed"),),
        (Outcome("remove", "/c", "no"),),
        False,
        True,
    )
    show_report(report)
    captured = capsys.readouterr()
    assert captured.out == "create /a\n"
    assert captured.err == (
        "vlua: refused to replace /b: it changed\nvlua: could not remove /c: no\n"
        "vlua: interrupted: what is not listed was not done\n"
    )
