"""Binary chunks: ``string.dump`` and loading what it gives."""

from __future__ import annotations

import hashlib

import pytest

from tests.engines import Engine, puc, vlua
from vlua import LuaError, LuaRuntime, Policy
from vlua.vm.dump import DIGEST_SIZE, FIELDS, HEADER, MARK, BadChunk, read_function

SAME = {
    "main chunk": "return load(string.dump(load('return 1, ...')))(2)",
    "upvalues begin as nil": """
        local a, b = 20, 30
        local f = load(string.dump(function(x) if x then a = x end return a, b end), '', 'b', nil)
        return f(), select(2, f()), f(5)
    """,
    "first upvalue is the environment": """
        local up = 1
        local f = load(string.dump(function() return up, print end), '', 'b', {print = 7})
        return type(f), pcall(f)
    """,
    "own environment": "x = 1 return load(string.dump(function() return x end), nil, nil, {x = 2})()",
    "function in function": """
        local function outer(a) return function(b) local c = a + b return function(d) return a, b, c, d end end end
        local f = load(string.dump(outer))
        return f(1)(2)(3)
    """,
    "loop variables": """
        local fs = {}
        for i = 1, 3 do local x = i fs[i] = function() x = (x or 10) + 1 return function() return x, i end end end
        local f = load(string.dump(fs[2]), '', 'b', nil)
        return f()(), f()(), fs[2]()()
    """,
    "recursion through an upvalue": """
        local function fact(n) return n == 0 and 1 or n * fact(n - 1) end
        local f = load(string.dump(fact), '', 'b', nil)
        return pcall(f, 3)
    """,
    "method and varargs": """
        local t = {} function t:m(...) return self, select('#', ...), ... end
        return load(string.dump(t.m))(1, 2, 3)
    """,
    "goto and loops": """
        return load(string.dump(function(n)
          local s = 0
          for i = 1, n do if i % 2 == 0 then goto continue end s = s + i ::continue:: end
          return s
        end))(10)
    """,
    "all bytes": "return load(string.dump(load('return \"\\0\\255\\n\\\\r\"')))()",
    "modes": """
        local d = string.dump(load('return 1'))
        print(load(d, 'x', 't')) print(load('return 1', 'x', 'b')) print(load(d, 'x', 'b')())
    """,
    "pieces": """
        local d, i = string.dump(load('return 42')), 0
        return load(function() i = i + 1 return d:sub(i, i) end)()
    """,
    "library functions": "return pcall(string.dump, pcall)",
    "what is no function": "return pcall(string.dump, 1)",
    "line of an error": "return pcall(load(string.dump(load('local a\\n\\nerror(\"x\")', '=src'))))",
    "line of an error, stripped": "return pcall(load(string.dump(load('local a\\n\\nerror(\"x\")', '=src'), true)))",
    "information": """
        local f = load(string.dump(load('return function(a, b, ...)\\n return a end', '@file'))) ()
        local i = debug.getinfo(f)
        print(debug.getlocal(f, 1), i.short_src, i.source, i.linedefined, i.lastlinedefined)
        print(i.nparams, i.isvararg, i.what)
    """,
    "stripped information": """
        local f = load(string.dump(load('return function(a)\\n return a, x end', '@file'), true)) ()
        local i = debug.getinfo(f)
        return i.short_src, i.source, i.linedefined, i.currentline, debug.getlocal(f, 1), (debug.getupvalue(f, 1))
    """,
    "dump of a dump": "return load(string.dump(load(string.dump(load('return 7'), true))))()",
    "not a chunk": "return load('\\27Lux')",
    "empty": "return load('\\27')",
    "wrong version": "return load('\\27Lua\\82')",
    "wrong format": "return load('\\27Lua\\83\\1')",
    "named": "return load('\\27Lua', '=name')",
}


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    return puc(), vlua()


@pytest.mark.parametrize("name", SAME)
def test_as_puc(engines: tuple[Engine, Engine], name: str) -> None:
    expected, found = (engine.run(SAME[name]) for engine in engines)
    assert found == expected


@pytest.fixture
def lua() -> LuaRuntime:
    return LuaRuntime()


def dumped(lua: LuaRuntime, source: str = "return 1") -> bytes:
    """The binary chunk of a text."""
    text = lua.eval("string.dump(load(...))", source)
    return text if isinstance(text, bytes) else text.encode("latin-1")


def message(lua: LuaRuntime, chunk: bytes) -> str:
    """What ``load`` says about bytes."""
    return str(lua.eval("select(2, load(...))", chunk))


def test_every_beginning_is_truncated(lua: LuaRuntime) -> None:
    chunk = dumped(lua)
    messages = {message(lua, chunk[:size]) for size in range(1, len(chunk))}
    assert messages == {"binary string: truncated precompiled chunk"}


def test_every_changed_byte_is_noticed(lua: LuaRuntime) -> None:
    chunk = dumped(lua)
    for position in range(1, len(chunk)):
        edited = chunk[:position] + bytes([chunk[position] ^ 1]) + chunk[position + 1 :]
        assert message(lua, edited).endswith("precompiled chunk")


def forged(number: int, text: bytes, stripped: bool = False, name: bytes = b"=x") -> bytes:
    """A chunk with a digest that is right."""
    fields = FIELDS.pack(stripped, number, len(name), len(text))
    digest = hashlib.sha256(fields + name + text).digest()
    return b"".join(part for part, _ in HEADER) + MARK + fields + digest + name + text


def test_forged_chunks(lua: LuaRuntime) -> None:
    assert lua.eval("load(...)()", forged(0, b"return 5")) == 5
    assert message(lua, forged(0, b"return =")) == "binary string: corrupted precompiled chunk"
    assert message(lua, forged(9, b"return 5")) == "binary string: corrupted precompiled chunk"


def test_forged_chunks_run_as_the_text_they_carry() -> None:
    lua = LuaRuntime(Policy())
    assert lua.eval("pcall(load(...))", forged(0, b"return io, os"))[0] is True
    with pytest.raises(LuaError, match="attempt to"):
        lua.execute("load(...)()", forged(0, b"local x = nil + 1"))


def test_lengths_beyond_the_end_are_truncated() -> None:
    fields = FIELDS.pack(False, 0, 2**32 - 1, 2**32 - 1)
    chunk = b"".join(part for part, _ in HEADER) + MARK + fields + bytes(DIGEST_SIZE) + b"x" * 100
    with pytest.raises(BadChunk, match="truncated"):
        read_function(chunk.decode("latin-1"))


def test_a_chunk_of_puc_lua_is_refused(lua: LuaRuntime) -> None:
    lua53 = pytest.importorskip("lupa.lua53")
    chunk = lua53.LuaRuntime(encoding=None).eval(b"string.dump(load('return 1'))")
    assert message(lua, chunk) == "binary string: corrupted precompiled chunk"


def test_stripped_chunks_carry_no_name(lua: LuaRuntime) -> None:
    source = "return string.dump(load('return 1', '=secret'), ...)"
    assert b"secret" in bytes(str(lua.execute(source, False)), "latin-1", "replace")
    assert b"secret" not in bytes(str(lua.execute(source, True)), "latin-1", "replace")
