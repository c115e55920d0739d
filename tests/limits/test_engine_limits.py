"""Programs beyond what Python's own compiler takes, and programs that Lua itself refuses.

PUC Lua is asked first: what it accepts has to give the same results, what it refuses has to be refused in its words.
"""

from __future__ import annotations

import pytest

from tests.child import run_in_child
from tests.engines import Engine, Outcome, puc, vlua


@pytest.fixture(scope="module")
def judge() -> Engine:
    return puc()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return vlua()


def _same(judge: Engine, engine: Engine, source: str) -> Outcome:
    expected = judge.run(source)
    assert engine.run(source) == expected
    return expected


def _nested(opening: str, closing: str, levels: int, body: str = "n = (n or 0) + 1") -> str:
    return f"{opening * levels} {body} {closing * levels} return n"


@pytest.mark.parametrize("levels", [10, 19, 20, 21, 45, 100, 190])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("do ", " end"),
        ("do local x = n ", " end"),
        ("if true then ", " end"),
        ("if n then n = n else ", " end"),
        ("while true do ", " break end"),
        ("while not n do ", " end"),
        ("repeat ", " until true"),
        ("repeat local done = true ", " until done"),
        ("do ::top:: ", " if n > 1000 then goto top end end"),
    ],
)
def test_nested_blocks(judge: Engine, engine: Engine, opening: str, closing: str, levels: int) -> None:
    assert _same(judge, engine, _nested(opening, closing, levels)).values == "integer 1"


@pytest.mark.parametrize("levels", [10, 19, 20, 21, 45])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("for i = 1, 1 do ", " end"),
        ("for i = 1.0, 1 do ", " end"),
        ("for _, v in ipairs {1} do ", " end"),
        ("for k in pairs {1} do for i = k, 1 do ", " end end"),
        ("for i = 1, 2 do if i == 2 then break end ", " end"),
        ("for i = 1, 2 do if i == 2 then goto continue end ", " ::continue:: end"),
    ],
)
def test_nested_loops(judge: Engine, engine: Engine, opening: str, closing: str, levels: int) -> None:
    levels = min(levels, 21) if opening.count("for") > 1 else levels
    _same(judge, engine, _nested(opening, closing, levels))


@pytest.mark.parametrize("levels", [10, 20, 40, 60])
def test_nested_functions(judge: Engine, engine: Engine, levels: int) -> None:
    _same(judge, engine, _nested("(function(...) local x = ... ", " end)(1);", levels, "n = (n or 0) + 1;"))
    _same(judge, engine, "return " + "(function() return " * levels + "42" + " end)()" * levels)
    opening = "".join(f"local v{i} = {i} local function f{i}(a{i}) " for i in range(levels))
    closing = "".join(f" return v{i} end n = f{i}({i})" for i in reversed(range(levels)))
    _same(judge, engine, f"{opening} v0 = v0 + v{levels - 1} {closing} return n, v0")


def test_mixed_nesting(judge: Engine, engine: Engine) -> None:
    kinds = [
        ("do local a = {} ", " end"),
        ("if n == nil then ", " end"),
        ("while true do ", " break end"),
        ("for i = 1, 1 do ", " end"),
        ("repeat ", " until true"),
        ("for _, v in ipairs {1} do ", " end"),
        ("local function f() ", " end f()"),
    ]
    for rounds in (1, 3, 6, 12):
        chosen = kinds * rounds
        opening = "".join(kind[0] for kind in chosen)
        closing = "".join(kind[1] for kind in reversed(chosen))
        assert _same(judge, engine, f"n = nil {opening} n = 1 {closing} return n").values == "integer 1"


def test_jumps_out_of_deep_nesting(judge: Engine, engine: Engine) -> None:
    for opening, closing, levels in (("while true do ", " end", 100), ("for i = 1, 9 do ", " end", 40)):
        _same(judge, engine, f"n = 0 {opening * levels} n = n + 1 goto out {closing * levels} ::out:: return n")
        _same(
            judge,
            engine,
            f"local function f() {opening * levels} do return 'inside' end {closing * levels} end return f()",
        )
        _same(
            judge,
            engine,
            f"local a, b = 1, 2 {opening * levels} a, b = b, a do goto out end {closing * levels} ::out:: return a, b",
        )
        _same(
            judge,
            engine,
            f"local f do local up = 1 {opening * levels} f = function() up = up + 1 return up end do goto out end "
            f"{closing * levels} ::out:: end return f(), f()",
        )


def test_loop_inside_deep_nesting_yields(judge: Engine, engine: Engine) -> None:
    source = "local co = coroutine.wrap(function() " + _nested("while true do ", " break end", 60, "coroutine.yield(7)")
    assert _same(judge, engine, source + " end) return co(), co()").status == "results"


@pytest.mark.parametrize("count", [100, 5_000])
def test_elseif_chain(judge: Engine, engine: Engine, count: int) -> None:
    branches = " ".join(f"elseif x == {i} then return 'branch {i}'" for i in range(1, count))
    source = f"local function f(x) if x == 0 then return 'first' {branches} else return 'none' end end"
    assert (
        _same(judge, engine, f"{source} return f(0), f(1), f({count // 2}), f({count - 1}), f(-1)").status == "results"
    )


@pytest.mark.parametrize("operator", ["+", "%", "&", "and", "or", "=="])
def test_long_flat_expressions(judge: Engine, engine: Engine, operator: str) -> None:
    terms = 20_000
    _same(judge, engine, f"return 1 {f'{operator} 1 ' * (terms - 1)}")
    _same(judge, engine, f"local x = 1 return x {f'{operator} x ' * (terms - 1)}")


@pytest.mark.parametrize("count", [100, 195])
def test_right_associative_chains(judge: Engine, engine: Engine, count: int) -> None:
    _same(judge, engine, f"local x = 'x' return x {'.. x ' * count}")
    _same(judge, engine, f"local x = 1 return x {'^ x ' * count}")
    _same(judge, engine, f"return {'not ' * count} nil")
    _same(judge, engine, f"local x = 1 return {'- ' * count} x")
    _same(judge, engine, f"return {'(' * count}7{')' * count}")
    _same(judge, engine, f"return #{'{' * count}{'}' * count}")
    _same(judge, engine, f"local function f(x) return x end return {'f(' * count}1{')' * count}")
    _same(judge, engine, f"local t = {{}} t.t = t return t{'[t' * 0}{'.t' * count} == t")


@pytest.mark.parametrize("count", [201, 5_000])
def test_chains_deeper_than_lua_allows(judge: Engine, engine: Engine, count: int) -> None:
    sources = [
        f"local x = 'x' return x {'.. x ' * count}",
        f"return {'(' * count}7{')' * count}",
        f"return {'{' * count}{'}' * count}",
        f"return {'- ' * count}7",
        f"return {'not ' * count}7",
        "do " * count + "end " * count,
        "while true do " * count,
        f"local f f{'(f' * count}",
        f"return 2 {'^ 2' * count}",
        f"{'a.' * count}b = {'a[' * count}",
    ]
    for source in sources:
        _same(judge, engine, source)


def test_concat_of_many_parts(judge: Engine, engine: Engine) -> None:
    groups = " .. ".join(f"({' .. '.join(['x'] * 90)})" for _ in range(90))
    source = f"local x = 'ab' local s = {groups} s = s .. ({groups}) return #s"
    assert _same(judge, engine, source).values == "integer 32400"


@pytest.mark.parametrize("item", ["1", "'s'", "x", "{}", "[1] = 2", "k = 1", "f()"])
def test_huge_table_constructor(judge: Engine, engine: Engine, item: str) -> None:
    items = 100_000 if item == "1" else 20_000
    source = (
        f"local x = 1 local function f() return 1, 2 end local t = {{{f'{item}, ' * items}}} return #t, t[1] ~= nil"
    )
    assert _same(judge, engine, source).status == "results"


def test_table_constructor_of_different_items(judge: Engine, engine: Engine) -> None:
    fields = ", ".join(f"k{i} = {i}, [{i} + 0.5] = 'v{i}', 'item {i}'" for i in range(10_000))
    _same(judge, engine, f"local t = {{{fields}}} return #t, t.k9999, t[2.5], t[#t]")


def test_function_of_many_lines(judge: Engine, engine: Engine) -> None:
    lines = "\n".join(f"x = x + {i} * 2 - (x % {i + 1})" for i in range(10_000))
    assert (
        _same(judge, engine, f"local x = 0\nlocal function f()\n{lines}\nreturn x\nend\nreturn f()").status == "results"
    )
    calls = "\n".join(f"t[{i % 7}] = f(t[{i % 5}], '{i}')" for i in range(10_000))
    _same(judge, engine, f"local t, f = {{}}, function(a, b) return (a or 0) + #b end\n{calls}\nreturn t[0], t[6]")


def test_error_at_the_end_of_many_lines(judge: Engine, engine: Engine) -> None:
    lines = "x = (x or 0) + 1\n" * 10_000
    assert "10002" in _same(judge, engine, f"\n{lines}local y = x.a.b").values


def test_many_functions(judge: Engine, engine: Engine) -> None:
    functions = "\n".join(f"function f{i}(a) return a + {i} end" for i in range(3_000))
    _same(judge, engine, f"{functions}\nreturn f0(1), f2999(1)")


@pytest.mark.parametrize("count", [199, 200, 201, 250])
def test_locals(judge: Engine, engine: Engine, count: int) -> None:
    one_by_one = " ".join(f"local v{i} = {i}" for i in range(count))
    _same(judge, engine, f"{one_by_one} return v0, v{count - 1}")
    names = ", ".join(f"v{i}" for i in range(count))
    _same(judge, engine, f"local {names} = 1, 2 return v0, v{count - 1}")
    _same(judge, engine, f"local function f({names}) return v0, v{count - 1} end return f(1, 2)")
    _same(
        judge, engine, f"local function f({names}) return function() return v0, v{count - 1} end end return f(1, 2)()"
    )


@pytest.mark.parametrize("count", [197, 198, 200])
def test_locals_of_for_loops(judge: Engine, engine: Engine, count: int) -> None:
    names = ", ".join(f"v{i}" for i in range(count))
    _same(judge, engine, f"for {names} in next, {{}} do end return 'fine'")


@pytest.mark.parametrize("count", [100, 253, 254, 255, 256, 300])
def test_upvalues(judge: Engine, engine: Engine, count: int) -> None:
    outer = min(count, 150)
    first = " ".join(f"local a{i} = {i}" for i in range(outer))
    second = " ".join(f"local b{i} = {i}" for i in range(count - outer))
    uses = " ".join([*(f"a{i} = a{i} + 1" for i in range(outer)), *(f"b{i} = b{i} + 1" for i in range(count - outer))])
    _same(
        judge,
        engine,
        f"{first} local function f() {second} local function g() {uses} end g() return a0 end return f()",
    )


def test_many_constants(judge: Engine, engine: Engine) -> None:
    strings = " ".join(f"t['key {i}'] = 'value {i}' t[{i}.5] = {i}" for i in range(10_000))
    _same(judge, engine, f"local t = {{}} {strings} return t['key 9999'], t[9999.5]")


@pytest.mark.parametrize("count", [100, 200, 240, 255, 300])
def test_many_arguments(judge: Engine, engine: Engine, count: int) -> None:
    arguments = ", ".join(str(i) for i in range(count))
    _same(judge, engine, f"local function f(...) return select('#', ...), (select(-1, ...)) end return f({arguments})")
    _same(judge, engine, f"return select('#', {arguments})")


def test_many_results(judge: Engine, engine: Engine) -> None:
    source = "local t = {} for i = 1, 200000 do t[i] = i end return select('#', table.unpack(t))"
    assert _same(judge, engine, source).values == "integer 200000"
    _same(judge, engine, "return pcall(table.unpack, {}, 1, 1e7)")


def test_multiple_assignment_of_many_targets(judge: Engine, engine: Engine) -> None:
    targets = ", ".join(f"t[{i}]" for i in range(150))
    values = ", ".join(str(i) for i in range(150))
    _same(judge, engine, f"local t = {{}} {targets} = {values} return t[0], t[149]")
    many = ", ".join(f"t[{i}]" for i in range(300))
    _same(judge, engine, f"local t = {{}} {many} = 1")


def test_long_lexical_items(judge: Engine, engine: Engine) -> None:
    name = "n" * 100_000
    _same(judge, engine, f"local {name} = 5 return {name}")
    _same(judge, engine, f"return #'{'s' * 500_000}', #[[{'s' * 500_000}]]")
    _same(judge, engine, f"return {'9' * 10_000}, {'1' * 300}e-300, 0x{'f' * 10_000}, 0.{'0' * 10_000}1")
    _same(judge, engine, f"--{'c' * 500_000}\nreturn 1 --[==[{'c' * 500_000}]==]")
    _same(judge, engine, "\n" * 100_000 + "error('deep down')")


_RECURSION = {
    "function": "local function f() return 1 + f() end f()",
    "statement call": "local function f() f() end f()",
    "mutual": "local g local function f() return (g()) end function g() return (f()) end f()",
    "index": "local m = {} m.__index = function(t, k) return (t[k + 1]) end return setmetatable({}, m)[1]",
    "newindex": "local m = {} m.__newindex = function(t, k, v) t[k + 1] = v end setmetatable({}, m)[1] = 1",
    "add": "local t = setmetatable({}, {}) getmetatable(t).__add = function(a, b) return a + b end return t + 1",
    "concat": "local m = {} m.__concat = function(a, b) return a .. b end return setmetatable({}, m) .. 'x'",
    "eq": "local m = {} m.__eq = function(a, b) return a == b end return setmetatable({}, m) == setmetatable({}, m)",
    "lt": "local t = setmetatable({}, {}) getmetatable(t).__lt = function(a, b) return a < b end return t < t",
    "len": "local t = setmetatable({}, {}) getmetatable(t).__len = function(a) return #a end return #t",
    "unm": "local t = setmetatable({}, {}) getmetatable(t).__unm = function(a) return (-a) end return -t",
    "call": "local t = setmetatable({}, {}) getmetatable(t).__call = function(self) return (self()) end return t()",
    "tostring": "local t = setmetatable({}, {__tostring = function(t) return (tostring(t)) end}) return tostring(t)",
    "pairs": "local t = setmetatable({}, {__pairs = function(t) return (pairs(t)) end}) return pairs(t)",
    "sort": "local function f(a, b) table.sort({1, 2, 3}, f) return a < b end table.sort({1, 2, 3}, f)",
    "gsub": "local function f(s) return (s:gsub('.', f)) end return f('x')",
    "load": "local function f() return assert(load(f)) end return f()",
    "pcall": "local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f()",
    "handler": "local function h() error('again') end assert(xpcall(error, h))",
    "coroutine": "local function f() return (coroutine.wrap(f)()) end return f()",
    "coroutine in pcall": "local function f() local ok, e = pcall(coroutine.wrap(f)) error(e, 0) end f()",
    "iterator": "local function f() for _ in f do end end f()",
    "require": "package.preload.m = function() package.loaded.m = nil return (require('m')) end require('m')",
    "vararg": "local function f(...) return 1, f(1, ...) end f()",
    "string method": "local function f(s) return (s:rep(1):gsub('x', function() return f(s) end)) end return f('x')",
    "index chain": "local t = {} for i = 1, 1e5 do t = setmetatable({}, {__index = t}) end return t.x .. ''",
    "call chain": "local t = print for i = 1, 1e5 do t = setmetatable({}, {__call = t}) end return t() .. ''",
    "gc": "local function f() setmetatable({}, {__gc = f}) f() end f()",
}


@pytest.mark.parametrize("kind", _RECURSION)
def test_t_deep_endless_recursion_is_an_error_that_can_be_caught(kind: str) -> None:
    recursion = _RECURSION[kind].replace("local ok,", "ok,")
    caught = f"ok, message = pcall(function() {recursion} end) assert(not ok and #tostring(message) < 50000)"
    ending = run_in_child(f"{caught} {caught} print('caught') {recursion}", wall_time=50)
    assert ending.kind == "LuaError", ending.text
    assert "assertion failed" not in ending.text


def test_t_deep_recursion_as_deep_as_lua_allows() -> None:
    depth = 150_000
    source = f"local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f({depth})"
    assert run_in_child(source).text == str(depth)


def test_t_deep_recursion_inside_coroutines() -> None:
    source = """
    local function f(n) if n == 0 then return coroutine.yield(0) end return 1 + f(n - 1) end
    local cos = {}
    for i = 1, 20 do cos[i] = coroutine.wrap(f) cos[i](10000) end
    local sum = 0
    for i = 1, 20 do sum = sum + cos[i](0) end
    return sum
    """
    assert run_in_child(source).text == "200000"
