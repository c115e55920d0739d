"""T-PATH: whatever is written as a path leads to a place inside the room, or to ``nil, message, errno``."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.room import ALLOWED, runtime
from vlua.vfs import Room
from vlua.vfs.failure import Failure

_FILES = {"/here.txt": "text of the room", "/dir/inner.txt": "inner", "/mod.lua": "return ...", "/d": {}}

# Every function that takes a path, with where the path `p` stands.
_USES = {
    "attributes": "lfs.attributes(p)",
    "symlinkattributes": "lfs.symlinkattributes(p)",
    "dir": "lfs.dir(p)",
    "mkdir": "lfs.mkdir(p)",
    "rmdir": "lfs.rmdir(p)",
    "chdir": "lfs.chdir(p)",
    "touch": "lfs.touch(p, 1, 2)",
    "link from": "lfs.link(p, 'x')",
    "link to": "lfs.link('here.txt', p)",
    "lock_dir": "lfs.lock_dir(p)",
    "chdir and back": "lfs.chdir(p) and io.open('here.txt')",
    "mkdir below": "lfs.mkdir(p .. '/x')",
    "open below": "io.open(p .. '/../here.txt')",
    "rename a directory": "os.rename('dir', p)",
    "cat": "io.popen('cat \"$P\"'):read('a')",
    "searchpath": "package.searchpath(p, '/?')",
    "LUA_PATH": "(function() package.path = p return pcall(require, 'mod') end)()",
}
_PATHS = [
    *(
        "..",
        "../..",
        "/..",
        "../../../../../../../../etc",
        "dir/../../../../etc/passwd",
        "//etc/passwd",
        "/etc",
        "/proc",
    ),
    *("", ".", "/", "//", "///", "./.", "././/./", "dir//", "dir/.", "dir/..", "d/../..", "here.txt/", "here.txt/."),
    *("\0", "a\0b", "/etc\0/passwd", "dir/\0", "\\", "..\\..\\etc", "C:\\Windows", "\\\\host\\share"),
    *("\xed\xa0\x80", "\xff\xfe", "\xc0\xaf", "..\xc0\xaf..", "\xe2\x80\xae", "~", "$HOME", "%s%s%n", "{0.__class__}"),
    *("file:///etc/passwd", "osfs://~", "zip://x", "mem://", "CON", "aux.txt", "a\nb", "\t", " ", "*", "?", "[a-z]"),
    *("x" * 255, "x" * 256, "x/" * 2047, "x/" * 2048, "../" * 1365, "/" * 4096, "/" * 100_000, "é" * 127, "é" * 128),
]


@pytest.mark.parametrize("use", _USES)
def test_t_path_every_function_stays_inside(use: str) -> None:
    for path in _PATHS:
        lua = runtime(files=_FILES)
        try:
            lua.globals()["p"] = path.encode("latin-1", "replace")
            result = lua.execute(f"local lfs = require 'lfs' return {_USES[use]}")
        except ALLOWED as error:
            result = error
        text = str(result)
        assert "root:" not in text, path[:50]
        assert "internal error" not in text, path[:50]
        assert ".py" not in text, path[:50]


@pytest.mark.parametrize(
    ("path", "errno"),
    [
        ("", 2),
        ("a\0b", 22),
        ("here.txt\0", 22),
        ("x" * 256, 36),
        ("x" * 255, 2),
        ("/" * 4096, 36),
        ("x/" * 2047 + "x", 2),
        ("x/" * 2048, 36),
        ("here.txt/x", 20),
        ("here.txt/..", 20),
        ("missing/..", 2),
    ],
)
def test_t_path_the_errors_are_those_of_linux(path: str, errno: int) -> None:
    lua = runtime(files=_FILES)
    lua.globals()["p"] = path
    code = """
    local lfs, found = require "lfs", {}
    local function add(_, message, number) found[#found + 1] = number or message:match(": ([^:]*)$") end
    add(io.open(p)) add(os.remove(p)) add(os.rename(p, "y")) add(lfs.attributes(p)) add(lfs.touch(p)) add(lfs.rmdir(p))
    return table.unpack(found)"""
    assert lua.execute(code) == (errno,) * 6


_STEPS = st.sampled_from(["..", ".", "", "dir", "d", "here.txt", "x", "\xff", "\xc3\xa9", "...", ". .", "\\"])


@given(st.lists(_STEPS, max_size=12), st.booleans(), st.sampled_from(["/", "/dir", "/d"]))
def test_t_path_a_place_is_always_below_the_root(steps: list[str], absolute: bool, directory: str) -> None:
    room = Room(_FILES, directory=directory)
    try:
        name, _ = room.locate("/" * absolute + "/".join(steps))
    except Failure:
        return
    assert name.startswith("/")
    assert not {"..", ".", ""} & set(name[1:].split("/")) or name == "/"


def test_t_path_a_directory_above_the_root_is_the_root() -> None:
    lua = runtime(files=_FILES)
    code = (
        "local lfs = require 'lfs' lfs.chdir('dir') lfs.chdir('../../../..') return lfs.currentdir(), lfs.chdir('..')"
    )
    assert lua.execute(code) == ("/", True)


@pytest.mark.parametrize("access", ["overlay", "ro", "rw"])
def test_t_path_a_mounted_directory_has_no_way_out(tmp_path: Path, access: str) -> None:
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "up").symlink_to("..")
    (tmp_path / "secret").write_text("secret of the host")
    lua = runtime(mounts={"/game": (tmp_path / "game", access)}, directory="/game")
    code = """
    local lfs = require "lfs"
    local out = {}
    for _, path in ipairs {"../secret", "up/secret", "/game/../../secret", "up/../secret", "up", "./up/."} do
      local f = io.open(path)
      out[#out + 1] = f and f:read("a") or ""
      out[#out + 1] = tostring(lfs.attributes(path, "size"))
      pcall(function() for name in lfs.dir(path) do out[#out + 1] = name end end)
      lfs.mkdir(path .. "/made") lfs.touch(path) os.remove(path) lfs.rmdir(path)
      if lfs.chdir(path) then out[#out + 1] = tostring(io.open("secret")) lfs.chdir("/game") end
    end
    return table.concat(out, "|")"""
    result = str(lua.execute(code))
    assert "secret" not in result
    assert sorted(path.name for path in tmp_path.iterdir()) == ["game", "secret"]
    assert (tmp_path / "secret").read_text() == "secret of the host"


def test_t_path_names_of_modules_stay_inside() -> None:
    for name in (
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "..etc.passwd",
        "x\0y",
        "",
        "/",
        ".lua",
        "a/../../b",
        "?",
        ";",
    ):
        lua = runtime(files=_FILES)
        lua.globals()["p"] = name
        with pytest.raises(ALLOWED, match="not found"):
            lua.execute("require(p)")
