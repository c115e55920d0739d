"""What library functions are charged: in proportion to their work, and before they do it.

Each case is a call on an input of n bytes, elements or entries. Units are counted, no time is measured.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from vlua import LimitExceeded, Limits, LuaRuntime, Policy

# Bytes that one unit may stand for at most where one machine instruction of the host does many of them, and where it
# does one at a time; elements of tables and results for each unit.
BLOCKS, BYTES, ELEMENTS = 128, 32, 8

_STRING = "local s = ('x'):rep(n) "
_DIGITS = "local s = ('7'):rep(n) "
_SPACES = "local s = (' '):rep(n) "
_LIST = "local t = {} for i = 1, n do t[i] = i end "
_NAMES = "local t = {} for i = 1, n do t[i] = 'n' .. i end "
_PROXY = _LIST + "local p = setmetatable({}, {__index = t, __newindex = t, __len = function() return n end}) "
_FILE = "local f = io.open('f', 'w') f:write(('x'):rep(n)) f:close() "
_LINES = "local f = io.open('f', 'w') f:write(('x\\n'):rep(n // 2)) f:close() "
_TREE = "local lfs = require 'lfs' lfs.mkdir('d') for i = 1, n do io.open('d/' .. i, 'w'):close() end "

# Preparation, the call itself, n, and how much of n a unit may stand for.
_CASES: dict[str, tuple[str, str, int, int]] = {
    # string
    "byte": (_STRING, "select('#', s:byte(1, -1))", 100_000, BYTES),
    "char": (_STRING + "s = s:byte(1, 1) and s", "string.char(s:byte(1, -1))", 100_000, BYTES),
    "dump": ("local f = load(('x = 1 '):rep(n // 6))", "string.dump(f)", 6_000, BYTES),
    "find plain": (_STRING, "s:find('y', 1, true)", 400_000, BLOCKS),
    "find literal": (_STRING, "s:find('y')", 400_000, BLOCKS),
    "find of a prefix": (_STRING + "local w = ('x'):rep(n // 2) .. 'y'", "s:find(w, 1, true)", 200_000, BLOCKS),
    "find class": (_STRING, "s:find('[yz]')", 200_000, BLOCKS),
    "find two items": (_STRING, "s:find('x-y')", 40_000, BLOCKS),
    "find anchored": (_STRING, "s:find('^x*y')", 200_000, BLOCKS),
    "find balanced": ("local s = ('('):rep(n)", "s:find('%b()')", 300, 1),
    "find frontier": (_STRING, "s:find('%f[y]')", 100_000, BLOCKS),
    "find back reference": (_STRING, "s:find('(x*)%1[yz]')", 200, 1),
    "match": (_STRING, "s:match('.*')", 200_000, BLOCKS),
    "match captures": (_STRING, "s:match('((((.*))))')", 200_000, BLOCKS),
    "match a long pattern": (_STRING, "pcall(string.match, 'x', s)", 5_000, BYTES),
    "match a long class": (_STRING, "('x'):match('[' .. s .. ']')", 50_000, BYTES),
    "match position captures": (_STRING, "pcall(string.match, s, ('()'):rep(31) .. '.*')", 100_000, BLOCKS),
    "gmatch": (_STRING, "(function() for c in s:gmatch('.') do end end)()", 50_000, ELEMENTS),
    "gmatch without a loop": (_STRING, "(function() local f = s:gmatch('y') f() end)()", 200_000, BLOCKS),
    "gsub none": (_STRING, "s:gsub('y', '')", 400_000, BLOCKS),
    "gsub all": (_STRING, "s:gsub('x', 'z')", 100_000, BYTES),
    "gsub growing": (_STRING, "s:gsub('x', 'zzzz')", 100_000, BYTES),
    "gsub empty matches": (_STRING, "s:gsub('', '-')", 20_000, BYTES),
    "gsub captures": (_STRING, "s:gsub('(x)', '%1%1')", 50_000, BYTES),
    "gsub long replacement": (_STRING, "('abc'):gsub('%w', s)", 100_000, BYTES),
    "gsub replacement of captures": (_STRING, "pcall(string.gsub, 'abc', '%w', ('%0'):rep(n // 2))", 50_000, BYTES),
    "gsub table": (_STRING, "s:gsub('.', {x = 'yy'})", 50_000, BYTES),
    "gsub function": (_STRING, "s:gsub('.', function() end)", 20_000, BYTES),
    "gsub class": (_STRING, "s:gsub('[a-x]', 'z')", 50_000, BYTES),
    "gsub anchored": (_STRING, "s:gsub('^.*', '%0%0')", 100_000, BYTES),
    "format %s": (_STRING, "('%s'):format(s)", 100_000, BYTES),
    "format %q": ("local s = ('\\0'):rep(n)", "('%q'):format(s)", 50_000, BYTES),
    "format %q plain": (_STRING, "('%q'):format(s)", 100_000, BYTES),
    "format precision": (_STRING, "('%.99s'):format(s)", 400_000, BLOCKS),
    "format a long format": (_STRING, "s:format()", 100_000, BYTES),
    "format many items": ("local t = {} for i = 1, n do t[i] = i end local s = ('%d'):rep(n)",
                          "s:format(table.unpack(t))", 20_000, ELEMENTS),
    "format wide items": ("local t = {} for i = 1, n do t[i] = i end local s = ('%99d'):rep(n)",
                          "s:format(table.unpack(t))", 10_000, 1),
    "format floats": ("local t = {} for i = 1, n do t[i] = 1e300 end local s = ('%.99f'):rep(n)",
                      "s:format(table.unpack(t))", 2_000, 1),
    "lower": (_STRING, "s:lower()", 100_000, BYTES),
    "upper": (_STRING, "s:upper()", 100_000, BYTES),
    "upper of other letters": ("local s = ('\\xe9'):rep(n)", "s:upper()", 100_000, BYTES),
    "reverse": (_STRING, "s:reverse()", 100_000, BYTES),
    "rep": ("", "('x'):rep(n)", 100_000, BYTES),
    "rep of a long string": (_STRING, "s:rep(2)", 100_000, BYTES),
    "rep with a separator": ("", "(''):rep(n, 'y')", 100_000, BYTES),
    "sub": (_STRING, "s:sub(2)", 100_000, BYTES),
    "sub end": (_STRING, "s:sub(-n, n - 1)", 100_000, BYTES),
    "pack a string": (_STRING, "string.pack('s', s)", 100_000, BYTES),
    "pack a zero-terminated string": (_STRING, "string.pack('z', s)", 100_000, BYTES),
    "pack a count": ("", "string.pack('c' .. n, '')", 100_000, BYTES),
    "pack integers": (_LIST, "string.pack(('j'):rep(n), table.unpack(t))", 20_000, ELEMENTS),
    "pack padding": ("", "string.pack(('x'):rep(n))", 50_000, ELEMENTS),
    "pack blanks": ("", "string.pack((' '):rep(n))", 50_000, ELEMENTS),
    "pack a long number": (_DIGITS, "pcall(string.pack, 'c' .. ('0'):rep(n))", 50_000, BYTES),
    "packsize": ("", "string.packsize(('b'):rep(n))", 50_000, ELEMENTS),
    "unpack integers": (_STRING, "string.unpack(('b'):rep(n), s)", 50_000, ELEMENTS),
    "unpack a string": ("local s = string.pack('s', ('x'):rep(n))", "string.unpack('s', s)", 100_000, BYTES),
    "unpack a zero-terminated string": (_STRING + "s = s .. '\\0'", "string.unpack('z', s)", 100_000, BYTES),
    "unpack a count": (_STRING, "string.unpack('c' .. n, s)", 100_000, BYTES),
    # numerals
    "tonumber": (_DIGITS, "tonumber(s)", 1_000_000, BYTES),
    "tonumber of a fraction": (_DIGITS, "tonumber('0.' .. s)", 1_000_000, BYTES),
    "tonumber of hexadecimal": (_DIGITS, "tonumber('0x' .. s)", 1_000_000, BYTES),
    "tonumber of spaces": (_SPACES, "tonumber(s)", 1_000_000, BYTES),
    **{f"tonumber base {base}": (_DIGITS.replace("7", "1"), f"tonumber(s, {base})", 50_000, BYTES)
       for base in (2, 3, 8, 10, 16, 36)},
    "arithmetic on a numeral": (_DIGITS, "s + 1", 1_000_000, BYTES),
    "minus a numeral": (_DIGITS, "-s", 1_000_000, BYTES),
    "bits of a numeral": (_SPACES + "s = s .. '1'", "s | 1", 1_000_000, BYTES),
    "for with a numeral": (_DIGITS, "math.floor(s)", 1_000_000, BYTES),
    "tointeger of a numeral": (_DIGITS, "math.tointeger(s)", 1_000_000, BYTES),
    "math of spaces": (_SPACES + "s = s .. '1'", "math.sin(s)", 1_000_000, BYTES),
    "a position as a numeral": (_SPACES + "s = s .. '1'", "('x'):rep(s)", 1_000_000, BYTES),
    "a position as a wrong numeral": (_SPACES, "pcall(string.rep, 'x', s)", 1_000_000, BYTES),
    "a numeral in a coroutine": (_SPACES + "s = s .. '1'", "coroutine.wrap(math.sin)(s)", 1_000_000, BYTES),
    "select with a numeral": (_SPACES + "s = s .. '1'", "select(s, 1)", 1_000_000, BYTES),
    # math and basic functions
    "max": (_LIST, "math.max(table.unpack(t))", 100_000, ELEMENTS),
    "min": (_LIST, "math.min(table.unpack(t))", 100_000, ELEMENTS),
    "select": (_LIST, "select('#', table.unpack(t))", 100_000, ELEMENTS),
    "select from the middle": (_LIST, "select('#', select(2, table.unpack(t)))", 100_000, ELEMENTS),
    "print": (_STRING, "print(s)", 100_000, BYTES),
    "print many": (_LIST, "print(table.unpack(t))", 50_000, ELEMENTS),
    "next after removals": (_LIST + "for i = 1, n - 1 do t[i] = nil end", "next(t)", 100_000, BYTES),
    "pairs": (_LIST, "(function() for k in pairs(t) do end end)()", 50_000, ELEMENTS),
    "pairs from the middle": (_LIST, "next(t, n // 2)", 100_000, BYTES),
    "load": ("local s = ('x = 1 '):rep(n // 6)", "load(s)", 6_000, BYTES),
    "load of blanks": (_SPACES, "load(s)", 100_000, BYTES),
    "load of a long comment": (_STRING, "load('--' .. s)", 100_000, BYTES),
    "load of pieces": ("local s = ('x = 1 '):rep(10)",
                       "(function() local i = 0 load(function() i = i + 60 return i <= n and s or nil end) end)()",
                       6_000, BYTES),
    "load of a dump": ("local s = string.dump(load(('x = 1 '):rep(n // 6)))", "load(s)", 6_000, BYTES),
    "load of a bad dump": ("local s = string.dump(load('x = 1 --' .. ('x'):rep(n)))", "load(s .. 'x')", 100_000, BYTES),
    "error with a position": (_STRING, "pcall(function() error(s) end)", 100_000, BYTES),
    # table
    "concat": (_NAMES, "table.concat(t)", 50_000, ELEMENTS),
    "concat of numbers": (_LIST, "table.concat(t)", 50_000, ELEMENTS),
    "concat with a separator": (_NAMES, "table.concat(t, ', ')", 50_000, ELEMENTS),
    "concat of one long string": (_STRING, "table.concat({s, s})", 100_000, BYTES),
    "concat of nothing": (_STRING, "table.concat({'', '', ''}, s)", 100_000, BYTES),
    "concat of a proxy": (_PROXY, "table.concat(p)", 10_000, ELEMENTS),
    "insert": (_LIST, "table.insert(t, 1, 0)", 100_000, ELEMENTS),
    "insert in a proxy": (_PROXY, "table.insert(p, 1, 0)", 10_000, ELEMENTS),
    "remove": (_LIST, "table.remove(t, 1)", 100_000, ELEMENTS),
    "move": (_LIST, "table.move(t, 1, n, 2)", 100_000, ELEMENTS),
    "move to another": (_LIST, "table.move(t, 1, n, 1, {})", 100_000, ELEMENTS),
    "move of nothing": ("", "table.move({}, 1, n, 2)", 100_000, ELEMENTS),
    "pack": (_LIST, "table.pack(table.unpack(t))", 100_000, ELEMENTS),
    "unpack": (_LIST, "table.unpack(t)", 100_000, ELEMENTS),
    "unpack of nothing": ("", "table.unpack({}, 1, n)", 100_000, ELEMENTS),
    "sort": (_LIST, "table.sort(t)", 50_000, 1),
    "sort of strings": (_NAMES, "table.sort(t)", 20_000, 1),
    "sort with an order": (_LIST, "table.sort(t, function(a, b) return a > b end)", 5_000, 1),
    "sort with an invalid order": (_LIST, "pcall(table.sort, t, function() return true end)", 5_000, ELEMENTS),
    "sort of equals": ("local t = {} for i = 1, n do t[i] = 1 end", "table.sort(t)", 50_000, 1),
    "sort of long strings": ("local t = {} for i = 1, 64 do t[i] = ('x'):rep(n) .. i end",
        "table.sort(t)", 100_000, BYTES),
    "sort of a proxy": (_PROXY, "table.sort(p)", 5_000, 1),
    # utf8
    "utf8.char": (_LIST, "utf8.char(table.unpack(t))", 50_000, ELEMENTS),
    "utf8.codepoint": (_STRING, "utf8.codepoint(s, 1, -1)", 50_000, ELEMENTS),
    "utf8.len": (_STRING, "utf8.len(s)", 50_000, ELEMENTS),
    "utf8.offset": (_STRING, "utf8.offset(s, n)", 50_000, ELEMENTS),
    "utf8.offset backwards": (_STRING, "utf8.offset(s, -n)", 50_000, ELEMENTS),
    "utf8.offset in a sequence": ("local s = ('\\x80'):rep(n)", "utf8.offset(s, 0, n)", 50_000, ELEMENTS),
    "utf8.codes": (_STRING, "(function() for _ in utf8.codes(s) do end end)()", 20_000, ELEMENTS),
    "utf8.codes of continuations": ("local s = 'x' .. ('\\x80'):rep(n)",
                                    "pcall(utf8.codes(s), s, 1)", 50_000, ELEMENTS),
    # os
    "date": ("local s = ('%c'):rep(n // 2)", "os.date(s)", 50_000, 4),
    "date of text": (_STRING, "os.date(s)", 100_000, BYTES),
    "execute": (_STRING, "os.execute('true ' .. s)", 50_000, BYTES),
    "execute of many words": ("local s = ('x '):rep(n // 2)", "os.execute('true ' .. s)", 20_000, ELEMENTS),
    "execute of many commands": ("local s = ('true;'):rep(n)", "os.execute(s)", 100, 1),
    # io and files
    "write": (_STRING, "io.open('f', 'w'):write(s)", 100_000, BYTES),
    "write many": (_NAMES, "io.open('f', 'w'):write(table.unpack(t))", 50_000, ELEMENTS),
    "write to stdout": (_STRING, "io.write(s)", 100_000, BYTES),
    "write of numbers to stdout": (_LIST, "io.write(table.unpack(t))", 50_000, ELEMENTS),
    "write to the null device": (_STRING, "io.open('/dev/null', 'w'):write(s)", 100_000, BYTES),
    "write into a hole": ("", "(function() local f = io.open('g', 'w') f:seek('set', n) f:write('x') f:close() end)()",
                          100_000, BYTES),
    "read all": (_FILE, "io.open('f'):read('a')", 100_000, BYTES),
    "read a count": (_FILE, "io.open('f'):read(n)", 100_000, BYTES),
    "read a line": (_FILE, "io.open('f'):read()", 100_000, BYTES),
    "read a number": (_FILE.replace("'x'", "' '"), "io.open('f'):read('n')", 100_000, BYTES),
    "read many formats": (_FILE + _LIST + "for i = 1, n do t[i] = 1 end",
                          "io.open('f'):read(table.unpack(t))", 50_000, ELEMENTS),
    "read many lines": (_LINES + "local t = {} for i = 1, n // 2 do t[i] = 'l' end",
                        "io.open('f'):read(table.unpack(t))", 50_000, ELEMENTS),
    "read nothing many times": (_FILE + "local t = {} for i = 1, n do t[i] = 0 end",
                                "io.open('f'):read(table.unpack(t))", 50_000, ELEMENTS),
    "read lines": (_LINES, "(function() for l in io.lines('f') do end end)()", 20_000, ELEMENTS),
    "read lines of many formats": (_LINES, "(function() for l in io.lines('f', table.unpack(F)) do end end)()",
                                   50_000, BYTES),
    "read from a pipe": (_FILE, "io.popen('cat f'):read('a')", 100_000, BYTES),
    "write to a pipe": (_STRING,
        "(function() local p = io.popen('cat', 'w') p:write(s) p:close() end)()", 100_000, BYTES),
    # lfs
    "lfs.dir": (_TREE, "(function() for _ in lfs.dir('d') do end end)()", 2_000, ELEMENTS),
    "lfs.dir without a loop": (_TREE, "lfs.dir('d')", 2_000, ELEMENTS),
    "rename of a directory": (_TREE, "os.rename('d', 'e')", 1_000, ELEMENTS),
    # package
    "searchpath": (_STRING, "package.searchpath('x', s)", 50_000, BYTES),
    "searchpath of templates": ("local s = ('?;'):rep(n)", "package.searchpath('x', s)", 2_000, 1),
    "searchpath of empty templates": ("local s = (';'):rep(n)", "package.searchpath('x', s)", 50_000, BYTES),
    "searchpath of a dotted name": ("local s = ('.'):rep(n)", "package.searchpath(s, '?')", 50_000, BYTES),
    "require": (_STRING, "pcall(require, s)", 50_000, BYTES),
    "require of many searchers": ("for i = 1, n do package.searchers[i] = function() end end", "pcall(require, 'x')",
                                  5_000, ELEMENTS),
    "loadfile": ("local f = io.open('f', 'w') f:write(('x = 1 '):rep(n // 6)) f:close()",
        "loadfile('f')", 6_000, BYTES),
    # debug
    "traceback": ("local function f(k, g) if k == 0 then return (g()) end return (f(k - 1, g)) end",
                  "f(n, function() return debug.traceback() end)", 5_000, ELEMENTS),
    "traceback of a long message": (_STRING, "debug.traceback(s)", 100_000, BYTES),
    # the programs
    "cat": (_FILE, "os.execute('cat f')", 400_000, BYTES),
    "cat many": (_FILE, "os.execute('cat f f > g')", 100_000, BYTES),
    "echo": (_STRING, "os.execute('echo ' .. s)", 50_000, BYTES),
    "ls": (_TREE, "os.execute('ls d')", 1_000, ELEMENTS),
    "rm": (_TREE, "os.execute('rm -r d')", 1_000, ELEMENTS),
    "env": (_STRING, "os.execute('V=' .. s .. ' env')", 50_000, BYTES),
    "sh": ("local f = io.open('f', 'w') f:write(('# x\\n'):rep(n // 4)) f:close()",
        "os.execute('sh f')", 50_000, BYTES),
}  # fmt: skip


def units(preparation: str, call: str, n: int) -> int:
    """What one call is charged."""
    lua = LuaRuntime(Policy(limits=Limits(instructions=1 << 40)), stdout=io.BytesIO(), stderr=io.BytesIO())
    call = call if call.startswith("#") else f"({call})"
    lua.execute("local t = {} for i = 1, 200 do t[i] = 'l' end F = t")
    prepared = lua.execute(f"local n = ... {preparation} return function() local r = {call} return true end", n)
    before = lua.instructions
    prepared()
    return lua.instructions - before


@pytest.mark.parametrize("case", _CASES)
def test_t_size_calls_are_charged_in_proportion(case: str) -> None:
    preparation, call, n, share = _CASES[case]
    once, twice = units(preparation, call, n), units(preparation, call, 2 * n)
    assert once >= n / share, f"{n} cost {once}"
    assert twice >= 1.8 * once - 200, f"{n} cost {once}, {2 * n} cost {twice}"


# Values that share one long string: to join them would take more than there is.
_JOINED = {
    "print": "print(table.unpack(t))",
    "io.write": "io.write(table.unpack(t))",
    "file:write": "io.open('f', 'w'):write(table.unpack(t))",
    "second file:write": "(function() local f = io.open('f', 'w') f:write('x') f:write(table.unpack(t)) end)()",
    "concat": "table.concat(t)",
    "format": "('%s'):rep(#t):format(table.unpack(t))",
    "gsub": "(('x'):rep(#t):gsub('x', function() return t[1] end))",
    "pack": "string.pack(('z'):rep(#t), table.unpack(t))",
}


@pytest.mark.parametrize("call", _JOINED)
def test_t_size_nothing_is_joined_before_it_is_charged(call: str) -> None:
    lua = LuaRuntime(Policy(limits=Limits(memory="64 MiB", wall_time=60)), stdout=io.BytesIO())
    with pytest.raises(LimitExceeded) as caught:
        lua.execute(
            f"local s = ('x'):rep(1000000) local t = {{}} for i = 1, 1000 do t[i] = s end return {_JOINED[call]}"
        )
    assert caught.value.limit == "memory"


def test_t_size_long_strings_make_the_clock_be_looked_at_more_often() -> None:
    looks = {}
    for size in (1_000, 100_000_000):
        lua = LuaRuntime(Policy(limits=Limits(wall_time=600)))
        meter = lua._state.meter
        check, count = meter.check, [0]

        def counted(check: Callable[[], None] = check, count: list[int] = count) -> None:
            count[0] += 1
            check()

        meter.check = counted  # type: ignore[method-assign]
        lua.execute("S = ('x'):rep(...)", size)
        count[0] = 0
        lua.execute("local s, n = S .. 1, 0 while n < 10000 do if S ~= s then n = n + 1 end end return n")
        looks[size] = count[0]
    assert looks[100_000_000] > 20 * max(looks[1_000], 1)
