"""Rooms: where paths lead, what C on Linux would answer, what mounts let through."""

from __future__ import annotations

import os
import unittest

import pytest

from vlua import LuaRuntime, Policy
from vlua.vfs import Quota, Room, Rule
from vlua.vfs.failure import Failure, failure_of
from vlua.vfs.pyfilesystem import MemoryFS, errors

fs_test = pytest.importorskip("fs.test")


@pytest.fixture
def room():
    return Room({"/dir/file": "contents", "top": b"\xff\x00", "ü/ñ": "é"})


def errno(action, *args):
    with pytest.raises(Failure) as caught:
        action(*args)
    return caught.value.errno


def text(room, path):
    stream = room.open(path, "r")
    try:
        return stream.read_all()
    finally:
        stream.close()


@pytest.mark.parametrize(
    "path", ["/dir/file", "dir/file", "./dir//file", "dir/./file", "/../dir/file", "dir/../dir/file", "../../dir/file"]
)
def test_paths_that_lead_to_the_file(room, path):
    assert text(room, path) == "contents"


@pytest.mark.parametrize(
    ("path", "mode", "expected"),
    [
        ("", "r", 2),
        ("nope", "r", 2),
        ("nope/file", "w", 2),
        ("nope/../top", "r", 2),
        ("top/", "r", 20),
        ("top/.", "r", 20),
        ("top/x", "r", 20),
        ("top/x", "w", 20),
        ("top/../dir/file", "r", 20),
        ("top/", "w", 21),
        ("top/", "r+", 20),
        ("new/", "r+", 2),
        ("nope/new/", "w", 2),
        ("new/", "w", 21),
        ("dir", "w", 21),
        ("dir", "a", 21),
        ("dir", "r+", 21),
        ("/", "w", 21),
        ("a\0b", "r", 22),
        ("\0", "w", 22),
        ("x" * 256, "w", 36),
        ("x" * 255, "r", 2),
        ("x/" * 2100, "r", 36),
        ("..\\top", "r", 2),
        ("\xff\xfe", "r", 2),
    ],
)
def test_paths_that_do_not(room, path, mode, expected):
    assert errno(room.open, path, mode) == expected


def test_names_are_bytes(room):
    assert text(room, "\xc3\xbc/\xc3\xb1") == "\xc3\xa9"
    for name in ("\xff", "\xc3", "back\\slash", "new\nline", " ", "{0.__class__}", "%s"):
        stream = room.open(name, "w")
        stream.write(name)
        stream.close()
        assert text(room, name) == name


def test_directories_open_and_do_not_read(room):
    stream = room.open("dir", "r")
    for read in (stream.read_all, lambda: stream.read_line(0), lambda: stream.read_bytes(1), stream.peek):
        assert errno(read) == 21
    assert stream.seek("set", 0) == 0
    stream.close()


def test_remove(room):
    assert errno(room.remove, "nope") == 2
    assert errno(room.remove, "dir") == 39
    assert errno(room.remove, "/") == 16
    assert errno(room.remove, "dir/.") == 22
    assert errno(room.remove, "dir/..") == 39
    assert errno(room.remove, "top/") == 20
    room.remove("dir/file")
    room.remove("dir/")
    assert sorted(room.filesystem.listdir("/")) == ["top", "ü"]


def test_rename(room):
    room.filesystem.makedirs("empty/deep")
    assert errno(room.rename, "nope", "x") == 2
    assert errno(room.rename, "top", "nope/x") == 2
    assert errno(room.rename, "top", "dir") == 21
    assert errno(room.rename, "dir", "top") == 20
    assert errno(room.rename, "dir", "empty") == 39
    assert errno(room.rename, "dir", "dir/inside") == 22
    assert errno(room.rename, "top", "new/") == 20
    assert errno(room.rename, "/", "x") == 16
    assert errno(room.rename, "dir", "") == 2
    room.rename("top", "top")
    room.rename("dir", "./dir/")
    assert text(room, "top") == "\xff\0"
    room.rename("dir/file", "top")
    assert text(room, "top") == "contents"
    room.rename("dir", "empty/deep")
    room.rename("empty", "renamed/")
    assert room.filesystem.isdir("renamed/deep")


def test_temporary_names_and_files(room):
    first, second = room.temporary_name(), room.temporary_name()
    assert first != second
    assert text(room, first) == ""
    before = list(room.filesystem.walk.files())
    stream = room.temporary_file()
    stream.write("abc")
    stream.seek("set", 0)
    assert stream.read_all() == "abc"
    assert list(room.filesystem.walk.files()) == before


def test_open_files_are_limited(room):
    streams = [room.open("top", "r") for _ in range(1024)]
    assert errno(room.open, "top", "r") == 24
    assert errno(room.temporary_file) == 24
    room.release(streams.pop())
    room.open("top", "r")


def test_closing_a_room_flushes_its_files(room):
    stream = room.open("out", "w")
    stream.write("kept")
    assert room.filesystem.readtext("out") == ""
    room.flush()
    assert room.filesystem.readtext("out") == "kept"
    stream.write(" back")
    room.close()
    assert room.filesystem.readtext("out") == "kept back"


@pytest.mark.parametrize(
    "files", [{"a": 1}, {1: "a"}, {"a": "x", "a/b": "y"}, {"": "x"}, {"/": "x"}, {"..": "x"}, {"a\0": "x"}]
)
def test_files_that_cannot_be(files):
    with pytest.raises((TypeError, ValueError)):
        Room(files)


def test_a_filesystem_of_the_host_is_used_as_it_is():
    given = MemoryFS()
    room = Room(given)
    room.open("x", "w").close()
    assert given.exists("x")
    given.writetext("y", "by the host")
    assert text(room, "y") == "by the host"


class Broken(MemoryFS):
    """A filesystem that fails in every way."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def openbin(self, path, mode="r", buffering=-1, **options):
        raise self.error

    remove = openbin


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.PermissionDenied("x"), 13),
        (errors.ResourceReadOnly("x"), 30),
        (errors.InsufficientStorage("x"), 28),
        (errors.ResourceLocked("x"), 16),
        (errors.OperationFailed("x", exc=OSError(28, "host text")), 28),
        (errors.OperationFailed("x"), 5),
        (errors.FilesystemClosed(), 5),
        (errors.Unsupported(), 95),
        (OSError(13, "host text"), 13),
        (OSError(9999, "host text"), 5),
        (OSError("no number"), 5),
        (ValueError("I/O operation on closed file"), 9),
        (KeyError("x"), 5),
        (AssertionError(), 5),
        (MemoryError(), 12),
        (OverflowError(), 27),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "r"), 5),
        (RecursionError(), 5),
    ],
)
def test_whatever_a_filesystem_raises_becomes_a_failure(error, expected):
    assert failure_of(error).errno == expected
    room = Room(Broken(error))
    assert errno(room.open, "x", "r") == expected
    assert "host text" not in failure_of(error).message


class TestMounts:
    @pytest.fixture
    def host(self, tmp_path):
        folder = tmp_path / "game"
        (folder / "sub").mkdir(parents=True)
        (folder / "main.lua").write_text("return 1")
        (folder / "sub" / "data").write_text("data")
        os.symlink("../../secret", folder / "sub" / "link")
        (tmp_path / "secret").write_text("secret")
        return folder

    @staticmethod
    def snapshot(host):
        return {str(path): path.read_bytes() for path in host.rglob("*") if path.is_file() and not path.is_symlink()}

    def test_read_only(self, host):
        room = Room({"here": "x"}, mounts=[(str(host), "/game", "read-only")])
        before = self.snapshot(host)
        assert text(room, "game/main.lua") == "return 1"
        assert errno(room.open, "game/main.lua", "a") == 30
        assert errno(room.open, "game/new", "w") == 30
        assert errno(room.remove, "game/main.lua") == 30
        assert errno(room.remove, "game/nope") == 2
        assert errno(room.remove, "game") == 16
        assert errno(room.rename, "game/main.lua", "here") == 30
        assert errno(room.rename, "here", "game/here") == 30
        assert errno(room.rename, "game", "other") == 16
        assert text(room, "here") == "x"
        assert self.snapshot(host) == before

    @pytest.mark.parametrize("path", ["/", "/game", "/deep/down"])
    def test_written_to_memory(self, host, path):
        room = Room({"here": "x"}, mounts=[(host, path, "overlay")])
        before = self.snapshot(host)
        base = path.rstrip("/")
        for mode in ("a", "r+", "w"):
            stream = room.open(f"{base}/main.lua", mode)
            stream.write("X")
            stream.close()
        assert text(room, f"{base}/main.lua") == "X"
        room.rename(f"{base}/sub/data", f"{base}/moved")
        assert text(room, f"{base}/moved") == "data"
        assert errno(room.open, f"{base}/sub/data", "r") == 2
        room.rename(f"{base}/moved", "/here")
        assert text(room, "here") == "data"
        room.rename("here", f"{base}/sub/data")
        room.rename(f"{base}/sub", f"{base}/bus")
        assert text(room, f"{base}/bus/data") == "data"
        room.remove(f"{base}/bus/data")
        room.remove(f"{base}/main.lua")
        assert errno(room.open, f"{base}/main.lua", "r") == 2
        assert self.snapshot(host) == before
        assert sorted(room.filesystem.listdir(path)) == sorted(
            ["bus"] + (["tmp"] if room.filesystem.exists(f"{base}/tmp") else [])
        )

    def test_links_out_do_not_exist(self, host):
        room = Room(mounts=[(host, "/", "overlay")])
        assert errno(room.open, "sub/link", "r") == 2
        assert errno(room.open, "sub/../../secret", "r") == 2
        stream = room.open("sub/link", "w")
        stream.write("mine")
        stream.close()
        assert text(room, "sub/link") == "mine"
        assert (host.parent / "secret").read_text() == "secret"

    def test_mounts_within_mounts(self, host):
        room = Room(
            mounts=[
                (host, "/", "overlay"),
                (host, "/sub/again", "read-only"),
                (host / "sub", "/sub/again/sub", "overlay"),
            ]
        )
        assert text(room, "/sub/again/sub/data") == "data"
        assert errno(room.open, "/sub/again/x", "w") == 30
        room.open("/sub/again/sub/x", "w").close()
        assert errno(room.remove, "/sub/again") == 16

    def test_a_filesystem(self):
        source = MemoryFS()
        source.writetext("a", "a")
        room = Room(mounts=[(source, "/m", "read-only")])
        assert text(room, "m/a") == "a"
        assert errno(room.open, "m/a", "w") == 30

    def test_refused(self, host):
        for source, error in ((host / "none", NotADirectoryError), (host / "main.lua", ValueError)):
            with pytest.raises(error):
                Room(mounts=[(source, "/", "overlay")])
        for mounts in ("./x:/x", [3], [(host,)], [(host, "x")], {"/x": (host, "maybe")}, [(host, "/x", "rw", 1)]):
            with pytest.raises((TypeError, ValueError)):
                Room(mounts=mounts)

    @pytest.mark.parametrize("form", ["mapping", "mapping with access", "text", "tuple", "mount"])
    def test_ways_to_say_it(self, host, form):
        from vlua.vfs import Mount

        mounts = {
            "mapping": {"/game": host},
            "mapping with access": {"/game": (str(host), "overlay")},
            "text": [f"{host}:/game"],
            "tuple": [(host, "/game")],
            "mount": [Mount(host, "/game")],
        }[form]
        room = Room(mounts=mounts, directory="/game/sub")
        assert text(room, "data") == "data"
        room.remove("data")
        assert (host / "sub" / "data").exists()

    def test_read_write(self, host):
        room = Room(mounts={"/game": (host, "rw")})
        stream = room.open("/game/main.lua", "a")
        stream.write("!")
        stream.close()
        room.rename("/game/sub/data", "/game/moved")
        assert (host / "main.lua").read_text() == "return 1!"
        assert (host / "moved").read_text() == "data"
        assert errno(room.open, "/game/sub/link", "r") == 2
        assert (host.parent / "secret").read_text() == "secret"


class TestSnapshots:
    @pytest.fixture
    def lua(self, tmp_path):
        (tmp_path / "game").mkdir()
        (tmp_path / "game" / "main.lua").write_text("return 1\n")
        return LuaRuntime(files={"a": "a\n", "made": lambda: "made\n"}, mounts={"/game": tmp_path / "game"})

    def test_changes(self, lua):
        assert not lua.changes()
        lua.execute("""
            io.open('a', 'a'):write('b\\n')  -- still open, and its buffer counts
            os.rename('/game/main.lua', '/game/new.lua')
            io.open('x', 'w'):close()
            os.remove('made')
        """)
        changes = lua.changes()
        assert [change.path for change in changes.changed] == ["/a"]
        assert [change.path for change in changes.added] == ["/x"]
        assert [change.path for change in changes.removed] == ["/made"]
        assert [(change.old_path, change.path) for change in changes.renamed] == [("/game/main.lua", "/game/new.lua")]
        assert "+b" in changes.diff()

    def test_restore(self, lua):
        before = {path: lua.fs.readbytes(path) for path in lua.fs.walk.files()}
        snapshot = lua.snapshot()
        lua.execute("kept = io.open('a', 'r+') assert(kept:read(1) == 'a') os.remove('/game/main.lua')")
        lua.execute("io.open('x', 'w'):write('x') kept:write('X')")
        assert snapshot.changes()
        snapshot.restore()
        assert {path: lua.fs.readbytes(path) for path in lua.fs.walk.files()} == before
        assert not snapshot.changes()
        assert not lua.changes(snapshot)
        lua.execute("io.open('x', 'w'):close()")
        snapshot.restore()
        assert not lua.fs.exists("x")

    def test_what_was_read_ahead_is_forgotten(self, lua):
        snapshot = lua.snapshot()
        lua.execute("io.open('a', 'w'):write('XYZ'):close() f = io.open('a') assert(f:read(1) == 'X')")
        snapshot.restore()
        assert lua.execute("return f:read('a')") == "\n"

    def test_of_another_runtime(self, lua):
        with pytest.raises(ValueError, match="another"):
            lua.changes(LuaRuntime().snapshot())


def test_a_working_directory():
    lua = LuaRuntime(files={"game/x": "x"}, directory="/game")
    assert lua.execute("return io.open('x'):read('a'), require 'lfs'.currentdir()") == ("x", "/game")
    lua = LuaRuntime(directory="made/for/it")
    assert lua.execute("io.open('x', 'w'):close() return io.open('/made/for/it/x') ~= nil") is True
    with pytest.raises(ValueError, match="cannot work in"):
        LuaRuntime(files={"x": "x"}, directory="/x").fs


class TestStack(fs_test.FSTestCases, unittest.TestCase):
    """All the filesystems of a room, one above the other, pass for one of PyFilesystem2's own."""

    def make_fs(self):
        mounts = {"/mounted": MemoryFS(), "/overlay": (MemoryFS(), "overlay")}
        rules = [Rule("/**/refused", deny={"read"})]
        return Room(mounts=mounts, quota=Quota(bytes=10**9), rules=rules).filesystem.opendir("/mounted")


def test_temporary_files_count_towards_the_quota():
    room = Room({"kept": "x" * 10, ".nameless": "mine"}, quota=Quota(bytes=100))
    streams = [room.temporary_file() for _ in range(3)]
    assert sorted(room.filesystem.listdir("/")) == [".nameless", "kept"]
    streams[0].write("x" * 80)
    streams[0].flush()
    streams[1].write("x" * 80)
    assert errno(streams[1].flush) == 28
    streams[0].close()
    streams[2].write("x" * 80)
    streams[2].seek("set", 0)
    assert streams[2].read_all() == "x" * 80
    assert text(room, ".nameless") == "mine"


def test_a_quota_counts_again_after_a_restore():
    lua = LuaRuntime(Policy(filesystem={"quota": {"bytes": 100}}))
    snapshot = lua.snapshot()
    write = "local f = io.open('f', 'w') return f:write(('x'):rep(90)) and f:close()"
    assert lua.execute(write) is True
    snapshot.restore()
    assert lua.execute(write.replace("'f', 'w'", "'g', 'w'")) is True
