"""Files as C has them: numbers read, appends whole, readers beside writers, handles that close themselves."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vlua import LuaExit, LuaRuntime
from vlua.vfs import Room
from vlua.vfs.pyfilesystem import MemoryFS
from vlua.vfs.stream import Stream

lupa = pytest.importorskip("lupa.lua53")

NUMBERS = """
local file = ...
local out = {}
for i = 1, 4 do
  local n = file:read("n")
  out[#out + 1] = n == nil and "nil" or math.type(n) .. string.format(" %.17g", n)
end
out[#out + 1] = file:read("a")
return table.concat(out, "|")
"""
WORDS = """
0 1 9 42 -7 +3 . .. e E + - x X 0x 0X a F p P 1e5 1e+ 1e-300 0x1p4 0x.8 .5 5. 007 nan inf 9223372036854775807
9223372036854775808 -9223372036854775808 0xffffffffffffffffff 1e400 123456789012345678901 , ;
"""
ODD_PIECES = [" ", "\n", "\t", "\v", "\r", "\f", "\xa0", "\0", "\xb2", "1" * 199, "1" * 200, "1" * 201, "0" * 198]
PIECES = st.sampled_from([*WORDS.split(), *ODD_PIECES])


@pytest.mark.skipif(sys.platform != "linux", reason="the decimal point is that of C's locale")
@given(st.lists(PIECES, max_size=8).map("".join))
@example("1" * 18 + " " + "1" * 19 + " 1.5 1.")
@example("-0 -0.0 +0 0x-1")
@example("1,2;3 4")
@example("12")
@example("1." + "3" * 99 + " 2." + "3" * 200 + " ")
def test_numbers_are_read_as_c_reads_them(text):
    ours = LuaRuntime(files={"n": text.encode("latin-1")}, encoding="latin-1")
    found = ours.execute(NUMBERS, ours.execute("return io.open('n')"))
    real = lupa.LuaRuntime(encoding="latin-1")
    assert found == real.execute(
        NUMBERS, real.execute("local f = io.tmpfile() f:write(...) f:seek('set') return f", text)
    )


def test_numbers_across_the_edge_of_the_buffer():
    for edge in range(16370, 16390):
        text = " " * edge + "123.5e2 7"
        lua = LuaRuntime(files={"n": text})
        assert lua.execute("local f = io.open('n') return f:read('n', 'n', 'n')") == (12350.0, 7, None)


class Lines(io.RawIOBase):
    """A file of ``count`` lines of 100 bytes that exists nowhere; ``largest`` is what was asked for at once."""

    def __init__(self, count):
        super().__init__()
        self.size, self.position, self.largest = count * 100, 0, 0

    def read(self, size=-1):
        self.largest = max(self.largest, size)
        size = min(size, self.size - self.position)
        start = self.position % 100
        self.position += size
        return ((b"x" * 99 + b"\n") * (size // 100 + 2))[start : start + size]


class Large(MemoryFS):
    """A filesystem whose files are all large."""

    count = 0

    def openbin(self, path, mode="r", buffering=-1, **options):
        return Lines(self.count) if self.count else super().openbin(path, mode, buffering, **options)


@pytest.mark.parametrize("count", [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_lines_of_a_large_file_take_constant_memory(count):
    import tracemalloc

    source = Large()
    source.touch("large")
    source.count = count
    lua = LuaRuntime(files=source)
    chunk = lua.compile(
        "local n, size = 0, 0 for l in io.lines('large') do n = n + 1 size = size + #l end return n, size"
    )
    lua.execute("io.open('large'):read()")
    if count > 100_000:  # tracing takes long, and the small one tells as much
        assert chunk() == (count, 99 * count)
        return
    tracemalloc.start()
    try:
        assert chunk() == (count, 99 * count)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # bytes; the file has five million
    finally:
        tracemalloc.stop()


def test_appends_of_several_handles_do_not_overwrite():
    lua = LuaRuntime()
    lua.execute("""
        local files = {}
        for i = 1, 5 do files[i] = io.open("log", "a") files[i]:setvbuf("line") end
        for round = 1, 20 do for i, f in ipairs(files) do f:write(i, ":", round, "\\n") end end
    """)
    lines = lua.fs.readtext("log").split()
    assert sorted(lines) == sorted(f"{i}:{j}" for i in range(1, 6) for j in range(1, 21))


def test_appends_of_several_runtimes_are_whole():
    shared = MemoryFS()
    code = "for i = 1, 200 do local f = io.open('log', 'a') f:write((...):rep(50), '\\n') f:close() end"
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        runtimes = [LuaRuntime(files=shared) for _ in range(3)]
        threads = [threading.Thread(target=lua.execute, args=(code, "abc"[i])) for i, lua in enumerate(runtimes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    lines = shared.readtext("log").split("\n")
    assert sorted(lines) == sorted([""] + [letter * 50 for letter in "abc" for _ in range(200)])


def test_a_reader_follows_a_writer():
    lua = LuaRuntime()
    assert (
        lua.execute("""
        local w, r = io.open("f", "w"), io.open("f")
        w:setvbuf("line")
        local seen = {}
        for i = 1, 3 do
          w:write("line ", i, "\\n")
          seen[i] = r:read("L")
        end
        w:write("no end")
        seen[4] = tostring(r:read())
        w:flush()
        seen[5] = r:read()
        return table.concat(seen, "|")
    """)
        == "line 1\n|line 2\n|line 3\n|nil|no end"
    )


@pytest.mark.parametrize("how", ["os.exit(0)", "os.exit(true, true)", "error('x')", "return", "while true do end"])
def test_what_was_written_is_there_however_the_script_ends(how):
    from vlua import LimitExceeded, LuaError, Policy

    lua = LuaRuntime(Policy(instructions=10_000))
    try:
        lua.execute(f"kept = io.open('f', 'w') kept:write('text') {how}")
    except (LuaExit, LuaError, LimitExceeded):
        pass
    assert lua.fs.readtext("f") == "text"


def test_handles_close_when_nobody_has_them():
    lua = LuaRuntime()
    lua.execute("for i = 1, 3000 do io.open('f' .. i % 10, 'w'):write(i) end")
    lua.execute("local t = {} t.t = t t.f = io.open('cycle', 'w') t.f:write('in a cycle')")
    gc.collect()
    assert lua.fs.readtext("cycle") == "in a cycle"
    assert lua.execute("local t = {} for i = 1, 1000 do t[i] = assert(io.open('f1')) end return #t") == 1000


def test_too_many_open_files():
    lua = LuaRuntime(files={"f": "x"})
    code = "t = {} for i = 1, 2000 do local f, m, n = io.open('f') if not f then return m, n, i > 1000 end t[i] = f end"
    assert lua.execute(code) == ("f: Too many open files", 24, True)
    assert lua.execute("t = nil collectgarbage() return io.open('f') ~= nil") is True


@pytest.mark.parametrize("policy", ["no", "line", "full"])
def test_policies_of_buffers_keep_the_order(policy):
    lua = LuaRuntime()
    code = f"""
    local f = io.open("f", "w+")
    f:write("a")
    f:setvbuf("{policy}")
    f:write("b\\n")
    f:setvbuf("full")
    f:write("c", 1, 2.5)
    f:seek("set", 1)
    f:write("B")
    f:setvbuf("{policy}")
    f:write("!")
    f:seek("set")
    return f:read("a")"""
    assert lua.execute(code) == "aB!c12.5"


def test_small_writes_are_gathered():
    writes = []

    class File(io.BytesIO):
        def write(self, data):
            writes.append(len(data))
            return super().write(data)

    stream = Stream(File(), "w", lambda count: None)
    for _ in range(20_000):
        stream.write("12345")
    stream.close()
    assert sum(writes) == 100_000
    assert len(writes) < 20


def test_short_writes_go_on():
    class Slow(io.BytesIO):
        def write(self, data):
            return super().write(data[:3])

    file = Slow()
    stream = Stream(file, "w", lambda count: None)
    stream.write("0123456789")
    stream.flush()
    assert file.getvalue() == b"0123456789"


def test_lines_read_ahead_no_more_than_a_chunk():
    file = Lines(10_000)
    stream = Stream(file, "r", lambda count: None)
    stream.read_line(0)
    assert file.largest <= 16384


def test_stdin_of_the_command_line_is_read_like_a_file(tmp_path):
    script = tmp_path / "s.lua"
    script.write_text("print(io.read('n', 'n', 'L', 'l', 'a'))")
    done = subprocess.run(
        [sys.executable, "-m", "vlua", "run", str(script)], input=b"1 0x10\nline\nrest", capture_output=True, timeout=60
    )
    assert done.stdout == b"1\t16\t\n\tline\trest\n"


def test_rooms_charge_for_what_is_read():
    charged = []
    room = Room({"f": "x" * 100_000})
    room.set_charge(charged.append)
    room.open("f", "r").read_all()
    assert sum(charged) >= 100_000
