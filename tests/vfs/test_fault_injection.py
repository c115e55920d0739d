"""Whichever call of the filesystem below fails: nothing is lost, figures stay right, and Lua is told as C tells it."""

from __future__ import annotations

import gc
import io

import pytest

from tests.vfs.faults import FaultyFS
from vlua import LuaRuntime, Policy
from vlua.vfs.journal import JournalFS
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS, errors
from vlua.vfs.quota import QuotaFS

LARGE = b"large" * 100_000  # more than one chunk of any copying

FILES = {"/a": b"alpha", "/b": b"beta", "/d/x": b"x-ray", "/d/e/y": b"yankee", "/n/old": b"november"}


class Injected(Exception):
    """Neither an error of ``fs`` nor of the system."""


FAULTS = {
    "not connected": lambda: errors.RemoteConnectionError("injected"),
    "no space": lambda: OSError(28, "injected"),
    "plain": lambda: Injected("injected"),
    "denied": lambda: errors.PermissionDenied("injected"),
}
FAULT_TYPES = (errors.RemoteConnectionError, OSError, Injected, errors.PermissionDenied)


def filled(files=FILES):
    memory = MemoryFS()
    for path, contents in files.items():
        memory.makedirs(path.rpartition("/")[0] or "/", recreate=True)
        memory.writebytes(path, contents)
    return memory


def contents(fs):
    return {path: fs.readbytes(path) for path in fs.walk.files()}


def replaced(**changes):
    """The files after an operation: paths as names with ``_`` for "/", ``None`` when gone."""
    after = {**FILES, **{"/" + name.replace("_", "/"): value for name, value in changes.items()}}
    return {path: value for path, value in after.items() if value is not None}


def update(fs):
    with fs.openbin("a", "r+") as file:
        file.write(b"ALPHA")


def append(fs):
    with fs.openbin("d/x", "a") as file:
        file.write(b"+")


def extend(fs):
    with fs.openbin("a", "r+") as file:
        file.truncate(8)


def write_removed(fs):
    with fs.openbin("a", "r+") as file:
        fs.remove("a")
        file.write(b"longer than before")


def write_moved(fs):
    with fs.openbin("a", "r+") as file:
        fs.move("a", "b", overwrite=True)
        file.write(b"ALPHA, too")


def make_large(fs):
    with fs.openbin("new", "w") as file:
        file.write(LARGE)


# Name: the operation, the files after it, and whether it is done as a whole or not at all.
OPERATIONS = {
    "update": (update, replaced(a=b"ALPHA"), True),
    "append": (append, replaced(d_x=b"x-ray+"), True),
    "extend": (extend, replaced(a=b"alpha\0\0\0"), True),
    "write removed": (write_removed, replaced(a=None), True),
    "write moved": (write_moved, replaced(a=None, b=b"ALPHA, too"), False),
    "make": (lambda fs: fs.touch("new"), replaced(new=b""), True),
    "make large": (make_large, replaced(new=LARGE), False),
    "overwrite": (lambda fs: fs.writebytes("a", b"new"), replaced(a=b"new"), False),
    "read": (lambda fs: fs.readbytes("d/e/y"), FILES, True),
    "list": (lambda fs: list(fs.scandir("/", ["details"])), FILES, True),
    "make directory": (lambda fs: fs.makedirs("d/e/f/g"), FILES, True),
    "remove": (lambda fs: fs.remove("d/x"), replaced(d_x=None), True),
    "set times": (lambda fs: fs.setinfo("d/x", {"details": {"modified": 1.0}}), FILES, True),
    "move": (lambda fs: fs.move("d/x", "n/x"), replaced(d_x=None, n_x=b"x-ray"), False),
    "move over": (lambda fs: fs.move("a", "b", overwrite=True), replaced(a=None, b=b"alpha"), False),
    "copy": (lambda fs: fs.copy("a", "n/a"), replaced(n_a=b"alpha"), False),
    "move directory": (
        lambda fs: fs.movedir("d", "m", create=True),
        replaced(d_x=None, d_e_y=None, m_x=b"x-ray", m_e_y=b"yankee"),
        False,
    ),
    "merge directory": (
        lambda fs: fs.movedir("d", "n"),
        replaced(d_x=None, d_e_y=None, n_x=b"x-ray", n_e_y=b"yankee"),
        False,
    ),
    "remove tree": (lambda fs: fs.removetree("d"), replaced(d_x=None, d_e_y=None), False),
    "copy directory": (
        lambda fs: fs.copydir("d", "m", create=True),
        replaced(m_x=b"x-ray", m_e_y=b"yankee"),
        False,
    ),
}


def assert_nothing_lost(name, found):
    """``found`` is the old state or the new one; in between, every file has its old or new contents somewhere."""
    _, after, atomic = OPERATIONS[name]
    if found in (FILES, after):
        return
    assert not atomic, found
    surviving = set(found.values())
    for path, value in FILES.items():
        if path in after and after[path] == value:
            assert found.get(path) == value, f"{path} was not asked for"
        elif value in after.values():
            assert value in surviving, f"{path} is lost"


def inject(fs, faulty, name, fault, late):
    """Make an operation fail at each of its calls in turn; yields after every failure, with ``fs`` made anew."""
    number = 0
    while True:
        number += 1
        above, below = fs()
        faulty_one = faulty(below)
        faulty_one.arm(number, FAULTS[fault], late)
        try:
            OPERATIONS[name][0](above)
            failed = False
        except FAULT_TYPES:
            failed = True
        calls = faulty_one.calls
        faulty_one.disarm()
        gc.collect(0)
        if calls < number:
            assert not failed
            assert contents(above) == OPERATIONS[name][1]
        yield number, above, below, failed
        if calls < number:
            return
        assert number < 500


def walked(fs):
    entries = [info for _, info in fs.walk.info(namespaces=["details"])]
    return sum(info.size for info in entries if not info.is_dir), len(entries)


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "fault", [fault if fault == "plain" else pytest.param(fault, marks=pytest.mark.slow) for fault in FAULTS]
)
@pytest.mark.parametrize("name", OPERATIONS)
class TestEveryCall:
    """Each operation, with the fault before or after the call's own work, at every call in turn."""

    def test_below_a_quota(self, name, fault, late):
        def make():
            faulty = FaultyFS(filled())
            quota = QuotaFS(faulty, bytes=10_000_000, files=100)
            assert quota.used_files == 8
            return quota, faulty

        for _, quota, faulty, _ in inject(make, lambda faulty: faulty, name, fault, late):
            figures = quota.used_bytes, quota.used_files
            assert figures == walked(faulty.below)
            quota.recount()
            assert (quota.used_bytes, quota.used_files) == figures
            assert_nothing_lost(name, contents(quota))

    def test_in_the_upper_layer(self, name, fault, late):
        def make():
            faulty = FaultyFS(MemoryFS())
            return OverlayFS(filled(), faulty), faulty

        for _, overlay, _, _ in inject(make, lambda faulty: faulty, name, fault, late):
            assert contents(overlay.lower) == FILES
            assert_nothing_lost(name, contents(overlay))
            assert set(overlay.listdir("/")) <= {"a", "b", "d", "n", "m", "new"}

    def test_in_the_lower_layer(self, name, fault, late):
        def make():
            faulty = FaultyFS(filled())
            return OverlayFS(faulty, MemoryFS()), faulty

        for _, overlay, faulty, _ in inject(make, lambda faulty: faulty, name, fault, late):
            assert contents(faulty.below) == FILES
            assert_nothing_lost(name, contents(overlay))

    def test_in_an_overlay_with_a_quota(self, name, fault, late):
        def make():
            faulty = FaultyFS(MemoryFS())
            quota = QuotaFS(OverlayFS(filled(), faulty), bytes=10_000_000, files=100)
            assert quota.used_files == 0
            return quota, faulty

        for _, quota, faulty, _ in inject(make, lambda faulty: faulty, name, fault, late):
            assert (quota.used_bytes, quota.used_files) == walked(faulty.below)
            assert_nothing_lost(name, contents(quota))

    def test_below_a_journal(self, name, fault, late):
        def make():
            faulty = FaultyFS(filled())
            return JournalFS(faulty), faulty

        for _, journal, faulty, _ in inject(make, lambda faulty: faulty, name, fault, late):
            found = contents(faulty.below)
            assert_nothing_lost(name, found)
            journal.restore()
            assert contents(faulty.below) == FILES


SCRIPT = """
local function check(what, value, message, code)
  if value then return value end
  assert(type(message) == "string" and type(code) == "number", what .. ": " .. tostring(message))
  assert(not message:find("njected"), message)
end

local file = check("open", io.open("/a", "r+"))
if file then
  check("write", file:write("ALPHA"))
  check("seek", file:seek("set", 0))
  local text, message, code = file:read("a")
  if text == nil then check("read", text, message, code) end
  check("flush", file:flush())
  check("close", file:close())
end
local new = check("open new", io.open("/n/new", "w"))
if new then
  check("buffer", new:setvbuf("no"))
  check("write new", new:write("one\\n", 2, "\\n"))
  check("close new", new:close())
end
local more = check("append", io.open("/n/new", "a"))
if more then more:write("three\\n"); check("close more", more:close()) end
check("rename", os.rename("/b", "/n/b"))
check("rename directory", os.rename("/d", "/m"))
check("remove", os.remove("/m/x"))
local made, message = pcall(function() for line in io.lines("/n/new") do assert(line) end end)
assert(made or type(message) == "string")
local named, name = pcall(os.tmpname)
assert(named or type(name) == "string")
local loaded, message = loadfile("/n/program.lua")
assert(loaded or type(message) == "string")
pcall(require, "nowhere")
local forgotten = io.open("/n/forgotten", "w")
if forgotten then forgotten:write("forgotten") end
return "done"
"""


def rooms(kind):
    """A room whose files may fail, and the files."""
    if kind == "own files":
        faulty = FaultyFS(filled())
        return {"files": faulty}, faulty
    if kind == "read-write":
        faulty = FaultyFS(filled())
        return {"mounts": [(faulty, "/", "rw")]}, faulty
    faulty = FaultyFS(filled())
    return {"mounts": [(faulty, "/", "overlay")]}, faulty


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", ["no space", "plain"])
@pytest.mark.parametrize("kind", ["own files", "overlay", "read-write"])
@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_lua_is_told_as_c_tells_it(step, kind, fault, late):
    policy = Policy(filesystem={"quota": {"bytes": 1_000_000, "files": 1000}})
    number = 1 - step
    while True:
        number += step
        options, faulty = rooms(kind)
        try:
            runtime = LuaRuntime(policy, stdout=io.BytesIO(), stderr=io.BytesIO(), **options)
            faulty.arm(number, FAULTS[fault], late)
            assert runtime.execute(SCRIPT) == "done"
            runtime.close()
        finally:
            calls = faulty.calls
            faulty.disarm()
        values = set(contents(faulty.below).values())
        assert {b"yankee", b"november"} <= values
        assert b"beta" in values
        if kind == "overlay":
            assert contents(faulty.below) == FILES
        if calls < number:
            return
        assert number < 1000
