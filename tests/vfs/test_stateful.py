"""A room and a real directory, driven by the same random operations: same results, same messages, same files.

The real side is PUC Lua with its own ``io`` and ``os``, and functions of Python's ``os`` in place of ``lfs``.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua import LuaRuntime

lupa = pytest.importorskip("lupa.lua53")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rooms answer as C on Linux does")

# One handle at a time: what a second one sees depends on buffers, which C leaves open. A position is asked for between
# reading and writing, as C wants it. Handles are left to be closed by the next `open`.
DRIVER = """
local lfs, home = ...
local file, last
local function turn(what)
  if last ~= what then file:seek("cur", 0) end
  last = what
end
local operations = {
  open = function(path, mode)
    if file then file:close() end
    local message, number
    file, message, number = io.open(path, mode)
    last = "open"
    if file and lfs.attributes(path, "mode") == "directory" then
      local results = table.pack(file:read(5))
      file:close()
      file = nil  -- where one moves in a directory is the filesystem's business
      return table.unpack(results, 1, results.n)
    end
    return file ~= nil, message, number
  end,
  close = function() local f = file file = nil return f:close() end,
  read = function(...) turn "read" return file:read(...) end,
  lines = function()
    turn "read"
    local lines = {}
    for line in file:lines("L") do lines[#lines + 1] = line end
    return table.concat(lines, "|")
  end,
  write = function(text)
    turn "write"
    local ok, message, number = file:write(text)
    local flushed, why = file:flush()
    return ok == file or nil, message, number, flushed, why
  end,
  seek = function(whence, offset) last = "seek" return file:seek(whence, offset) end,
  setvbuf = function(mode) return file:setvbuf(mode) end,
  remove = os.remove,
  rename = os.rename,
  mkdir = lfs.mkdir,
  rmdir = lfs.rmdir,
  chdir = function(path) local ok, message = lfs.chdir(path) return ok, message end,
  home = function() return lfs.chdir(home) end,
  where = function() return (lfs.currentdir():sub(#home + 1):gsub("^/", "")) end,
  mode = function(path) return lfs.attributes(path, "mode") end,
  size = function(path)
    local mode, message, number = lfs.attributes(path, "mode")
    if mode ~= "file" then return mode, message, number end
    return lfs.attributes(path, "size")
  end,
  dir = function(path)
    local names = {}
    for name in lfs.dir(path) do names[#names + 1] = name end
    table.sort(names)
    return table.concat(names, " ")
  end,
}
local uses = {close = true, read = true, lines = true, write = true, seek = true, setvbuf = true}
return function(name, ...)
  if uses[name] and not file then return "no file" end
  local results = table.pack(pcall(operations[name], ...))
  for i = 1, results.n do
    local value = results[i]
    results[i] = math.type(value) == "float" and "float " .. value or tostring(value)
  end
  return table.concat(results, " / ")
end
"""

START = "local driver, lfs, home = ... return load(driver, '=driver')(lfs, home)"


def failing(function):
    """``function`` with its OSError as ``nil, message, errno``."""

    def call(path, *rest):
        try:
            result = function(path, *rest)
        except OSError as error:
            return None, error.strerror, error.errno
        return True if result is None else result

    return call


def attributes(path, name):
    try:
        status = os.stat(path)
    except OSError as error:
        return None, f"cannot obtain information from file '{path}': {error.strerror}", error.errno
    if name == "size":
        return status.st_size
    return "directory" if stat.S_ISDIR(status.st_mode) else "file"


def chdir(path):
    try:
        os.chdir(path)
    except OSError as error:
        return None, f"Unable to change working directory to '{path}'\n{error.strerror}\n"
    return True


def entries(path):
    """Names for the real side's ``lfs.dir``, or why there are none."""
    try:
        return "\0".join([".", "..", *os.listdir(path)])
    except OSError as error:
        return None, f"cannot open {path}: {error.strerror}"


REAL = """
local entries, attributes, chdir, currentdir, mkdir, rmdir = ...
return {
  attributes = attributes, chdir = chdir, currentdir = currentdir, mkdir = mkdir, rmdir = rmdir,
  dir = function(path)
    local names, message = entries(path)
    if not names then error(message, 2) end
    return names:gmatch("%Z+")
  end,
}
"""


def real_driver(folder):
    lua = lupa.LuaRuntime(encoding="latin-1", unpack_returned_tuples=True)
    lfs = lua.execute(REAL, entries, attributes, chdir, os.getcwd, failing(os.mkdir), failing(os.rmdir))
    return lua.execute(START, DRIVER, lfs, str(folder))


def room_driver(lua):
    return lua.execute(START, DRIVER, lua.require("lfs"), "/")


PATHS = st.sampled_from(
    [*"a b d e d/x d/e d/e/y a/ d/ e/ ./a d/../a d//x d/. d/.. a/. a/b nope/x nope/../a . ./ d/e/.. e/x".split(), ""]
)
TEXTS = st.sampled_from(["x", "12 0x1F -3.5e1 nan\n", "one\ntwo\n\nlast", "", "\0\xff\r\n", "y" * 300, "  7"])
FORMATS = st.sampled_from(["l", "L", "n", "a", 0, 1, 5, "*l", "*n", 1000])
MODES = st.sampled_from(["r", "w", "a", "r+", "w+", "a+", "rb", "r+b", "wb"])
OPERATIONS = st.one_of(
    st.tuples(st.just("open"), PATHS, MODES),
    st.tuples(st.just("open"), st.sampled_from(["a", "b", "d/x"]), MODES),
    st.tuples(st.just("read"), FORMATS),
    st.tuples(st.just("read"), FORMATS, FORMATS, FORMATS),
    st.tuples(st.just("write"), TEXTS),
    st.tuples(st.just("seek"), st.sampled_from(["set", "cur", "end"]), st.sampled_from([0, 1, -1, 5, -3, 400])),
    st.tuples(st.just("setvbuf"), st.sampled_from(["no", "full", "line"])),
    st.tuples(st.sampled_from(["close", "lines", "home", "where"])),
    st.tuples(st.sampled_from("remove mkdir mkdir rmdir chdir mode size dir".split()), PATHS),
    st.tuples(st.just("rename"), PATHS, PATHS),
)


def tree_of(folder: Path):
    return {
        "/" + path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
    }


def tree_in(fs):
    return {path: None if info.is_dir else fs.readbytes(path) for path, info in fs.walk.info()}


@pytest.mark.parametrize("kind", ["memory", "overlay", "read-write"])
@settings(max_examples=settings().max_examples // 2)
@given(operations=st.lists(OPERATIONS, min_size=5, max_size=40))
def test_a_room_does_as_a_directory_does(kind, operations):
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        folder, mounted = Path(name, "real"), Path(name, "mounted")
        for place in (folder, mounted):
            (place / "d").mkdir(parents=True)
            (place / "a").write_bytes(b"one\n2 3\nlast")
        if kind == "memory":
            lua = LuaRuntime(files={"a": "one\n2 3\nlast", "d": {}}, encoding="latin-1")
        else:
            lua = LuaRuntime(mounts=[(mounted, "/", kind)], encoding="latin-1")
        os.chdir(folder)
        try:
            real, room = real_driver(folder), room_driver(lua)
            for operation in operations:
                expected, found = real(*operation), room(*operation)
                assert found == expected, operation
            assert real("close") == room("close")
        finally:
            os.chdir(before)
        assert tree_in(lua.fs) == tree_of(folder)
        if kind == "overlay":
            assert tree_of(mounted) == {"/a": b"one\n2 3\nlast", "/d": None}
        elif kind == "read-write":
            assert tree_of(mounted) == tree_of(folder)
