"""T-TRACE, T-LEAK, T-BYTECODE: errors tell nothing of the host, and nothing but Lua's errors comes out."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from tests.security.room import ALLOWED, outcome, runtime
from vlua import LuaError, LuaRuntime, LuaSyntaxError

_FAILURES = [
    "error('x')",
    "local x = nil; x.y = 1",
    "return 1 + {}",
    "string.rep()",
    "('x'):rep(1e10)",
    "table.sort({3, 2, 1}, function() error('in sort') end)",
    "return ('x'):gsub('x', function() error('in gsub') end)",
    "coroutine.wrap(function() error('in coroutine') end)()",
    "require('missing')",
    "dofile('missing.lua')",
    "assert(load('x ='))",
    "setmetatable({}, {__index = function() error('in index') end}).x = setmetatable({}, {}) .. 1",
    "local function f() return f() + 1 end f()",
    "string.format('%d', 'x')",
    "os.date('%Ez')",
    "io.open('x', 'bad mode')",
    "for i = 1, 10, 0 do end",
    "host()",
]
_HOST_WORDS = [".py", "Traceback", "/root", "/home", "/usr", "site-packages", "vlua/vm", "<ast>", "codegen", "greenlet"]


def _failing_host_function() -> None:
    raise ValueError("of the host: /usr/lib/python3/secret.py")


def _assert_no_host(text: Any) -> None:
    for word in _HOST_WORDS:
        assert word not in str(text)


@pytest.mark.parametrize("failure", _FAILURES)
def test_t_trace_errors_and_tracebacks_show_no_host(failure: str) -> None:
    if failure == "host()":
        pytest.skip("what a host function's error tells is for the host to say")
    lua = runtime()
    script = f"return xpcall(function() {failure} end, function(m) return tostring(m) .. debug.traceback('t', 1) end)"
    _assert_no_host(lua.execute(script))
    _assert_no_host(lua.execute(f"return pcall(function() {failure} end)"))
    _assert_no_host(
        lua.execute(
            f"local co = coroutine.create(function() {failure} end) coroutine.resume(co) return debug.traceback(co)"
        )
    )
    error = outcome(failure)
    if isinstance(error, LuaError):
        _assert_no_host(error)
        _assert_no_host(error.traceback)


def test_t_trace_debug_getinfo_shows_no_host() -> None:
    script = """
    local out = {}
    local function show(info)
      for k, v in pairs(info or {}) do out[#out + 1] = k .. "=" .. tostring(v) end
    end
    for level = 0, 20 do show(debug.getinfo(level)) end
    for _, library in pairs(package.loaded) do
      if type(library) == "table" then
        for _, f in pairs(library) do if type(f) == "function" then show(debug.getinfo(f)) end end
      end
    end
    return table.concat(out, " ")
    """
    _assert_no_host(outcome(script))


def test_t_trace_errors_keep_no_frames() -> None:
    lua = runtime()
    with pytest.raises(LuaError) as caught:
        lua.execute("local function f(n) if n == 0 then error('deep') end f(n - 1) end f(50)")
    trace = caught.value.__traceback__
    while trace is not None:
        assert trace.tb_frame.f_code.co_filename.endswith(".py")  # of the host's own code only, no Lua frame
        trace = trace.tb_next
    assert caught.value.__context__ is None


def test_t_trace_caught_errors_free_what_frames_held() -> None:
    lua = runtime()
    script = """
    local weak = setmetatable({}, {__mode = "k"})
    local kept
    do
      local function f() local big = {} weak[big] = true; local x = nil; x.y = big end
      kept = {pcall(f)}
    end
    collectgarbage() collectgarbage()
    return next(weak) == nil, kept[2]
    """
    freed, message = lua.execute(script)
    assert "attempt to index a nil value" in message
    assert freed is True


@pytest.mark.parametrize(
    "source",
    [
        "return 1",
        "x = {} x.x = x function f() return f end",
        "co = coroutine.wrap(function() coroutine.yield() end) co()",
        "pcall(error, {})",
        "setmetatable(_G, {__index = function(t, k) return k end})",
        "for i = 1, 3 do _G['f' .. i] = function() return i end end",
        "io.open('/f', 'w'):write('x')",
        "error('uncaught')",
    ],
)
def test_t_trace_a_dead_runtime_is_freed(source: str) -> None:
    lua = runtime()
    try:
        lua.execute(source)
    except LuaError:
        pass
    reference = weakref.ref(lua)
    state = weakref.ref(lua._state)
    del lua
    gc.collect()
    gc.collect()
    assert reference() is None
    assert state() is None


_ODD = [
    "nil",
    "true",
    "0",
    "-1",
    "1.5",
    "0/0",
    "1/0",
    "-1/0",
    "2^53",
    "math.mininteger",
    "math.maxinteger",
    "''",
    "'\\0'",
    "'x'",
    "('x'):rep(300)",
    "'%'",
    "'\\xff'",
    "{}",
    "{1, 2, 3}",
    "print",
    "coroutine.create(print)",
    "io.stdout",
    "_G",
    "setmetatable({}, {__index = error, __len = error, __tostring = error, __call = error})",
]


def _library_functions() -> list[str]:
    lua = LuaRuntime()
    script = """
    local out = {}
    for name, library in pairs(package.loaded) do
      for k, v in pairs(library) do if type(v) == "function" then out[#out + 1] = name .. "." .. k end end
    end
    table.sort(out)
    return table.concat(out, " ")
    """
    return [name for name in lua.execute(script).split() if name not in ("os.exit", "_G.collectgarbage", "io.read")]


@pytest.mark.parametrize("name", _library_functions())
def test_t_leak_library_functions_with_odd_arguments(name: str) -> None:
    arguments = ["", *_ODD, *(f"{a}, {b}" for a in _ODD for b in _ODD[::2])]
    arguments += [f"'x', {a}, {b}" for a in _ODD[::3] for b in _ODD[1::3]]
    arguments += [f"{{1, 2}}, 1, {a}, {b}" for a in _ODD[::4] for b in _ODD[2::4]]
    calls = "\n".join(f"c(function() return f({a}) end)" for a in arguments)
    library, _, function = name.partition(".")
    script = f"""
    local f, n = package.loaded['{library}']['{function}'], 0
    local function c(g)
      local r = table.pack(pcall(g))
      n = n + 1
      if not r[1] and tostring(r[2]):find('internal error', 1, true) then error(r[2], 0) end
    end
    {calls}
    return n
    """
    try:
        result = runtime(wall_time=10).execute(script)
    except ALLOWED as error:
        result = error
    assert not (isinstance(result, LuaError) and "internal error" in str(result)), result


def test_t_leak_error_objects_of_every_type_reach_the_host_as_lua_errors() -> None:
    for value in [v for v in _ODD if "io." not in v]:
        error = outcome(f"error({value})")
        assert isinstance(error, LuaError), value
        str(error), repr(error)


def test_t_leak_strings_that_are_no_text_cross_the_boundary() -> None:
    lua = runtime()
    for data in ("\\xff", "\\xed\\xa0\\x80", "\\0", "\\xc3"):
        assert lua.execute(f"return '{data}'") is not None
        with pytest.raises(LuaError):
            lua.execute(f"error('{data}')")
        with pytest.raises(LuaError):
            lua.execute(f"error(setmetatable({{}}, {{__tostring = function() return '{data}' end}}))")


_BINARY = ["\x1b", "\x1bLua", "\x1bLuaS\0\x19\x93\r\n\x1a\n", "\x1bLua" + "\0" * 200, "\x1b" * 100]


@pytest.mark.parametrize("head", range(len(_BINARY)))
def test_t_bytecode_binary_chunks_are_refused(head: int) -> None:
    lua = runtime()
    lua.globals()["data"] = _BINARY[head].encode("latin-1")
    for mode in ("nil", "'b'", "'bt'"):
        assert lua.execute(f"return (load(data, '=x', {mode}))") is None
    assert lua.execute("return select(2, load(data, '=x', 't'))") == "attempt to load a binary chunk (mode is 't')"
    assert lua.execute("return select(2, load('return 1', '=x', 'b'))") == "attempt to load a text chunk (mode is 'b')"
    with pytest.raises(LuaSyntaxError):
        lua.execute(_BINARY[head])
    with pytest.raises(LuaSyntaxError):
        lua.compile(_BINARY[head].encode("latin-1"))


def test_t_bytecode_dumped_functions_edited_by_hand() -> None:
    script = """
    local ok, dump = pcall(string.dump, function(a) local b = a or 1 return b + 1 end)
    if not ok then return dump end
    for i = 1, #dump do
      for _, byte in ipairs {0, 1, 255, (dump:byte(i) + 1) % 256} do
        local edited = dump:sub(1, i - 1) .. string.char(byte) .. dump:sub(i + 1)
        local f = load(edited)
        if f then pcall(f, 1) end
      end
      local f = load(dump:sub(1, i))
      if f then pcall(f, 1) end
    end
    return "done"
    """
    assert isinstance(outcome(script), str)


def test_t_bytecode_files_do_not_get_around_the_mode() -> None:
    lua = runtime(files={"/b.lua": b"\x1bLuaS", "/b2.lua": b"# comment\n\x1bLuaS"})
    assert lua.execute("return (loadfile('/b.lua'))") is None
    assert lua.execute("return (loadfile('/b2.lua'))") is None
    assert lua.execute("return select(2, loadfile('/b.lua', 't'))").endswith(
        "attempt to load a binary chunk (mode is 't')"
    )
    with pytest.raises(LuaError):
        lua.execute("dofile('/b.lua')")
    with pytest.raises(LuaError):
        lua.execute("require('b')")
