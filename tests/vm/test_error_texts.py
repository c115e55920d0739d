"""Messages of run-time errors, word for word those of PUC Lua."""

from __future__ import annotations

import pytest

from tests.engines import Engine, puc, vlua

PROGRAMS = r"""
a = {} + 1
a = {} | 1
a = {} < 1
return nil <= {}
return 'a' >= 1
bbbb = 2; a = math.sin(3) + bbbb(3)
a = {}; do local a = 1 end a:bbbb(3)
local a = {}; a.bbbb(3)
a = {13}; local bbbb = 1; a[bbbb](3)
local t, i = {}, 'i' return t[i]()
local t, i = {}, 'i' return t[i] + 1
local t = {} t[1][2] = 1
local t = {} t.x.y.z = 1
a = (1) .. {}
a = #print
a = #3
aaa = nil aaa.bbb:ddd(9)
local aaa = {bbb = 1}; aaa.bbb:ddd(9)
local aaa = {bbb = {}}; aaa.bbb:ddd(9)
local a, b, c; (function () a = b + 1 end)()
local a, b, cc; (function () a = cc[1] end)()
local a; (function () a.x = 1 end)()
local a; (function () a.x.y = 1 end)()
local _ENV = {x = {}}; a = a + 1
local _ENV = nil zzz = 1
local _ENV = 1 return zzz
_ENV.zzz.x()
b = 1; local aaa = 'a'; x = aaa + b
aaa = {}; x = 3 / aaa
aaa = '2'; b = nil; x = aaa * b
aaa = {}; x = -aaa
local t = {} return -t.x
local t = {} return #t.x
local a, bbbb = 2, 3; a = math.sin(1) and bbbb(3)
local a, b, c, f = 1, 1, 1; f((a and b) or c)
local a, b, c = 1, 1, 1; ((a and b) or c)()
aaa = {}; x = (aaa or aaa) + (aaa and aaa)
aaa = {}; (aaa or aaa)()
local a = 2.0^100; x = a << 2
local a = 1 >> 2.0^100
local a = '10' << 2.0^100
return '0.5' | 1
return 'x' | {}
local x = {} return 1 & x
t = {x = 1.5} return 1 & t.x
a = 24 // 0
a = 1 % 0
return ('x').y.z
x = ('x')()
x = (1):foo()
x = 'a' .. nil
local a, b = {}, 'x'; return a .. 'q' .. b
local t = {} return t.x .. t.y
for i = 1, 'x' do end
for i = 'x', 1 do end
for i = 1, 2, {} do end
for k in nil do end
for k, v in pairs(nil) do end
for i in math.sin do end
return setmetatable({}, {__index = 1}).x.y
local a = setmetatable({}, {__index = 1}); return a.x
local t = setmetatable({}, {__newindex = 1}) t.x = 1
local t = setmetatable({}, {__index = function(t, k) error('hey ' .. k, 2) end}) return t.x
local t = setmetatable({}, {__add = function() error('hey', 2) end}) return t + 1
return setmetatable({}, {__add = 1}) + 1
return setmetatable({}, {__call = 1})()
XX = setmetatable({}, {__name = 'My Type'}) return XX + 1
XX = setmetatable({}, {__name = 'My Type'}) return XX < XX
XX = setmetatable({}, {__name = 'My Type'}) return {} < XX
t = {} t[nil] = 1
t = {} t[0/0] = 1
t = {[nil] = 1}
error('hi', 0)
local f = function() error('x', 2) end f()
local f = function() error('x', 3) end local function g() f() end g()
assert(false)
assert(false, 'text')
string.rep()
('x'):rep({})
('x').rep({})
string.rep('x', 1e100)
local rep = string.rep rep({}, 2)
local t = {string.rep} t[1]({}, 2)
return string.rep({}, 2)
(function(...) string.rep(...) end)({})
assert(pcall(string.rep, {}))
table.sort({1, 2, 3}, table.sort)
string.gsub('s', 's', setmetatable)
(io.write or print){}
(collectgarbage or print){}
a = setmetatable({}, {__index = string}); a:sub()
string.sub('a', {})
('a'):sub{}
local m = {s = math.sin}; m:s('a')
return tostring(setmetatable({}, {__tostring = function() return {} end}))
return table.concat({1, {}, 3})
return load(1)
select(0)
string.char(256)
coroutine.wrap(function() local a = nil; a.x = 1 end)()
local x; local function z() return function() x() end end z()()
local x <close> = 1
goto missing
break
""".strip().split("\n")

STRIPPED = r"""
a.b.c = 1
local x; x.y = 1
local x; local function f() return x.y end f()
local x; local function f() x() end f()
local x = {} x.y.z = 1
local x = {} x:y()
f1()
return a + 1
local x = {} return x .. 'a'
for i = 1, 'x' do end
string.rep()
error('x')
local s = "" s:rep({})
local s = 'q' return 2 >> ('a'):rep(2)
local s = 'q' return -s:match('q')
S = 'q' return 2 + S:lower(1), S:lower() .. S:match('x')
local t = {} return t:rep(1)
return -'\\0z'
return 'x' .. (nil or V), 1
return 'x' .. (nil and nil or V)
return 'x' .. (V and nil or V)
return 'x' .. (true and V)
return 'x' .. (V and V or V)
return setmetatable({}, {__index = coroutine.wrap}).x
return setmetatable({}, {__index = coroutine.wrap}):x()
return setmetatable({}, {__index = string.rep}).x.y
setmetatable({}, {__newindex = string.rep}).x = {}
return setmetatable({}, {__add = coroutine.wrap}) + 1
return 1 ~ setmetatable({}, {__bxor = coroutine.wrap})
return -setmetatable({}, {__unm = coroutine.wrap})
return #setmetatable({}, {__len = coroutine.wrap})
return setmetatable({}, {__concat = coroutine.wrap}) .. 1
return setmetatable({}, {__lt = string.rep}) > {}
return setmetatable({}, {__lt = string.rep}) <= {}
return setmetatable({}, {__le = string.rep}) >= 1
return setmetatable({}, {__eq = string.rep}) == {}
local t = setmetatable({}, {__call = coroutine.wrap}) t(1)
table.concat({1, 2}, setmetatable({}, {__index = string.rep}))
""".strip().split("\n")


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    return puc(), vlua()


@pytest.mark.parametrize("program", PROGRAMS)
def test_message(engines: tuple[Engine, Engine], program: str) -> None:
    expected, found = (engine.run(program) for engine in engines)
    assert found == expected


@pytest.mark.parametrize("program", STRIPPED)
def test_message_of_stripped_code(engines: tuple[Engine, Engine], program: str) -> None:
    source = f"return load(string.dump(load([[{program}]]), true))()"
    expected, found = (engine.run(source) for engine in engines)
    assert found == expected


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("local a\n for i=1,'a' do \n print(i) \n end", 2),
        ("\n local a \n for k,v in 3 \n do \n print(k) \n end", 3),
        ("function a.x.y ()\na=a+1\nend", 1),
        ("a = \na\n+\n{}", 3),
        ("a = \n3\n+\n(\n4\n/\nprint)", 6),
        ("a\n=\n-\n\nprint\n;", 3),
        ("\na\n(\n23)\n", 2),
        ("local a = {x = 13}\na\n.\nx\n(\n23 + a\n)", 6),
        ("local x = (function()\nend):sub(1)", 2),
        ("local f = print\nlocal x = (f\n):sub(\n1)", 3),
        ("local t = {\n[nil] = (function()\nend),\n[1] = 2}", 3),
        ("local t = {\n[nil]\n=\n1\n}", 4),
    ],
)
def test_line(program: str, line: int) -> None:
    assert f"x:{line}: " in vlua().run(program).values


def test_a_stack_overflow_within_its_handler_has_no_stack_left() -> None:
    source = """
        local function loop() return 1 + loop() end
        local inner
        local ok, text = xpcall(loop, function(m)
          inner = select(2, pcall(loop))
          return m
        end)
        return ok, text:find("stack overflow") ~= nil, inner
    """
    assert vlua().run(source).values == "false\ttrue\tstring error in error handling"
