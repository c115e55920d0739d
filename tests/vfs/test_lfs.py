"""LuaFileSystem in a room: results and messages as the C module gives them on Linux."""

from __future__ import annotations

import io

import pytest

from vlua import LuaError, LuaRuntime, Policy

FILES = {"dir/file": "contents", "dir/sub/deep": "x" * 5000, "top": b"\xff\0", "bytes": {"\xe9": "x"}}


@pytest.fixture
def lua():
    return LuaRuntime(files=FILES)


def run(lua, code):
    """The results of a chunk that has the module as ``lfs``, as a tuple."""
    result = lua.execute(f"local lfs = require 'lfs' {code}", name="=x")
    return result if isinstance(result, tuple) else (result,)


def test_it_is_no_global_and_only_one(lua):
    assert run(lua, "return _G.lfs, package.loaded.lfs == lfs, require 'lfs' == lfs, lfs._VERSION") == (
        None,
        True,
        True,
        "LuaFileSystem 1.8.0",
    )
    assert lua.execute("package.loaded.lfs = nil return require 'lfs' ~= nil") is True


NO_FILE = "No such file or directory"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return lfs.attributes('nope')", (None, f"cannot obtain information from file 'nope': {NO_FILE}", 2)),
        ("return lfs.attributes('top/x')", (None, "cannot obtain information from file 'top/x': Not a directory", 20)),
        ("return lfs.attributes('top/')", (None, "cannot obtain information from file 'top/': Not a directory", 20)),
        ("return lfs.attributes('')", (None, f"cannot obtain information from file '': {NO_FILE}", 2)),
        ("return lfs.attributes('top', 'mode'), lfs.attributes('dir/', 'mode')", ("file", "directory")),
        ("return lfs.attributes('top', 'size'), lfs.attributes('dir/sub/deep', 'size')", (2, 5000)),
        ("return lfs.attributes('top', 'blocks'), lfs.attributes('dir/sub/deep', 'blocks')", (8, 16)),
        ("return lfs.attributes('top', 'permissions')", ("rw-r--r--",)),
        ("return lfs.attributes('dir', 'permissions')", ("rwxr-xr-x",)),
        ("return lfs.attributes('/', 'mode'), lfs.attributes('/', 'nlink')", ("directory", 2)),
        ("local t = {} return lfs.attributes('top', t) == t, t.mode, t.size", (True, "file", 2)),
        ("return type(lfs.attributes('top')), lfs.attributes('top').dev", ("table", 1)),
        ("return lfs.symlinkattributes('top', 'mode'), lfs.symlinkattributes('top').target", ("file", None)),
        ("return lfs.symlinkattributes('top', 'target')", (None, "could not obtain link target: Invalid argument", 22)),
        ("return lfs.symlinkattributes('no', 'target')", (None, f"could not obtain link target: {NO_FILE}", 2)),
        ("return lfs.mkdir('new'), lfs.attributes('new', 'mode')", (True, "directory")),
        ("return lfs.mkdir('new/'), lfs.rmdir('new/')", (True, True)),
        ("return lfs.mkdir('dir')", (None, "File exists", 17)),
        ("return lfs.mkdir('top')", (None, "File exists", 17)),
        ("return lfs.mkdir('no/new')", (None, NO_FILE, 2)),
        ("return lfs.mkdir('top/new')", (None, "Not a directory", 20)),
        ("return lfs.mkdir(('n'):rep(256))", (None, "File name too long", 36)),
        ("return lfs.rmdir('dir')", (None, "Directory not empty", 39)),
        ("return lfs.rmdir('top')", (None, "Not a directory", 20)),
        ("return lfs.rmdir('no')", (None, NO_FILE, 2)),
        ("return lfs.rmdir('dir/sub/..')", (None, "Directory not empty", 39)),
        ("return lfs.rmdir('.')", (None, "Invalid argument", 22)),
        ("return lfs.chdir('dir'), lfs.currentdir()", (True, "/dir")),
        ("lfs.chdir('dir') return io.open('file'):read('a'), lfs.attributes('sub/deep', 'size')", ("contents", 5000)),
        ("lfs.chdir('/dir/sub') return lfs.chdir('../..'), lfs.currentdir()", (True, "/")),
        ("return lfs.chdir('no')", (None, f"Unable to change working directory to 'no'\n{NO_FILE}\n")),
        ("return lfs.chdir('top')", (None, "Unable to change working directory to 'top'\nNot a directory\n")),
        ("return lfs.touch('top', 1000), lfs.attributes('top', 'modification')", (True, 1000)),
        ("return lfs.touch('top', 1000.7, 2000), lfs.attributes('top', 'access')", (True, 1000)),
        ("return lfs.touch('top', 1000, 2000), lfs.attributes('top', 'modification')", (True, 2000)),
        ("return lfs.touch('top'), lfs.attributes('top', 'modification') > 1e9", (True, True)),
        ("return lfs.touch('no')", (None, NO_FILE, 2)),
        ("return lfs.link('top', 'other')", (None, "Operation not permitted", 1)),
        ("return lfs.setmode(io.open('top'), 'text')", (True, "binary")),
        ("return select('#', lfs.lock(io.open('top'), 'r')), lfs.lock(io.open('top'), 'r')", (2, None)),
        ("return (lfs.unlock(io.open('top')))", (None,)),
        ("return (lfs.lock_dir('dir'))", (None,)),
    ],
)
def test_results(lua, code, expected):
    assert run(lua, code)[: len(expected)] == expected


def test_locks_say_why_there_are_none(lua):
    assert "not supported" in run(lua, "return select(2, lfs.lock_dir('dir'))")[0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("lfs.attributes()", "x:1: bad argument #1 to 'attributes' (string expected, got no value)"),
        ("lfs.attributes('top', 'colour')", "x:1: invalid attribute name 'colour'"),
        ("lfs.dir('no')", f"x:1: cannot open no: {NO_FILE}"),
        ("for n in lfs.dir('top') do end", "x:1: cannot open top: Not a directory"),
        ("local _, d = lfs.dir('/') d:close() d:next()", "x:1: calling 'next' on bad self (closed directory)"),
        ("local i, d = lfs.dir('/') i()", "x:1: bad argument #1 to 'i' (directory metatable expected, got no value)"),
        ("lfs.setmode('top', 'text')", "x:1: bad argument #1 to 'setmode' (FILE* expected, got string)"),
        ("lfs.setmode(io.open('top'), 'x')", "x:1: bad argument #2 to 'setmode' (invalid option 'x')"),
        ("local f = io.open('top') f:close() lfs.lock(f, 'r')", "x:1: lock: closed file"),
        ("lfs.lock(io.open('top'), 'x')", "x:1: lock: invalid mode"),
        ("lfs.touch('top', 'x')", "x:1: bad argument #2 to 'touch' (number expected, got string)"),
        ("lfs.mkdir({})", "x:1: bad argument #1 to 'mkdir' (string expected, got table)"),
    ],
)
def test_errors(lua, code, message):
    with pytest.raises(LuaError) as caught:
        run(lua, code)
    assert str(caught.value) == message


def test_directories_are_traversed(lua):
    code = "local names = {} for name in lfs.dir('dir') do names[#names + 1] = name end return table.concat(names, ' ')"
    assert run(lua, code) == (". .. file sub",)
    code = "local i, d = lfs.dir('dir') return type(d), d:next(), d:next(), i(d), i(d), select('#', d:next())"
    assert run(lua, code) == ("userdata", ".", "..", "file", "sub", 0)
    with pytest.raises(LuaError, match="closed directory"):
        run(lua, "local i, d = lfs.dir('dir') while i(d) do end i(d)")


def test_a_directory_that_changes_meanwhile(lua):
    code = """
    local n = 0
    for name in lfs.dir("dir") do
      n = n + 1
      os.remove("dir/file")
      lfs.mkdir("dir/new" .. n)
    end
    return n"""
    assert run(lua, code) == (4,)


def test_names_are_bytes(lua):
    code = (
        "local i, d = lfs.dir('bytes') d:next() d:next() return #d:next(), lfs.attributes('bytes/\\xc3\\xa9', 'size')"
    )
    assert run(lua, code) == (2, 1)
    assert run(lua, "lfs.mkdir('\\xff') lfs.chdir('\\xff') return lfs.currentdir() == '/\\xff'") == (True,)


def test_the_same_figures_in_every_run():
    code = """
    local t = {}
    for name, value in pairs(lfs.attributes("dir/file")) do
      if name ~= "access" and name ~= "modification" and name ~= "change" then t[#t + 1] = name .. "=" .. value end
    end
    table.sort(t)
    return table.concat(t, " ")"""
    first, second = (run(LuaRuntime(files=FILES), code) for _ in range(2))
    assert first == second
    assert "ino" in first[0]


def test_the_directory_belongs_to_the_runtime():
    first, second = LuaRuntime(files=FILES), LuaRuntime(files=FILES)
    run(first, "lfs.chdir('dir')")
    assert run(first, "return lfs.currentdir()") == ("/dir",)
    assert run(second, "return lfs.currentdir()") == ("/",)


def test_everything_follows_the_directory(lua):
    lua.fs.writetext("dir/mod.lua", "return 'module of dir'")
    lua.fs.writetext("dir/run.lua", "return 'run in dir'")
    code = """
    lfs.chdir("dir")
    local results = {require "mod", dofile "run.lua", (loadfile "run.lua")(), io.lines("file")()}
    os.rename("file", "moved") os.remove("run.lua") io.output("out"):close()
    return table.unpack(results)"""
    assert run(lua, code)[:4] == ("module of dir", "run in dir", "run in dir", "contents")
    assert sorted(lua.fs.listdir("dir")) == ["mod.lua", "moved", "out", "sub"]


def test_a_directory_that_is_gone(lua):
    code = "lfs.mkdir('here') lfs.chdir('here') lfs.rmdir('/here') return io.open('x', 'w')"
    assert run(lua, code) == (None, f"x: {NO_FILE}", 2)


def test_refused_as_a_whole():
    lua = LuaRuntime("refuse", files=FILES)
    for code in ("require 'lfs'", "error(select(2, pcall(require, 'lfs')), 0)"):
        with pytest.raises(LuaError, match=r"require\(_\) is sandboxed"):
            lua.execute(code)
    assert lua.execute("return package.preload.lfs, package.loaded.lfs") == (None, None)


def test_refused_in_part():
    lua = LuaRuntime(Policy(deny=["lfs.mkdir"]), files=FILES, stdout=io.StringIO())
    assert run(lua, "return lfs.attributes('top', 'size')") == (2,)
    with pytest.raises(LuaError, match=r"lfs.mkdir\(_\) is sandboxed"):
        run(lua, "lfs.mkdir('x')")


def test_allowed_in_refuse():
    lua = LuaRuntime(Policy(mode="refuse", allow=["lfs.attributes"]), files=FILES)
    assert run(lua, "return lfs.attributes('top', 'size')") == (2,)
    with pytest.raises(LuaError, match=r"lfs.mkdir\(_\) is sandboxed"):
        run(lua, "lfs.mkdir('x')")


@pytest.mark.parametrize("kind", ["frozen", "ticking"])
def test_a_clock_of_ones_own_is_the_clock_of_the_files(kind):
    def times():
        lua = LuaRuntime(Policy(clock={"kind": kind, "start": 1_000_000}), files=FILES)
        code = """
        local first = lfs.attributes("top", "modification")
        io.open("new", "w"):close()
        lfs.touch("dir/file", 5, 7)
        local touched = lfs.attributes("dir/file", "modification")
        os.rename("dir/file", "moved")
        return first, lfs.attributes("new", "change"), touched, lfs.attributes("moved", "access")"""
        return run(lua, code)

    assert times() == times()
    assert times()[:3] == (1_000_000, 1_000_000, 7)
