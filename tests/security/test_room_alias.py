"""T-ALIAS: a place in the room is bound by one rule, whichever function, name or handle leads there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.security.room import ALLOWED, runtime
from vlua import LuaRuntime, Policy
from vlua.vfs import Room
from vlua.vfs.pyfilesystem import MemoryFS

# Ways to write one path.
_NAMES = [
    "/ro/file",
    "ro/file",
    "./ro/file",
    "//ro//file",
    "/ro/./file",
    "/x/../ro/file",
    "/../ro/file",
    "ro/../ro/file",
]
# Ways to change what is there.
_CHANGES = {
    "io.open w": "io.open(p, 'w')",
    "io.open a": "io.open(p, 'a')",
    "io.open r+": "io.open(p, 'r+')",
    "io.open w+b": "io.open(p, 'w+b')",
    "io.open a+": "io.open(p, 'a+')",
    "io.output": "io.output(p)",
    "os.remove": "os.remove(p)",
    "os.rename from": "os.rename(p, '/x/new')",
    "os.rename to": "os.rename('/own', p)",
    "lfs.touch": "lfs.touch(p, 1)",
    "lfs.mkdir": "lfs.mkdir(p .. 'new')",
    "lfs.rmdir": "lfs.rmdir('/ro/empty')",
    "rm": "os.execute('rm ' .. p)",
    "redirection": "os.execute('echo x > ' .. p)",
    "appending": "os.execute('echo x >> ' .. p)",
    "lua": 'os.execute([[lua -e \'io.open("]] .. p .. [[", "w"):write("x")\']])',
    "mkdir": "os.execute('mkdir ' .. p .. 'new')",
    "popen": "io.popen('cat > ' .. p, 'w'):write('x'):close()",
    "chdir": "lfs.chdir('/ro') and io.open('file', 'w')",
    "string method": "(('').rep and io.open)(p, 'w')",
    "coroutine": "coroutine.wrap(io.open)(p, 'w')",
    "pcall": "select(2, pcall(io.open, p, 'w'))",
    "load": "load('return io.open(...)')(p, 'w')",
    "require": "require('changer')(p)",
}


def _lua(**options: Any) -> LuaRuntime:
    source = MemoryFS()
    source.writetext("file", "kept")
    source.makedir("empty")
    files = {"own": "own", "x": {}, "changer.lua": "return function(p) return io.open(p, 'w') end"}
    return runtime(files=files, mounts=[(source, "/ro", "ro")], **options)


@pytest.mark.parametrize("change", _CHANGES)
def test_t_alias_no_function_changes_what_is_read_only(change: str) -> None:
    for name in _NAMES:
        lua = _lua()
        try:
            lua.execute(f"local lfs, p = require 'lfs', '{name}' return {_CHANGES[change]}")
        except ALLOWED:
            pass
        assert lua.fs.readtext("/ro/file") == "kept", name
        assert sorted(lua.fs.listdir("/ro")) == ["empty", "file"], name


def test_t_alias_every_function_gives_the_same_reason() -> None:
    code = """
    local lfs, p, found = require "lfs", "/ro/file", {}
    local function add(_, message, number) found[#found + 1] = number end
    add(io.open(p, "w")) add(io.open(p, "a")) add(io.open(p, "r+")) add(io.open("/ro/new", "w")) add(os.remove(p))
    add(os.rename(p, "/y")) add(os.rename("/own", p)) add(lfs.touch(p))
    add(lfs.mkdir("/ro/new")) add(lfs.rmdir("/ro/empty"))
    return table.concat(found, " ")"""
    assert _lua().execute(code) == " ".join(["30"] * 10)


def test_t_alias_a_handle_for_reading_never_writes() -> None:
    lua = _lua()
    code = "local f = io.open('/ro/file') return f:write('x'), select(3, f:write('x')), f:seek('end'), f:setvbuf('no')"
    assert lua.execute(code) == (None, 9, 4, True)
    assert lua.fs.readtext("/ro/file") == "kept"


def test_t_alias_a_name_that_is_one_file_is_one_file() -> None:
    room = Room({"x/f": ""})
    for number, name in enumerate(["x/f", "/x/f", "x//f", "./x/./f", "x/../x/f", "/../x/f"]):
        stream = room.open(name, "a")
        stream.write(str(number))
        stream.close()
    assert room.filesystem.readtext("x/f") == "012345"


_REFUSED = {
    "attributes": "lfs.attributes(p)",
    "dir": "lfs.dir('/')",
    "mkdir": "lfs.mkdir('/new')",
    "chdir": "lfs.chdir('/x')",
    "touch": "lfs.touch(p)",
}


@pytest.mark.parametrize("name", _REFUSED)
def test_t_alias_what_is_refused_by_name_is_refused_however_it_is_got(name: str) -> None:
    lua = LuaRuntime(Policy(deny=[f"lfs.{name}"]), files={"own": "own", "x": {}})
    for get in ("require 'lfs'", "package.loaded.lfs", "package.preload.lfs()", "(package.searchers[1]('lfs'))()"):
        with pytest.raises(ALLOWED, match=rf"lfs.{name}\(_\) is sandboxed"):
            lua.execute(f"require 'lfs' local p, lfs = '/own', {get} return {_REFUSED[name]}")


def test_t_alias_a_saved_function_obeys_the_room() -> None:
    first, second = _lua(), LuaRuntime(files={"only": "second"})
    opened = first.eval("io.open")
    assert opened("only")[0] is None
    assert second.eval("io.open")("only") is not None


class TestRules:
    """The same with rules: one decision, below every function."""

    @pytest.fixture
    def lua(self) -> LuaRuntime:
        pytest.importorskip("vlua.vfs.rules")
        policy = Policy(
            filesystem={"rules": [{"pattern": "/secret/**", "deny": ["read", "write", "create", "delete"]}]}
        )
        return LuaRuntime(policy, files={"secret/file.lua": "return 'secret'", "own": "own"})

    @pytest.mark.parametrize(
        "use",
        [
            "io.open(p)",
            "io.open(p, 'w')",
            "io.lines(p)()",
            "io.input(p)",
            "loadfile(p)",
            "dofile(p)",
            "package.searchpath('secret.file', '/?.lua')",
            "require 'secret.file'",
            "os.remove(p)",
            "os.rename(p, '/moved')",
            "os.rename('/own', p)",
            "io.popen('cat ' .. p):read('a')",
            "io.popen('lua ' .. p):read('a')",
            "require 'lfs'.chdir('/secret') and io.open('file.lua')",
        ],
    )
    def test_t_alias_one_rule_for_all(self, lua: LuaRuntime, use: str) -> None:
        try:
            result = lua.execute(f"local p = '/secret/file.lua' return {use}")
        except ALLOWED as error:
            result = error
        assert "'secret'" not in str(result)
        assert str(result) != "secret"
        assert "file (" not in str(result)
        assert lua.fs.readtext("/secret/file.lua") == "return 'secret'"
        assert lua.fs.readtext("/own") == "own"
