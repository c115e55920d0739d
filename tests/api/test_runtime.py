"""``LuaRuntime``: running source, results, errors, limits, files, modules, streams."""

from __future__ import annotations

import gc
import io
import sys
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vlua import LimitExceeded, LuaError, LuaExit, LuaRuntime, LuaSyntaxError, LuaTable, Policy


@pytest.fixture
def lua() -> LuaRuntime:
    return LuaRuntime()


def limited(**limits: Any) -> LuaRuntime:
    return LuaRuntime(Policy.load("virtual").evolve(**limits))


# Running


def test_execute(lua: LuaRuntime) -> None:
    assert lua.execute("x = 1") is None
    assert lua.execute("return x") == 1
    assert lua.execute("return x, 'two', 3.5") == (1, "two", 3.5)
    assert lua.execute("return ...", 1, None, "z") == (1, None, "z")
    assert lua.execute(b"return '\xff'") == b"\xff"


def test_eval(lua: LuaRuntime) -> None:
    assert lua.eval("1 + 1") == 2
    assert lua.eval("nil") is None
    assert lua.eval("1, 2") == (1, 2)
    assert lua.eval("...", "a") == "a"
    assert lua.eval(b"#'\xc3\xa4'") == 2
    assert lua.eval("#'ä'") == 2


def test_compile(lua: LuaRuntime) -> None:
    function = lua.compile("n = (n or 0) + 1 return n, ...")
    assert function() == 1
    assert function("x") == (2, "x")


def test_globals(lua: LuaRuntime) -> None:
    g = lua.globals()
    assert isinstance(g, LuaTable)
    assert g == lua.eval("_G")
    g.answer = 42
    assert lua.eval("answer") == 42
    assert lua.execute("function double(x) return 2 * x end") is None
    assert g.double(21) == 42


def test_table(lua: LuaRuntime) -> None:
    assert dict(lua.table("a", "b", n=2).items()) == {1: "a", 2: "b", "n": 2}
    assert len(lua.table()) == 0


def test_types_of_globals_are_lua_s(lua: LuaRuntime) -> None:
    assert lua.eval("_VERSION") == "Lua 5.3"


def test_source_must_be_text_or_bytes(lua: LuaRuntime) -> None:
    for source in (None, 1, ["x = 1"]):
        with pytest.raises(TypeError, match="text or bytes"):
            lua.execute(source)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="text or bytes"):
        lua.compile("x = 1", name=7)  # type: ignore[arg-type]


def test_bytecode_is_no_source(lua: LuaRuntime) -> None:
    with pytest.raises(LuaSyntaxError):
        lua.execute(b"\x1bLua\x53\x00")


# Errors


def test_lua_error(lua: LuaRuntime) -> None:
    with pytest.raises(LuaError) as caught:
        lua.execute("\nlocal t = nil\nreturn t.x", name="@main.lua")
    assert caught.value.value == "main.lua:3: attempt to index a nil value (local 't')"
    assert str(caught.value) == caught.value.value


def test_default_chunk_name(lua: LuaRuntime) -> None:
    with pytest.raises(LuaError) as caught:
        lua.execute("error 'x'")
    assert str(caught.value) == "[string \"error 'x'\"]:1: x"


def test_syntax_error(lua: LuaRuntime) -> None:
    with pytest.raises(LuaSyntaxError) as caught:
        lua.execute("x = = 1", name="=text")
    assert str(caught.value) == "text:1: unexpected symbol near '='"
    with pytest.raises(LuaSyntaxError):
        lua.compile("x =")


def test_error_values(lua: LuaRuntime) -> None:
    with pytest.raises(LuaError) as caught:
        lua.execute("error({ code = 7 })")
    assert caught.value.value.code == 7
    assert str(caught.value) == "(error object is a table value)"
    with pytest.raises(LuaError) as caught:
        lua.execute("error(setmetatable({}, { __tostring = function() return 'sorry' end }))")
    assert str(caught.value) == "sorry"
    with pytest.raises(LuaError) as caught:
        lua.execute("error()")
    assert caught.value.value is None
    assert str(caught.value) == "(error object is a nil value)"
    with pytest.raises(LuaError) as caught:
        lua.execute("error(12)")
    assert caught.value.value == 12
    assert str(caught.value) == "12"
    with pytest.raises(LuaError) as caught:
        lua.execute(r"error('\xff', 0)")
    assert caught.value.value == b"\xff"
    assert str(caught.value) == "\\xff"


def test_error_in_tostring_of_an_error(lua: LuaRuntime) -> None:
    with pytest.raises(LuaError) as caught:
        lua.execute("error(setmetatable({}, { __tostring = function() error 'again' end }))")
    assert "cannot be shown" in str(caught.value)
    endless = "error(setmetatable({}, { __tostring = function() while true do end end }))"
    with pytest.raises(LimitExceeded):
        limited(instructions=10_000).execute(endless)


def test_traceback(lua: LuaRuntime) -> None:
    with pytest.raises(LuaError) as caught:
        lua.execute("local function f()\n  error 'boom'\nend\nf()", name="@main.lua")
    assert caught.value.traceback is not None
    lines = caught.value.traceback.splitlines()
    assert lines[0] == "stack traceback:"
    assert any("main.lua:2: in " in line for line in lines)
    assert any("main.lua:4: in main chunk" in line for line in lines)
    assert not any(".py" in line for line in lines)


def test_stack_overflow_is_a_lua_error(lua: LuaRuntime) -> None:
    with pytest.raises(LuaError, match="stack overflow"):
        lua.execute("local function f() return 1 + f() end return f()")
    assert lua.eval("1") == 1


def test_errors_do_not_keep_frames_alive() -> None:
    lua: LuaRuntime | None = LuaRuntime()
    assert lua is not None
    watch = weakref.ref(lua._state)
    try:
        lua.execute("error 'x'")
    except LuaError as error:
        kept = error.with_traceback(None)
    lua = None
    gc.collect()
    assert watch() is None
    assert kept.value.endswith("x")


# Limits and exits


def test_instructions() -> None:
    lua = limited(instructions=10_000)
    with pytest.raises(LimitExceeded) as caught:
        lua.execute("while true do end")
    assert (caught.value.limit, caught.value.allowed) == ("instructions", 10_000)
    assert lua.instructions >= 10_000
    with pytest.raises(LimitExceeded):
        lua.execute("for i = 1, 100 do end")


@pytest.mark.parametrize(
    "source",
    [
        "while true do end",
        "local function f() return f() end f()",
        "pcall(function() while true do end end) reached = true",
        "xpcall(function() while true do end end, function() while true do end end) reached = true",
        "coroutine.wrap(function() while true do end end)() reached = true",
        "while true do pcall(error) end",
        "local t = setmetatable({}, { __index = function() while true do end end }) pcall(function() return t.x end)"
        " reached = true",
        "::again:: goto again",
        "repeat until false",
        "table.sort({3, 2, 1}, function(a, b) while true do end end) reached = true",
        "load(function() while true do end end) reached = true",
    ],
)
@pytest.mark.parametrize("limits", [{"instructions": 50_000}, {"wall_time": 0.1}], ids=str)
def test_no_script_outlives_a_limit(source: str, limits: dict[str, Any]) -> None:
    lua = limited(**limits)
    with pytest.raises(LimitExceeded) as caught:
        lua.execute(source)
    assert caught.value.limit in limits
    assert lua.globals()["reached"] is None


def test_wall_clock_starts_anew_with_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("vlua.runtime.time", SimpleNamespace(monotonic=lambda: now[0], thread_time=float))
    lua = limited(wall_time=10)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    work = lua.compile("local sleep, s = ... sleep(s) local n = 0 for i = 1, 20000 do n = n + 1 end return n")
    assert [work(sleep, 9) for _ in range(4)] == [20000] * 4
    with pytest.raises(LimitExceeded):
        work(sleep, 11)
    assert work(sleep, 9) == 20000


def test_an_interrupt_leaves_the_meter_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    armed = [False]

    def clock() -> float:
        if armed[0]:
            armed[0] = False
            raise KeyboardInterrupt
        return 0.0

    monkeypatch.setattr("vlua.runtime.time", SimpleNamespace(monotonic=clock, thread_time=float))
    lua = limited(wall_time=10, instructions=200_000)
    lua.globals().arm = lambda: armed.__setitem__(0, True)
    with pytest.raises(KeyboardInterrupt):
        lua.execute("arm() pcall(function() while true do end end)")
    assert lua.execute("local n = 0 while n < 20000 do n = n + 1 end return n") == 20000
    with pytest.raises(LimitExceeded):
        lua.execute("while true do end")


def test_host_functions_cannot_swallow_a_limit() -> None:
    lua = limited(instructions=50_000)
    swallowed = []

    def careless(function: Any) -> str:
        try:
            function()
        except Exception as error:
            swallowed.append(error)
        return "went on"

    lua.globals().careless = careless
    with pytest.raises(LimitExceeded):
        lua.execute("careless(function() while true do end end) reached = true")
    assert swallowed == []
    assert lua.globals()["reached"] is None


def test_exit(lua: LuaRuntime) -> None:
    for call, status in (("os.exit()", 0), ("os.exit(true)", 0), ("os.exit(false)", 1), ("os.exit(7)", 7)):
        with pytest.raises(LuaExit) as caught:
            lua.execute(f"pcall(function() {call} end)")
        assert caught.value.status == status


# The room


def test_files() -> None:
    lua = LuaRuntime(files={"data/a.txt": "one\ntwo\n", "/b.bin": b"\xff\x00"})
    assert lua.eval("io.open('data/a.txt'):read('a')") == "one\ntwo\n"
    assert lua.eval("io.open('/b.bin'):read('a')") == b"\xff\x00"
    lua.execute("local f = io.open('out.txt', 'w') f:write('hi') f:close()")
    assert lua.fs.readtext("/out.txt") == "hi"


def test_filesystem_of_the_host() -> None:
    from fs.memoryfs import MemoryFS

    filesystem = MemoryFS()
    filesystem.writetext("mod.lua", "return { n = 5 }")
    lua = LuaRuntime(files=filesystem)
    assert lua.require("mod").n == 5
    lua.execute("io.open('x', 'w'):close()")
    assert filesystem.exists("x")


def test_mounts(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("from the host")
    lua = LuaRuntime(mounts=[(tmp_path, "/ro", "ro"), (str(tmp_path), "/rw")])
    assert lua.eval("io.open('/ro/note.txt'):read('a')") == "from the host"
    assert lua.eval("io.open('/ro/note.txt', 'w')") == (None, "/ro/note.txt: Read-only file system", 30)
    lua.execute("local f = io.open('/rw/note.txt', 'w') f:write('changed') f:close()")
    assert lua.eval("io.open('/rw/note.txt'):read('a')") == "changed"
    assert (tmp_path / "note.txt").read_text() == "from the host"
    with pytest.raises(NotADirectoryError):
        LuaRuntime(mounts=[(tmp_path / "none", "/")])


def test_env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLUA_SECRET", "host")
    lua = LuaRuntime(env={"USER": "wren", "Ä": "ö"})
    assert lua.eval("os.getenv 'USER', os.getenv 'Ä', os.getenv 'VLUA_SECRET', os.getenv 'HOME'") == (
        "wren",
        "ö",
        None,
        None,
    )


def test_modules() -> None:
    calls = []
    lua = LuaRuntime(
        modules={
            "source": "local name = ... return { name = name }",
            "bytes": b"return '\xff'",
            "host": {"add": lambda a, b: a + b, "version": [1, 2]},
            "function": lambda name: calls.append,
        }
    )
    assert lua.eval("require('source').name") == "source"
    assert lua.require("bytes") == b"\xff"
    assert lua.eval("require('host').add(1, 2), #require('host').version") == (3, 2)
    lua.execute("require 'function' ('called')")
    assert calls == ["called"]
    assert lua.eval("require 'host' == require 'host'") is True


def test_require(lua: LuaRuntime) -> None:
    assert lua.require("string") == lua.eval("string")
    with pytest.raises(LuaError, match="module 'nothing' not found"):
        lua.require("nothing")
    lua.execute("require = nil")
    assert lua.require("table") == lua.eval("table")


def test_streams() -> None:
    out, err = io.StringIO(), io.BytesIO()
    lua = LuaRuntime(stdin=io.StringIO("first\nsecond\n"), stdout=out, stderr=err)
    lua.execute(r"print('ä', 1, nil) io.write('w') io.stderr:write('\xff') line = io.read()")
    assert out.getvalue() == "ä\t1\tnil\nw"
    assert err.getvalue() == b"\xff"
    assert lua.globals().line == "first"


def test_default_streams(capsys: pytest.CaptureFixture[str]) -> None:
    lua = LuaRuntime()
    lua.execute("print 'out' io.stderr:write 'err' line = io.read()")
    assert capsys.readouterr() == ("out\n", "err")
    assert lua.globals()["line"] is None


# One process, several runtimes


def test_runtimes_share_nothing() -> None:
    one, two = LuaRuntime(), LuaRuntime()
    one.execute("string.x = 1 getmetatable('').__index = { y = 2 } package.loaded.z = 3 x = 4")
    assert two.eval("string.x, ('').y, package.loaded.z, x, ('a'):rep(2)") == (None, None, None, None, "aa")


def test_threads_take_turns() -> None:
    lua = LuaRuntime()
    lua.execute("n = 0 function add() for i = 1, 2000 do n = n + 1 end end")
    threads = [threading.Thread(target=lua.globals().add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lua.globals().n == 8000


def test_recursion_limit_is_put_back() -> None:
    before = sys.getrecursionlimit()
    LuaRuntime().execute("local function f(n) return n == 0 and 0 or 1 + f(n - 1) end f(5000)")
    assert sys.getrecursionlimit() == before
