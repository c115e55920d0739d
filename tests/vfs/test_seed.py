"""What a host can put into a room: contents of every kind, fetched when needed; modules of every kind."""

from __future__ import annotations

import types
import unittest
from pathlib import Path

import pytest

from vlua import LuaError, LuaRuntime
from vlua.vfs.pyfilesystem import MemoryFS, errors, read_only
from vlua.vfs.seed import Made, Member, Seed
from vlua.vfs.seeded import SeededFS

test = pytest.importorskip("fs.test")


class Maker:
    """A function that counts its calls."""

    def __init__(self, result):
        self.result, self.calls = result, 0

    def __call__(self):
        self.calls += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def tree(fs):
    return {path: fs.readbytes(path) for path in fs.walk.files()}


class TestConformance(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return SeededFS(MemoryFS(), {})


def test_contents_of_every_kind(tmp_path):
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "x").write_bytes(b"\xff\n")
    (tmp_path / "one").write_text("one")
    other = MemoryFS()
    other.makedirs("a/b")
    other.writetext("a/b/c", "c")
    fs = Seed(
        {
            "text": "é",
            "bytes": b"\0\xff",
            "array": bytearray(b"ba"),
            "saves": {"a.txt": "first", "more/b.txt": "second", "empty": {}},
            "/saves/c.txt": "third",
            "host/file": tmp_path / "one",
            "host/folder": tmp_path / "folder",
            "lent": other,
            "made": lambda: "by a function",
        }
    ).build()
    assert tree(fs) == {
        "/text": "é".encode(),
        "/bytes": b"\0\xff",
        "/array": b"ba",
        "/saves/a.txt": b"first",
        "/saves/more/b.txt": b"second",
        "/saves/c.txt": b"third",
        "/host/file": b"one",
        "/host/folder/deep/x": b"\xff\n",
        "/lent/a/b/c": b"c",
        "/made": b"by a function",
    }
    assert fs.isdir("saves/empty")


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"a": 1}, TypeError),
        ({1: "a"}, TypeError),
        ({"a": int}, TypeError),
        ({"a": None}, TypeError),
        ({"": "x"}, ValueError),
        ({"/": "x"}, ValueError),
        ({"..": "x"}, ValueError),
        ({"a/": "x"}, ValueError),
        ({"a\0": "x"}, ValueError),
        ({"a": "x", "a/b": "y"}, ValueError),
        ({"a": {"b": "x"}, "a/b": "y"}, ValueError),
        ({"a": {"b": "x"}, "/a/b/c": "y"}, ValueError),
        ({"a": Path("/no/such/file")}, FileNotFoundError),
        ({"a": MemoryFS(), "a/b": "x"}, ValueError),
        (["a"], TypeError),
        ("a", TypeError),
    ],
)
def test_what_cannot_be(files, error):
    with pytest.raises(error):
        LuaRuntime(files=files)


def test_a_function_is_called_once_when_its_file_is_first_read():
    maker = Maker("contents")
    lua = LuaRuntime(files={"dir/made": maker, "other": "x"})
    lua.execute('for name in require "lfs".dir("dir") do end assert(io.open("other")):close()')
    assert maker.calls == 0
    assert lua.execute("return io.open('dir/made'):read('a'), io.open('dir/made'):read('a')") == ("contents",) * 2
    assert maker.calls == 1


@pytest.mark.parametrize("mode", ["w", "w+"])
def test_what_is_replaced_is_never_made(mode):
    maker = Maker("contents")
    fs = SeededFS(MemoryFS(), {"/made": Made(maker), "/removed": Made(maker), "/target": Made(maker)})
    with fs.openbin("made", mode) as file:
        file.write(b"new")
    fs.remove("removed")
    fs.writetext("other", "moved")
    fs.move("other", "target", overwrite=True)
    assert tree(fs) == {"/made": b"new", "/target": b"moved"}
    assert maker.calls == 0


@pytest.mark.parametrize("move", ["os.rename('dir/made', 'dir/new')", "os.rename('dir', 'new')"])
def test_what_is_moved_is_made_where_it_is(move):
    maker = Maker("contents")
    lua = LuaRuntime(files={"dir": {"made": maker}})
    assert lua.execute(move + " local f = io.open('dir/new') or io.open('new/made') return f:read('a')") == "contents"
    assert maker.calls == 1
    assert lua.execute("return io.open('dir/made')")[2] == 2


def test_what_is_changed_is_made_first():
    lua = LuaRuntime(files={"a": lambda: "old", "b": lambda: b"old"})
    lua.execute("local f = io.open('a', 'a') f:write(' new') f:close() f = io.open('b', 'r+') f:write('X') f:close()")
    assert (lua.fs.readtext("a"), lua.fs.readtext("b")) == ("old new", "Xld")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (ValueError("no {such} %s thing"), "cannot make /made: no {such} %s thing"),
        (KeyError(), "cannot make /made: KeyError"),
        (3, "cannot make /made: the function returned int instead of text or bytes"),
        (None, "cannot make /made: the function returned NoneType instead of text or bytes"),
    ],
)
def test_a_function_that_fails_is_an_error_that_says_so(result, message):
    maker = Maker(result)
    lua = LuaRuntime(files={"made": maker})
    for call in ("io.open('made')", "io.lines('made')", "dofile('made')", "require 'lfs'.attributes('made')"):
        with pytest.raises(LuaError) as caught:
            lua.execute(call)
        assert message in str(caught.value)
        assert isinstance(caught.value.__cause__, type(result) if isinstance(result, Exception) else TypeError)
    assert maker.calls == 1
    with pytest.raises(errors.FSError, match="cannot make"):
        lua.fs.readtext("made")


def test_a_host_file_that_vanished_is_not_found(tmp_path):
    (tmp_path / "x").write_text("x")
    lua = LuaRuntime(files={"x": tmp_path / "x"})
    (tmp_path / "x").unlink()
    assert lua.execute("return io.open('x')") == (None, "x: No such file or directory", 2)


def test_host_folders_are_read_and_never_written(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("x")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "secret")
    lua = LuaRuntime(files={"d": tmp_path / "folder"})
    lua.execute("os.remove('d/x') io.open('d/y', 'w'):write('y'):close()")
    assert lua.execute("return (io.open('d/link'))") is None
    assert lua.fs.listdir("d") == ["y"]
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["link", "x"]


def test_a_member_keeps_its_time():
    source = MemoryFS()
    source.writetext("x", "x")
    source.setinfo("x", {"details": {"modified": 1000.0}})
    fs = SeededFS(MemoryFS(), {"/x": Member(read_only(source), "/x")})
    assert fs.getinfo("x", ["details"]).raw["details"]["modified"] == 1000.0


def test_pending_files_move_and_vanish_with_their_directory():
    makers = {name: Maker(name) for name in "abc"}
    memory = MemoryFS()
    memory.makedirs("d/e")
    fs = SeededFS(memory, {f"/d/e/{name}": Made(maker) for name, maker in makers.items()})
    fs.movedir("d", "f", create=True)
    assert fs.readtext("f/e/a") == "a"
    fs.removetree("f")
    fs.makedirs("d/e")
    fs.writetext("d/e/b", "new")
    assert tree(fs) == {"/d/e/b": b"new"}
    assert [maker.calls for maker in makers.values()] == [1, 0, 0]


class TestModules:
    @pytest.fixture
    def host(self):
        module = types.ModuleType("host")
        module.__all__ = ["add", "CONSTANT", "Class", "gone"]
        module.add = lambda a, b: a + b
        module.hidden = lambda: "hidden"
        module.CONSTANT = 3
        module.Class = type("Class", (), {})
        return module

    def test_a_python_module_shows_the_functions_it_declares(self, host):
        lua = LuaRuntime(modules={"host": host})
        assert lua.execute("return require 'host'.add(1, 2)") == 3
        keys = lua.execute(
            "local k = {} for n in pairs(require 'host') do k[#k + 1] = n end return table.concat(k, ' ')"
        )
        assert keys == "add"
        for name in ("hidden", "__name__", "__dict__", "__builtins__", "CONSTANT", "Class"):
            assert lua.execute("return require 'host'[...]", name) is None
        assert lua.execute("return getmetatable(require 'host')") is None

    def test_a_python_module_must_declare(self):
        with pytest.raises(ValueError, match="no __all__"):
            LuaRuntime(modules={"m": types.ModuleType("m")})

    def test_a_loader_is_called_once_with_the_name(self, host):
        calls = []

        def load(name):
            calls.append(name)
            return {"source": "return {who = ...}", "table": {"a": [1, {"b": 2}]}, "host": host}[name]

        lua = LuaRuntime(modules=dict.fromkeys(("source", "host", "table"), load))
        assert calls == []
        assert lua.execute("return require 'source'.who, require 'host'.add(1, 1)") == ("source", 2)
        assert lua.execute("return require 'source' == require 'source'") is True
        lua.execute("package.loaded.table = nil")
        assert lua.execute("return require 'table'.a[2].b") == 2
        assert calls == ["source", "host", "table"]

    def test_a_function_that_a_loader_returns_is_the_module(self):
        lua = LuaRuntime(modules={"f": lambda name: lambda x: (name, x)})
        assert lua.execute("return require 'f'(7)") == ("f", 7)

    def test_a_loader_that_returns_nothing(self):
        assert LuaRuntime(modules={"f": lambda name: None}).execute("return require 'f'") is True

    def test_a_loader_that_fails(self):
        def load(name):
            raise ValueError(f"no {name} today")

        lua = LuaRuntime(modules={"f": load})
        with pytest.raises(LuaError, match="no f today") as caught:
            lua.execute("return require 'f'")
        assert isinstance(caught.value.__cause__, ValueError)
        assert lua.execute("return package.loaded.f") is None

    @pytest.mark.parametrize("modules", [{1: "return 1"}, {"c": int}])
    def test_what_cannot_be_a_module(self, modules):
        with pytest.raises((TypeError, ValueError)):
            LuaRuntime(modules=modules)

    def test_dependencies_are_found_below_the_roots(self):
        lua = LuaRuntime(
            files={"lua/deps": {"one.lua": "return ...", "two/init.lua": "return ...", "a/b.lua": "return ..."}}
        )
        assert lua.execute("return require 'one', require 'two', require 'a.b'") == ("one", "two", "a.b")

    def test_the_files_of_the_script_come_first(self):
        lua = LuaRuntime(files={"one.lua": "return 'own'", "lua/deps/one.lua": "return 'dependency'"})
        assert lua.require("one") == "own"

    def test_an_error_lists_where_it_was_looked_for(self):
        with pytest.raises(LuaError) as caught:
            LuaRuntime().execute("require 'no.such'", name="=x")
        assert str(caught.value) == (
            "x:1: module 'no.such' not found:\n\tno field package.preload['no.such']"
            "\n\tno file './no/such.lua'\n\tno file './no/such/init.lua'"
            "\n\tno file '/lua/deps/no/such.lua'\n\tno file '/lua/deps/no/such/init.lua'"
            "\n\tno file './no/such.so'\n\tno file '/lua/deps/no/such.so'"
            "\n\tno file './no.so'\n\tno file '/lua/deps/no.so'"
        )
