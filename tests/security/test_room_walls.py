"""T-PATH, T-LINK, T-ALIAS: every path stays inside the room, and every function that takes one obeys the same rule."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.security.room import ALLOWED, runtime
from vlua import LuaError, LuaRuntime, Policy

_PATHS = [
    "../../../etc/passwd",
    "/../etc/passwd",
    "/../../../../../../etc/passwd",
    "..",
    "/..",
    ".",
    "/",
    "",
    "//etc/passwd",
    "/etc/passwd",
    "./../etc/passwd",
    "a/../../etc/passwd",
    "\\0/etc/passwd",
    "/etc/passwd\\0.txt",
    "..\\\\..\\\\etc\\\\passwd",
    "C:\\\\Windows\\\\win.ini",
    "file:///etc/passwd",
    "osfs:///etc",
    "~/.bashrc",
    "$HOME/x",
    "/proc/self/environ",
    "/dev/null",
    "/dev/zero",
    "\\xed\\xa0\\x80",
    "\\xff\\xfe",
    "{0}",
    "*",
    "a\\nb",
    "con",
]
_LONG = ["x" * 5000, "x/" * 5000, "../" * 5000 + "etc/passwd", "/" * 5000]
_USES = {
    "io.open": "io.open(p)",
    "io.open for writing": "io.open(p, 'w')",
    "io.open for appending": "io.open(p, 'a+')",
    "io.lines": "io.lines(p)",
    "io.input": "io.input(p)",
    "io.output": "io.output(p)",
    "os.remove": "os.remove(p)",
    "os.rename from": "os.rename(p, 'new')",
    "os.rename to": "os.rename('here.txt', p)",
    "loadfile": "loadfile(p)",
    "dofile": "dofile(p)",
    "require": "require(p)",
    "package.searchpath": "package.searchpath('x', p)",
    "package.searchpath by name": "package.searchpath(p, '/?;/?.lua;?')",
    "package.path": "(function() package.path = p .. ';' .. p .. '/?' return require('nothing') end)()",
    "package.loadlib": "package.loadlib(p, '*')",
    "io.popen": "io.popen(p)",
    "os.execute": "os.execute(p)",
    "searchers": "package.searchers[2](p)",
}


def _room() -> LuaRuntime:
    return runtime(files={"/here.txt": "text of the room"})


@pytest.mark.parametrize("use", _USES)
def test_t_path_odd_paths_stay_inside(use: str) -> None:
    for path in [*_PATHS, *_LONG]:
        lua = _room()
        try:
            result = lua.execute(f"local p = '{path}' return {_USES[use]}")
        except ALLOWED as error:
            result = error
        text = str(result)
        assert "root:" not in text
        assert "internal error" not in text, path[:50]
        assert ".py" not in text


def test_t_path_failures_are_triples() -> None:
    for path in ("missing", "/missing/deeper", "here.txt/x", "\\0"):
        lua = _room()
        value, message, number = lua.execute(f"return io.open('{path}')")
        assert value is None
        assert isinstance(message, str)
        assert isinstance(number, int)


def test_t_path_dots_go_no_higher_than_the_root() -> None:
    lua = _room()
    assert lua.execute("local f = io.open('/../../here.txt') return f and f:read('a')") in ("text of the room", None)
    assert lua.execute("return (io.open('../../../../../../../../etc/hostname'))") is None


@pytest.mark.parametrize(
    "name", ["..x", "../x", "...", "a..b", "/etc/passwd", "x/../y", "\\0", "x\\0y", "", ".", ";", "?", "%s", "a;b"]
)
def test_t_path_module_names(name: str) -> None:
    lua = runtime(files={"/x.lua": "return 'x of the room'"})
    try:
        result = lua.execute(f"return require('{name}')")
    except LuaError as error:
        result = error
    assert "root:" not in str(result)
    assert "internal error" not in str(result)


@pytest.fixture
def host_folder(tmp_path: Path) -> Path:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file.txt").write_text("the secret of the host")
    (secret / "module.lua").write_text("return 'the secret of the host'")
    folder = tmp_path / "mounted"
    folder.mkdir()
    (folder / "own.txt").write_text("own")
    (folder / "link.txt").symlink_to(secret / "file.txt")
    (folder / "module.lua").symlink_to(secret / "module.lua")
    (folder / "folder").symlink_to(secret)
    (folder / "up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to(secret / "new.txt")
    (folder / "absolute").symlink_to("/etc")
    return folder


@pytest.mark.parametrize("access", ["read-only", "overlay"])
def test_t_link_links_that_leave_a_mount_are_not_followed(host_folder: Path, access: str) -> None:
    lua = runtime(mounts=[(str(host_folder), "/m", access)])
    script = """
    local out = {}
    for path in ("link.txt folder/file.txt up/secret/file.txt loop dangling absolute/passwd"):gmatch("%S+") do
      local f = io.open("/m/" .. path)
      out[#out + 1] = f and tostring(f:read("a")) or ""
      pcall(dofile, "/m/" .. path)
      local f = io.open("/m/" .. path, "w")
      if f then f:write("written by the script") f:close() end
      os.remove("/m/" .. path)
      os.rename("/m/own.txt", "/m/" .. path)
    end
    package.path = "/m/?.lua;/m/folder/?.lua"
    out[#out + 1] = tostring(select(2, pcall(require, "module")))
    return table.concat(out, "|")
    """
    result = str(lua.execute(script))
    assert "secret of the host" not in result
    assert "root:" not in result
    secret = host_folder.parent / "secret"
    assert sorted(p.name for p in secret.iterdir()) == ["file.txt", "module.lua"]
    assert (secret / "file.txt").read_text() == "the secret of the host"
    assert (host_folder / "own.txt").read_text() == "own"


@pytest.mark.parametrize("access", ["read-only", "overlay"])
def test_t_link_a_mounted_folder_is_never_changed(host_folder: Path, access: str) -> None:
    before = {p: p.read_bytes() for p in host_folder.iterdir() if p.is_file() and not p.is_symlink()}
    lua = runtime(mounts=[(str(host_folder), "/m", access)])
    for attempt in (
        "io.open('/m/own.txt', 'w'):write('x')",
        "io.open('/m/own.txt', 'a'):write('x')",
        "io.open('/m/own.txt', 'r+'):write('x')",
        "io.open('/m/new.txt', 'w'):write('x')",
        "os.remove('/m/own.txt')",
        "os.rename('/m/own.txt', '/m/moved.txt')",
        "os.rename('/m/own.txt', '/moved.txt')",
        "os.rename('/m', '/n')",
        "os.remove('/m')",
        "io.output('/m/own.txt') io.write('x') io.close()",
    ):
        try:
            lua.execute(attempt)
        except LuaError:
            pass
    after = {p: p.read_bytes() for p in host_folder.iterdir() if p.is_file() and not p.is_symlink()}
    assert after == before


_REFUSED = [
    *("io.open('here.txt')", "io.lines('here.txt')", "io.input('here.txt')", "io.output('x')", "io.popen('ls')"),
    *("io.tmpfile()", "io.read()", "io.write('x')", "io.close()", "io.stdout:write('x')", "io.stdin:read()"),
    *("os.remove('here.txt')", "os.rename('here.txt', 'x')", "os.tmpname()", "os.execute('ls')", "os.getenv('HOME')"),
    *("os.exit()", "dofile('here.txt')", "loadfile('here.txt')", "require('here')", "package.loadlib('x', '*')"),
    *("package.searchpath('here', '?.txt')", "package.searchers[2]('here')", "io.stderr:write('x')", "io.lines()"),
]


@pytest.mark.parametrize("call", _REFUSED)
def test_t_alias_refuse_mode_refuses_every_function(call: str) -> None:
    out = io.BytesIO()
    lua = LuaRuntime(
        "refuse",
        files={"/here.txt": "text", "/here.lua": "return 'reached'"},
        env={"HOME": "/home/secret"},
        stdout=out,
        stderr=out,
    )
    for attempt in (call, f"return {call}", f"local t = {{pcall(function() return {call} end)}} error(t[2], 0)"):
        try:
            result = lua.execute(attempt)
        except LuaError as error:
            result = error
        assert "reached" not in str(result)
        assert "/home/secret" not in str(result)
    assert out.getvalue() == b""


def test_t_alias_refused_functions_cannot_be_found_elsewhere() -> None:
    lua = LuaRuntime("refuse", files={"/here.txt": "text of the room"})
    script = """
    local seen, found = {}, {}
    local function try(f, path)
      for _, argument in ipairs {"here.txt", "/here.txt"} do
        local results = table.pack(pcall(f, argument))
        for i = 2, results.n do
          local value = results[i]
          if type(value) == "userdata" or tostring(value):find("text of the room") then found[#found + 1] = path end
        end
      end
    end
    local function walk(value, path)
      if seen[value] or #path > 200 then return end
      if type(value) == "table" then
        seen[value] = true
        for k, v in pairs(value) do if v ~= nil then walk(v, path .. "." .. tostring(k)) end end
        local meta = debug.getmetatable(value)
        if meta then walk(meta, path .. ".<metatable>") end
      elseif type(value) == "userdata" then
        local meta = debug.getmetatable(value)
        if meta then walk(meta, path .. ".<metatable>") end
      elseif type(value) == "function" then
        seen[value] = true
        for i = 1, 20 do
          local name, up = debug.getupvalue(value, i)
          if not name then break end
          walk(up, path .. "^" .. name)
        end
        if not path:find("debug.debug", 1, true) and not path:find("collectgarbage", 1, true) then try(value, path) end
      end
    end
    walk(_G, "_G")
    walk(debug.getregistry(), "registry")
    walk(debug.getmetatable(""), "string")
    return table.concat(found, " ")
    """
    assert lua.execute(script) == ""


@pytest.mark.parametrize(
    "name", ["io.open", "io.lines", "os.remove", "os.rename", "loadfile", "dofile", "io.input", "io.output"]
)
def test_t_alias_one_denied_function(name: str) -> None:
    lua = LuaRuntime(Policy(deny=[name]), files={"/here.txt": "return 1"})
    with pytest.raises(LuaError, match="is sandboxed"):
        lua.execute(f"{name}('here.txt')")
    with pytest.raises(LuaError, match="is sandboxed"):
        lua.execute(f"local f = {name} return coroutine.wrap(f)('here.txt')")


def test_t_alias_denied_streams_have_no_methods_left() -> None:
    lua = LuaRuntime("refuse", stdout=io.BytesIO())
    for attempt in (
        "getmetatable(io.stdout).__index.write(io.stdout, 'x')",
        "io.stdout.write(io.stdout, 'x')",
        "debug.getmetatable(io.stdout).__index.close(io.stdout)",
        "getmetatable(io.stdin).__index.read(io.stdin)",
    ):
        with pytest.raises(LuaError):
            lua.execute(attempt)


def test_t_addr_the_environment_is_the_rooms_own() -> None:
    os.environ["VLUA_TEST_SECRET"] = "of the host"
    try:
        lua = runtime(env={"OWN": "value"})
        assert lua.execute(
            "return os.getenv('VLUA_TEST_SECRET'), os.getenv('OWN'), os.getenv('PATH'), os.getenv('HOME')"
        ) == (None, "value", None, None)
    finally:
        del os.environ["VLUA_TEST_SECRET"]
