"""T-LINK, T-OVERLAY: links and archives lead nowhere, and a copy-on-write mount never changes the host."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import zipfile

import pytest

from tests.security.room import ALLOWED, runtime
from vlua import LuaError
from vlua.vfs.mounts import MountTable
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS
from vlua.vfs.sources import open_source

# What a script tries on a path: every function that takes one.
ATTACK = """
local p = ...
local told = {}
local function try(f, ...)
  local results = table.pack(pcall(f, ...))
  for i = 1, results.n do
    local value = results[i]
    if io.type(value) == "file" then value = value:read("a") end
    if type(value) == "string" then told[#told + 1] = value end
  end
end
for _, mode in ipairs { "r", "r+", "w", "a", "w+", "a+", "rb" } do
  try(function()
    local file = io.open(p, mode)
    if not file then return end
    local text = file:read("a")
    file:write("overwritten")
    file:close()
    return text
  end)
end
try(function() for line in io.lines(p) do told[#told + 1] = line end end)
try(function() io.input(p); return io.read("a") end)
try(function() io.output(p); io.write("overwritten"):close() end)
try(loadfile, p)
try(dofile, p)
try(package.searchpath, "x", p)
try(os.rename, p, "/stolen")
try(function() return io.open("/stolen"):read("a") end)
try(os.rename, "/mine", p)
try(os.remove, p)
try(os.execute, "cat " .. p)
try(function() return io.popen("cat " .. p):read("a") end)
try(os.execute, "rm -r " .. p)
try(os.execute, "mkdir " .. p .. "/new")
try(os.execute, "cp /mine " .. p)
return table.concat(told, "\\n")
"""

SECRET = "-- the secret of the host"


def state_of(folder):
    """Everything below a host directory: links as they are, the contents and times of files."""
    state = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            state[name] = os.readlink(path)
        elif path.is_dir():
            state[name] = sorted(os.listdir(path))
        else:
            state[name] = path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode
    return state


@pytest.fixture
def host(tmp_path):
    (tmp_path / "outside" / "deep").mkdir(parents=True)
    (tmp_path / "outside" / "secret").write_text(SECRET)
    (tmp_path / "outside" / "deep" / "secret").write_text(SECRET)
    (tmp_path / "game" / "data").mkdir(parents=True)
    (tmp_path / "game" / "data" / "file.lua").write_text("return 'inside'")
    (tmp_path / "game-too").mkdir()
    (tmp_path / "game-too" / "secret").write_text(SECRET)
    links = {
        "file": "../outside/secret",
        "absolute": str(tmp_path / "outside" / "secret"),
        "folder": "../outside",
        "above": "..",
        "beside": "../game-too",
        "root": "/",
        "missing": "../outside/missing",
        "chained": "file",
        "data/deep": "../../outside/deep",
        "data/chained": "../folder/deep",
        "data/through": "../data/../../outside/secret",
    }
    for name, target in links.items():
        os.symlink(target, tmp_path / "game" / name)
    return tmp_path


LINKED = [
    "file",
    "absolute",
    "folder",
    "folder/secret",
    "folder/deep/secret",
    "above",
    "above/outside/secret",
    "above/game/data/../../outside/secret",
    "beside/secret",
    "root",
    "root/etc/passwd",
    "missing",
    "folder/new",
    "chained",
    "data/deep/secret",
    "data/chained/secret",
    "data/through",
]


@pytest.mark.parametrize("access", ["ro", "rw", "overlay"])
@pytest.mark.parametrize("where", ["/", "/game"])
@pytest.mark.parametrize("kind", ["{}", "osfs://{}"])
def test_t_link_links_out_of_a_directory_do_not_exist(host, access, where, kind):
    outside = state_of(host / "outside"), state_of(host / "game-too"), sorted(os.listdir(host))
    links = {path.name for path in (host / "game").rglob("*") if path.is_symlink()}
    for name in LINKED:
        with runtime(mounts=[(kind.format(host / "game"), where, access)]) as lua:
            try:
                lua.execute("local f = io.open('/mine', 'w') if f then f:write('mine'):close() end")
                told = lua.execute(ATTACK, f"{where.rstrip('/')}/{name}")
            except ALLOWED as error:
                told = str(error)
        assert SECRET not in told, name
        assert "root:x:" not in told, name
        assert str(host) not in told, name
    assert (state_of(host / "outside"), state_of(host / "game-too"), sorted(os.listdir(host))) == outside
    assert {path.name for path in (host / "game").rglob("*") if path.is_symlink()} == links


@pytest.mark.parametrize("access", ["ro", "rw", "overlay"])
def test_t_link_a_link_made_while_the_script_runs(host, access):
    """Another process makes a link between two operations of the script."""

    def swap():
        shutil.rmtree(host / "game" / "data")
        os.symlink("../outside", host / "game" / "data")

    with runtime(mounts={"/game": (host / "game", access)}) as lua:
        lua.globals()["swap"] = swap
        told = lua.execute("""
            local before = io.open("/game/data/file.lua"):read("a")
            swap()
            local after = io.open("/game/data/secret")
            local written = io.open("/game/data/secret", "w")
            return before, after and after:read("a"), written ~= nil and written:write("x") ~= nil
        """)
    assert told[0] == "return 'inside'"
    assert told[1] is None
    assert (host / "outside" / "secret").read_text() == SECRET
    assert sorted(os.listdir(host / "outside")) == ["deep", "secret"]


NAMES = [
    "../escape",
    "../../escape",
    "a/../../escape",
    "/escape",
    "//escape",
    "C:\\escape",
    "C:/escape",
    "..\\escape",
    "a\\..\\..\\escape",
    "./../escape",
    "a/./../../escape",
]


def make_archive(path):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("good.lua", "return 'good'")
            for name in NAMES:
                made.writestr(name, "evil")
            link = zipfile.ZipInfo("link")
            link.create_system, link.external_attr = 3, 0o120777 << 16
            made.writestr(link, "/etc/passwd")
    else:
        with tarfile.open(path, "w:gz") as made:
            for name in ("good.lua", *NAMES):
                info, contents = tarfile.TarInfo(name), b"return 'good'" if name == "good.lua" else b"evil"
                info.size = len(contents)
                made.addfile(info, io.BytesIO(contents))
            for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("tty", tarfile.CHRTYPE)):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, "/etc/passwd"
                made.addfile(info)
            for name in ("link/passwd", "under/link/passwd"):
                info = tarfile.TarInfo(name)
                made.addfile(info)
    return path


@pytest.mark.parametrize("access", ["ro", "overlay"])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("where", ["/", "/mod"])
def test_t_link_members_of_an_archive_stay_inside(tmp_path, name, access, where):
    archive = make_archive(tmp_path / name)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    with runtime(mounts=[(archive, where, access)]) as lua:
        assert lua.execute("return dofile(...)", f"{where.rstrip('/')}/good.lua") == "good"
        for path in ("/escape", "/mod/escape", "/../escape", "/mod/link", "/etc/passwd", "/mod/tty"):
            told = lua.execute("local f = io.open(...) return f and f:read('a')", path)
            assert told is None, path
        for path in NAMES:
            told = lua.execute("local f = io.open(...) return f and f:read('a')", f"{where.rstrip('/')}/{path}")
            assert told is None, path
        lua.execute("local f = io.open(...) if f then f:write('x'):close() end", f"{where.rstrip('/')}/../new")
    with open_source(archive, access="ro") as opened:
        skipped = {member.name.strip("\0") for member in opened.skipped}
        assert {*NAMES, "link"} <= skipped
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == digest
    assert os.listdir(tmp_path) == [name]
    assert not (tmp_path.parent / "escape").exists()


# T-OVERLAY


MISCHIEF = """
local root = ...
local function at(name) return root .. name end
for _, mode in ipairs { "w", "a", "r+", "w+", "a+" } do
  local file = io.open(at "data/file.lua", mode)
  if file then file:write("changed by " .. mode):close() end
end
local reader = io.open(at "data/other")
os.rename(at "data/other", at "data/renamed")
os.rename(at "data", at "moved")
os.remove(at "moved/renamed")
os.remove(at "top")
os.execute("rm -r " .. at "tree")
os.execute("mkdir " .. at "tree")
io.open(at "tree/new", "w"):write("new"):close()
os.execute("mkdir " .. at "made/deep")
for i = 1, 50 do io.open(at("new" .. i), "w"):write(("x"):rep(1000)):close() end
local handle = io.open(at "kept", "a")
os.remove(at "kept")
handle:write("into what is gone")
handle:seek("set", 100000)
handle:write("far")
handle:close()
return reader and reader:read("a")
"""


@pytest.fixture
def game(tmp_path):
    (tmp_path / "game" / "data").mkdir(parents=True)
    (tmp_path / "game" / "tree" / "deep").mkdir(parents=True)
    for name in ("data/file.lua", "data/other", "top", "tree/leaf", "tree/deep/leaf", "kept"):
        (tmp_path / "game" / name).write_text(f"-- {name}")
        os.utime(tmp_path / "game" / name, (1e9, 1e9))
    return tmp_path / "game"


@pytest.mark.parametrize("where", ["/", "/game"])
@pytest.mark.parametrize("kind", ["{}", "osfs://{}"])
@pytest.mark.parametrize("access", ["overlay", "ro"])
def test_t_overlay_the_host_is_never_changed(game, where, kind, access):
    before = state_of(game)
    with runtime(mounts=[(kind.format(game), where, access)]) as lua:
        try:
            assert lua.execute(MISCHIEF, where.rstrip("/") + "/") == "-- data/other"
            assert access == "overlay"
            assert lua.execute("return io.open(...):read('a')", where.rstrip("/") + "/tree/new") == "new"
            assert lua.execute("return (io.open(...))", where.rstrip("/") + "/tree/leaf") is None
        except LuaError:
            assert access == "ro"
    assert state_of(game) == before


def test_t_overlay_a_filesystem_given_is_never_changed():
    lower = MemoryFS()
    lower.makedirs("data")
    lower.makedirs("tree/deep")
    for name in ("data/file.lua", "data/other", "top", "tree/leaf", "kept"):
        lower.writetext(name, name)
    before = {path: lower.readtext(path) for path in lower.walk.files()}
    with runtime(mounts=[(lower, "/game", "overlay")]) as lua:
        lua.execute(MISCHIEF, "/game/")
    assert {path: lower.readtext(path) for path in lower.walk.files()} == before


def test_t_overlay_two_mounts_of_one_directory_are_apart(game):
    before = state_of(game)
    with runtime(mounts=[(game, "/one"), (game, "/two")]) as lua:
        told = lua.execute("""
            io.open("/one/top", "w"):write("one"):close()
            os.remove("/two/kept")
            os.rename("/one/data/other", "/two/stolen")
            return io.open("/one/top"):read("a"), io.open("/two/top"):read("a"), io.open("/one/kept") ~= nil,
              io.open("/two/data/other") ~= nil
        """)
    assert told == ("one", "-- top", True, True)
    assert state_of(game) == before


def test_t_overlay_its_own_folder_is_out_of_reach(game, tmp_path):
    """A script cannot read, forge or remove the record of what is hidden."""
    from vlua.vfs.directory import HostDirectory

    (tmp_path / "upper").mkdir()
    upper = HostDirectory(tmp_path / "upper", writable=True)
    overlay = OverlayFS(HostDirectory(game), upper, persistent=True)
    overlay.remove("top")
    record = (tmp_path / "upper" / ".vlua-overlay" / "removed").read_bytes()
    table = MountTable(MemoryFS())
    table.mount("/game", overlay)
    with runtime(files=table) as lua:
        for path in (".vlua-overlay", ".vlua-overlay/removed", "./.vlua-overlay/", "data/../.vlua-overlay/removed"):
            told = lua.execute(ATTACK, f"/game/{path}")
            assert "/top" not in told
        assert lua.execute("return os.rename('/game/data', '/game/.vlua-overlay')")[0] is None
    assert (tmp_path / "upper" / ".vlua-overlay" / "removed").read_bytes() == record
    assert not OverlayFS(HostDirectory(game), HostDirectory(tmp_path / "upper", writable=True)).exists("top")


def test_t_overlay_a_host_file_that_changed_is_told(game):
    """What was copied, replaced or removed has a fingerprint, for whoever applies the changes to compare."""
    lower = open_source(game, access="read-only")
    overlay = OverlayFS(lower)
    with runtime(files=overlay) as lua:
        lua.execute(MISCHIEF, "/")
    for name in ("data/file.lua", "data/other", "top", "tree/leaf", "tree/deep/leaf", "kept"):
        seen, status = lower.seen(name), os.stat(game / name)
        assert (seen.size, seen.mtime_ns, seen.inode) == (status.st_size, status.st_mtime_ns, status.st_ino), name
        if seen.sha256 is not None:
            assert seen.sha256 == hashlib.sha256((game / name).read_bytes()).hexdigest()
    (game / "top").write_text("meanwhile")
    assert lower.seen("top").size != os.stat(game / "top").st_size
