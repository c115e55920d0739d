"""T-QUOTA: whatever a script does with its files, the quota holds, is never negative, and refuses before it writes."""

from __future__ import annotations

import io

import pytest

from vlua import LuaRuntime, Policy
from vlua.vfs.pyfilesystem import MemoryFS
from vlua.vfs.quota import QuotaFS

LIMIT = 10_000
FILES = 12


def room(**options):
    """A runtime with room for little, and the filesystem that counts."""
    policy = Policy(filesystem={"quota": {"bytes": LIMIT, "files": FILES}}, instructions=20_000_000, wall_time=20)
    runtime = LuaRuntime(policy, stdout=io.BytesIO(), stderr=io.BytesIO(), **options)
    quota = runtime._room.stack.quota
    assert isinstance(quota, QuotaFS)
    return runtime, quota


def assert_kept(quota):
    """The figures are those of a walk, and within the limits."""
    figures = quota.used_bytes, quota.used_files
    entries = [info for _, info in quota.below.walk.info(namespaces=["details"])]
    assert figures == (sum(info.size for info in entries if not info.is_dir), len(entries))
    assert 0 <= figures[0] <= LIMIT
    assert 0 <= figures[1] <= FILES


PRELUDE = """
local function put(name, size, mode)
  local file, message, code = io.open(name, mode or "w")
  if not file then return nil, message, code end
  file:setvbuf("no")
  local done, message, code = file:write(("x"):rep(size))
  file:close()
  if done then return true end
  return nil, message, code
end
"""

ATTACKS = {
    "one large write": "put('a', 10001)",
    "many small writes": "local f = io.open('a', 'w'); for i = 1, 3000 do f:write('xxxxx') end f:close()",
    "unbuffered": "local f = io.open('a', 'w'); f:setvbuf('no'); for i = 1, 3000 do f:write('xxxxx') end f:close()",
    "many files": "for i = 1, 100 do put('f' .. i, 500) end",
    "empty files": "for i = 1, 100 do put('f' .. i, 0) end",
    "temporary names": "for i = 1, 100 do pcall(os.tmpname) end",
    "hole": "local f = io.open('a', 'w'); f:seek('set', 1 << 20); f:write('x'); f:close()",
    "hole at the limit": "local f = io.open('a', 'w'); f:seek('set', 9999); f:write('x'); f:write('y'); f:close()",
    "holes everywhere": """
        for i = 1, 9 do local f = io.open('f' .. i, 'w'); f:seek('set', 5000); f:write('x'); f:close() end""",
    "two handles": """
        local a, b = io.open('a', 'w'), io.open('a', 'r+')
        for i = 1, 30 do a:write(('x'):rep(400)); a:flush(); b:write(('y'):rep(401)); b:flush() end
        a:close() b:close()""",
    "a hundred appending handles": """
        local files = {}
        for i = 1, 100 do files[i] = io.open('a', 'a') end
        for round = 1, 10 do for i = 1, 100 do files[i]:write(('x'):rep(100)); files[i]:flush() end end
        for i = 1, 100 do files[i]:close() end""",
    "truncated under a writer": """
        local f = io.open('a', 'w'); f:setvbuf('no')
        for i = 1, 50 do f:write(('x'):rep(900)); io.open('a', 'w'):close() end
        f:close()""",
    "removed under a writer": """
        for i = 1, 50 do
          local f = io.open('a' .. i, 'w'); f:setvbuf('no'); f:write(('x'):rep(900)); os.remove('a' .. i)
          f:write(('x'):rep(900)); f:close()
        end""",
    "renamed under a writer": """
        local f = io.open('a', 'w'); f:setvbuf('no')
        for i = 1, 50 do f:write(('x'):rep(300)); os.rename('a', 'b'); put('a', 300); os.rename('b', 'a') end
        f:close()""",
    "renamed over": "for i = 1, 200 do put('a', 4000); put('b', 4000); os.rename('a', 'b') end",
    "renamed over itself": "put('a', 4000); for i = 1, 20 do os.rename('a', 'a'); os.rename('a', './/a') end",
    "directories": "for i = 1, 100 do os.execute('mkdir -p d' .. i .. '/e/f/g') end",
    "directory renamed": """
        os.execute('mkdir d'); put('d/a', 4000)
        for i = 1, 9 do os.rename('d', 'e') os.rename('e', 'd') end""",
    "copied by a command": "put('a', 3000); for i = 1, 20 do os.execute('cp a b' .. i) end",
    "written by a command": "for i = 1, 50 do os.execute('echo ' .. ('x'):rep(999) .. ' >> a') end",
    "written through a pipe": """
        for i = 1, 9 do local p = io.popen('cat >> a', 'w'); p:write(('x'):rep(3000)); p:close() end""",
    "written by io.output": "io.output('a'); for i = 1, 3000 do io.write('xxxxx') end io.close()",
    "left open": "for i = 1, 50 do local f = io.open('a' .. i, 'w'); f:write(('x'):rep(900)) end collectgarbage()",
    "removed and left open": """
        for i = 1, 50 do
          local f = io.open('a', 'w'); f:setvbuf('no'); f:write(('x'):rep(900)); os.remove('a')
        end""",
    "a coroutine that is abandoned": """
        for i = 1, 20 do
          coroutine.wrap(function()
            local f = io.open('a', 'a'); f:write(('x'):rep(900)); coroutine.yield(); f:close()
          end)()
        end""",
    "in a finalizer": """
        for i = 1, 20 do setmetatable({}, {__gc = function() put('g' .. i, 900) end}) end
        collectgarbage()""",
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("given", ["nothing", "files", "overlay"])
def test_the_quota_holds(attack, given):
    below = MemoryFS()
    below.writebytes("own", b"o" * 2000)
    below.makedir("d0")
    options = {"files": {"files": below}, "overlay": {"mounts": [(below, "/", "overlay")]}, "nothing": {}}[given]
    runtime, quota = room(**options)
    try:
        runtime.execute(PRELUDE + "pcall(function() " + ATTACKS[attack] + " end)")
        assert quota.used_bytes <= LIMIT
        assert quota.used_files <= FILES
    finally:
        runtime.close()
    if given == "overlay":
        assert sorted(below.walk.files()) == ["/own"]
        quota.recount()
        assert 0 <= quota.used_bytes <= LIMIT
        assert 0 <= quota.used_files <= FILES
    else:
        assert_kept(quota)


def test_a_refusal_is_told_as_c_tells_it():
    runtime, quota = room()
    assert runtime.execute(PRELUDE + "return put('a', 10001)") == (None, "No space left on device", 28)
    assert runtime.execute("return io.open('a'):seek('end')") == 0
    for number in range(FILES - 1):
        runtime.execute(PRELUDE + "return put(...)", f"f{number}", 1)
    assert runtime.execute("return io.open('one more', 'w')") == (None, "one more: No space left on device", 28)
    assert runtime.execute("return os.execute('mkdir m 2> /dev/null')")[0] is None
    assert_kept(quota)


def test_what_does_not_fit_is_not_written_in_part():
    runtime, quota = room()
    size = runtime.execute(PRELUDE + "put('a', 9000); put('a', 1001, 'a'); return io.open('a'):seek('end')")
    assert size == 9000
    assert runtime.execute(PRELUDE + "return put('a', 1000, 'a')") is True
    assert_kept(quota)


def test_removing_gives_everything_back():
    runtime, quota = room()
    for _ in range(3):
        assert runtime.execute(PRELUDE + "return put('a', 6000)") is True
        assert runtime.execute(PRELUDE + "return (put('b', 6000))") is None
        assert runtime.execute("return os.remove('a') and os.remove('b')") is True
        assert (quota.used_bytes, quota.used_files) == (0, 0)


def test_a_file_removed_while_it_is_open_holds_its_place():
    runtime, quota = room()
    runtime.execute(PRELUDE + "put('a', 6000); keep = io.open('a'); os.remove('a')")
    assert quota.used_bytes == 6000
    assert runtime.execute(PRELUDE + "return put('b', 6000)") == (None, "No space left on device", 28)
    runtime.execute("keep:close(); os.remove('b')")
    assert quota.used_bytes == 0


def test_what_restoring_a_snapshot_brings_back_counts():
    runtime, quota = room()
    runtime.execute(PRELUDE + "put('a', 6000)")
    snapshot = runtime.snapshot()
    runtime.execute(PRELUDE + "os.remove('a'); put('b', 3000)")
    assert quota.used_bytes == 3000
    snapshot.restore()
    assert_kept(quota)
    assert quota.used_bytes == 6000


def test_two_rooms_have_a_quota_each():
    (first, counted), (second, other) = room(), room()
    assert first.execute(PRELUDE + "return put('a', 10000)") is True
    assert second.execute(PRELUDE + "return put('a', 10000)") is True
    assert (counted.used_bytes, other.used_bytes) == (10_000, 10_000)
