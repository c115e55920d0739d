"""T-ATTR, T-FMT, T-NAME: no way from Lua values, texts or names to Python objects."""

from __future__ import annotations

import keyword
from typing import Any

import pytest

from tests.security.room import outcome, runtime
from vlua import LuaError

_ATTRIBUTES = [
    *("__class__", "__dict__", "__globals__", "__code__", "__closure__", "__builtins__", "__self__", "__func__"),
    *("__module__", "__mro__", "__subclasses__", "__init__", "__reduce__", "__getattribute__", "__call__", "__get__"),
    *("__defaults__", "__kwdefaults__", "__annotations__", "__wrapped__", "__name__", "__qualname__", "__doc__"),
    *("gi_frame", "f_globals", "f_back", "tb_frame", "cr_frame", "func_globals", "hash", "meta", "get", "set"),
    *("mro", "format", "format_map", "encode", "join", "keys", "items", "__len__", "__getitem__", "append"),
]
_VALUES = ["nil", "true", "1", "1.5", "'text'", "{}", "print", "function() end", "coroutine.create(print)", "io.stdout"]


class Secretive:
    """A host object with everything an attacker may look for."""

    secret = "the secret of the class"

    def __init__(self) -> None:
        self.value = "the secret of the object"

    def method(self) -> str:
        return "the secret of the method"


@pytest.mark.parametrize("value", _VALUES)
def test_t_attr_values_of_lua_have_no_python_attributes(value: str) -> None:
    lua = runtime()
    probe = lua.eval("function(v, name) local ok, r = pcall(function() return v[name] end) return ok and r or nil end")
    subject = lua.eval(value)
    for name in _ATTRIBUTES:
        if value in ("'text'", "io.stdout") and name in ("format",):
            continue  # a method of the library
        assert probe(subject, name) is None, name


@pytest.mark.parametrize("host", [Secretive(), Secretive, Secretive().method, object(), (x for x in ()), 1j, b"x".join])
def test_t_attr_host_objects_are_opaque(host: Any) -> None:
    lua = runtime()
    lua.globals()["host"] = host
    script = """
    local seen = {}
    for _, name in ipairs(names) do
      local ok, value = pcall(function() return host[name] end)
      if ok and value ~= nil then seen[#seen + 1] = name end
      pcall(function() host[name] = "overwritten" end)
      pcall(function() return host[name](host) end)
    end
    return table.concat(seen, " ")
    """
    lua.globals()["names"] = lua.table_from([*_ATTRIBUTES, "secret", "value", "method"])
    assert lua.execute(script) == ""
    assert Secretive.secret == "the secret of the class"


def test_t_attr_host_objects_work_with_no_operator() -> None:
    lua = runtime()
    lua.globals()["host"] = Secretive()
    operations = ["host + 1", "host .. ''", "#host", "-host", "host < host", "host()", "host.x.y", "host[1]", "~host"]
    for operation in operations:
        with pytest.raises(LuaError):
            lua.execute(f"local x = {operation} return x.x")
    text = lua.execute("return tostring(host) .. string.format('%s', host)")
    assert "Secretive" not in text
    assert "0x7f" not in text


def test_t_attr_host_functions_show_only_their_results() -> None:
    lua = runtime()
    lua.globals()["f"] = Secretive().method
    assert lua.execute("return f()") == "the secret of the method"
    for expression in ("f.__self__", "f.__globals__", "f.value", "getmetatable(f)", "next(debug.getinfo(f), 'xyz')"):
        assert "secret" not in str(outcome_of(lua, f"return {expression}"))
    described = lua.execute(
        "local out = {} for k, v in pairs(debug.getinfo(f)) do out[#out + 1] = k .. tostring(v) end "
        "return table.concat(out, ' ')"
    )
    assert ".py" not in described
    assert "Secretive" not in described


def outcome_of(lua: Any, source: str) -> Any:
    try:
        return lua.execute(source)
    except LuaError as error:
        return error


_TEMPLATES = [
    "{0.__class__}",
    "{}",
    "{0}",
    "%(x)s",
    "%s%s%s%n",
    "{0.__init__.__globals__}",
    "${x}",
    "{{",
    "}}",
    "%",
    "'",
    '"',
]


@pytest.mark.parametrize("text", _TEMPLATES)
def test_t_fmt_text_stays_literal(text: str) -> None:
    lua = runtime()
    lua.globals()["text"] = text
    assert lua.execute("return string.format('%s', text)") == text
    assert lua.execute("return (('x'):gsub('x', function() return text end))") == text
    assert lua.execute("return (('x'):gsub('x', {x = text}))") == text
    assert lua.execute("return select(2, pcall(error, text, 0))") == text
    assert lua.execute("return select(2, pcall(error, text))") == text
    assert lua.execute("return select(2, load('x', '=' .. text))").startswith(f"{text}:1:")
    assert lua.execute("return select(2, load('x', '@' .. text))").startswith(f"{text}:1:")
    assert lua.execute("return tostring(setmetatable({}, {__name = text}))").startswith(f"{text}: ")
    assert lua.execute("return ({[text] = 1})[text]") == 1
    assert text in lua.execute("return select(2, pcall(function() local t = {} t.x[text]() end)) .. text")
    assert text in lua.execute("return select(2, pcall(function() local t = {} t[text]() end)) .. text")
    assert lua.execute("return select(2, pcall(load('error(...)', '=' .. text), text, 1))") == f"{text}:1: {text}"
    assert lua.execute("return table.concat({text, text}, text)") == text * 3


@pytest.mark.parametrize("name", ["x\ny", "x\\ny", "x'y", 'x"y', "x\0y", "x" * 300, "", "<string>", "\x7f", "x]]y"])
def test_t_fmt_chunk_names(name: str) -> None:
    lua = runtime()
    for mark in ("=", "@", ""):
        chunk_name = mark + name
        assert lua.execute("return load('return 1', ...)()", chunk_name) == 1
        assert lua.execute("return pcall(load('error(1)', ...))", chunk_name)[0] is False
        assert isinstance(lua.execute("return select(2, load('x x', ...))", chunk_name), str)
        lua.compile("return 1", name=chunk_name)


_PYTHON_NAMES = [
    *keyword.kwlist,
    *(
        "__builtins__",
        "__import__",
        "__name__",
        "__class__",
        "__debug__",
        "__annotations__",
        "__build_class__",
        "__file__",
    ),
    *(
        "self",
        "cls",
        "super",
        "print",
        "exec",
        "eval",
        "open",
        "type",
        "int",
        "str",
        "float",
        "len",
        "dict",
        "tuple",
        "list",
    ),
    *("None", "True", "False", "Ellipsis", "NotImplemented", "match", "case", "type", "_", "__", "___", "__debug"),
    *(
        "ABSENT",
        "index",
        "call",
        "first",
        "values",
        "state",
        "ticks",
        "meter",
        "LuaTable",
        "LuaError",
        "chain",
        "spread",
    ),
    *(
        "l_x",
        "L_x",
        "v_x",
        "x_1",
        "x1",
        "iterator1",
        "step1",
        "limit1",
        "varargs",
        "args",
        "upvalue",
        "cell",
        "env",
        "_ENV_",
    ),
]
_LUA_WORDS = (
    "and break do else elseif end false for function goto if in local nil not or repeat return then true until while"
)


def _names() -> list[str]:
    return [name for name in dict.fromkeys(_PYTHON_NAMES) if name not in _LUA_WORDS.split()]


def _generated_names() -> list[str]:
    """Every name that the code made for a program uses."""
    import types

    lua = runtime()
    source = """
    local a, b = ..., 1 local t = {x = 1, ...} for i = 1, 2 do for k, v in pairs(t) do a = i + v end end
    local function f(x, ...) while x do x = not x end repeat local y = f until y
    goto out do t.x = 1 end ::out:: return f(...) end
    function t:m() return self.x .. a, #t, -b, a == b, a < b, t[b], f(t:m()) end return f and t or b
    """
    chunk = lua.compile(source)
    names: set[str] = set()

    def walk(code: types.CodeType) -> None:
        names.update(code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                walk(constant)

    import gc

    for candidate in gc.get_objects():
        if isinstance(candidate, types.FunctionType) and candidate.__code__.co_filename.startswith(
            ("[string", "local a")
        ):
            walk(candidate.__code__)
            names.update(key for key in candidate.__globals__ if isinstance(key, str))
    assert chunk is not None
    return sorted(name for name in names if name.isidentifier() and name.isascii() and name not in _LUA_WORDS.split())


@pytest.mark.parametrize("name", _names())
def test_t_name_python_names_are_plain_names(name: str) -> None:
    _check_name(name)


def test_t_name_generated_names_are_plain_names() -> None:
    for name in _generated_names():
        if name != "_ENV":  # the one name that means something to Lua too
            _check_name(name)


def _check_name(name: str) -> None:
    lua = runtime()
    source = f"""
    local check_, pairs_, G_ = assert, pairs, _G
    check_({name} == nil or G_["{name}"] == {name})
    local before_ = {name}
    {name} = "global"
    check_(G_["{name}"] == "global" and {name} == "global")
    {name} = before_
    local function f_({name}, ...)
      local inner_ = function() {name} = {name} .. "!" return {name} end
      return inner_, ...
    end
    check_(f_("parameter")() == "parameter!")
    local {name} = "local"
    local t_ = {{{name} = 1}}
    function t_.{name}_method(self) return self.{name} end
    check_(t_.{name} == 1 and t_:{name}_method() == 1)
    for {name} = 1, 2 do check_({name} > 0) local g_ = function() return {name} end check_(g_() == {name}) end
    for {name}, x_ in pairs_(t_) do check_({name} and x_) end
    goto {name}
    do local x_ = 1 + {{}} end
    ::{name}::
    do
      local function {name}(n_) if n_ == 0 then return "done" end return {name}(n_ - 1) end
      check_({name}(5) == "done")
    end
    return {name}
    """
    assert lua.execute(source) == "local"
    message = lua.execute(
        f"local select_, pcall_, {name} = select, pcall return select_(2, pcall_(function() return {name}.x end))"
    )
    assert f"(upvalue '{name}')" in message
    assert lua.execute(f"return rawequal(_G['{name}'], ...)", lua.globals()[name]) is True


def test_t_name_every_underscore_name_is_undefined() -> None:
    lua = runtime()
    names = [n for n in [*_ATTRIBUTES, *_names()] if n.startswith("_") and n.isidentifier()]
    for name in names:
        assert lua.execute(f"return {name}") is None
        assert lua.execute(f"return _ENV.{name}") is None


@pytest.mark.parametrize("name", ["é", "ａ", "ª", "ﬁ", "x²", "Ⅷ", "٣", "·x"])
def test_t_name_identifiers_are_ascii(name: str) -> None:
    error = outcome(f"local {name} = 1 return {name}")
    assert isinstance(error, LuaError)
