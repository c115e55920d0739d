"""What random programs are made of: operators, literals and library functions, and the prelude that they all share."""

from __future__ import annotations

__all__ = [
    "ARITHMETIC",
    "COMPARISONS",
    "FORMATS",
    "FUNCTIONS",
    "INTEGERS",
    "MATHS",
    "NUMBERS",
    "PATTERNS",
    "PRELUDE",
    "REPLACEMENTS",
    "STRINGS",
]

ARITHMETIC = tuple("+ - * / // % ^ & | ~ << >>".split())
COMPARISONS = tuple("== ~= < <= > >=".split())
INTEGERS = ("1", "2", "3", "0", "-1", "-2", "4", "2.0", "1.5", "nil", "math.maxinteger", "math.mininteger", "'2'")
NUMBERS = (
    *("1", "0", "2", "3", "-1", "7", "10", "0.5", "1.5", "-2.5", "3.0", "1e15", "1e16", "1e100", "-0.0", "0x10", "64"),
    *("math.maxinteger", "math.mininteger", "math.huge", "-math.huge", "0/0", "2^53", "0x7fffffff", "'10'", "'0x1p4'"),
    *("9007199254740993", "255", "-7", "1e308", "5e-324", "3.14159", "1 << 62", "'1e1'", "123456789012"),
)
STRINGS = (
    *("'a'", "''", "'abc'", "'hello world'", "'10'", "' 5 '", "'x=1, y=2'", "'a.b.c'", "'0x1F'", "'%d'", "'-3.5'"),
    *(r"'\0z'", r"'\xff\xe9'", "'nan'", "'key'", "'[[x]]'", r"'tab\there'", "('q'):rep(5)", "'Aa1 _'", "'(a(b)c)'"),
)
PATTERNS = (
    *("%a+", "%d", "l", ".", "", "(%w)(%w)", "()%w", "^%s*", "%s*$", "[^,]+", "%b()", "(.-)=(.-)", "%f[%w]%w+", "a*"),
    *(
        "(a*)%1",
        "x?",
        ".-",
        "%x+",
        "[a-f%d]",
        "(.)%1",
        "%",
        "[a",
        "(a",
        "%1",
        "a)",
        "%p",
        "^a",
        "[%]x]",
        "b-c$",
        "%u?%l",
    ),
)
REPLACEMENTS = ("", "<%0>", "%1", "%1%1", "%%", "%2", "x", "%", "%x", "[%0%1]")
FORMATS = (
    *(("%s", "string"), ("%s", "number"), ("%d", "number"), ("%5d|%-5d", "number"), ("%q", "string"), ("%q", "number")),
    *(
        ("%g", "number"),
        ("%.3f", "number"),
        ("%x", "number"),
        ("%5.1s|", "string"),
        ("%i%%", "number"),
        ("%c", "number"),
    ),
    *(
        ("%a", "number"),
        ("%e", "number"),
        ("%y", "number"),
        ("%10.4g", "number"),
        ("%s %s", "string"),
        ("%o", "number"),
    ),
    *(
        ("%s", "boolean"),
        ("%.20s", "string"),
        ("%+d", "number"),
        ("%#x", "number"),
        ("% 05d", "number"),
        ("%q", "boolean"),
    ),
)
MATHS = (
    *("math.floor", "math.ceil", "math.abs", "math.max", "math.min", "math.tointeger", "math.type", "math.fmod"),
    *("math.sqrt", "math.ult", "math.modf", "tonumber", "utf8.char", "string.char", "math.exp", "utf8.len"),
)
FUNCTIONS = (
    *(
        "print",
        "text",
        "type",
        "string.upper",
        "string.rep",
        "string.format",
        "string.sub",
        "string.find",
        "string.gsub",
    ),
    *(
        "table.unpack",
        "table.insert",
        "table.concat",
        "table.remove",
        "select",
        "rawget",
        "rawset",
        "rawequal",
        "rawlen",
    ),
    *("tonumber", "math.floor", "math.max", "math.type", "pcall", "error", "assert", "setmetatable", "getmetatable"),
    *("ipairs", "coroutine.yield", "coroutine.wrap", "coroutine.resume", "coroutine.status", "coroutine.running"),
    *("string.byte", "string.char", "string.len", "utf8.codepoint", "string.reverse", "coroutine.isyieldable", "load"),
    *("list", "math.ult", "string.pack", "string.unpack", "utf8.len", "table.pack", "(function(...) return ... end)"),
    *("(function(a, b) return a < b end)", "(function(a, b) return b, a end)", "(function() end)"),
)

PRELUDE = """\
local fuel = 150
local function burn() fuel = fuel - 1 if fuel < 0 then error("out of fuel", 0) end end
local function text(v)
  local kind = type(v)
  if kind == "number" or kind == "string" or kind == "boolean" or kind == "nil" then return tostring(v) end
  return kind
end
local function limit(v) return v == v and v or 1 end
local function some(v) if v == nil then return "nil" end return v end
local function list(...)
  local l = {}
  for i = 1, select("#", ...) do l[#l + 1] = (select(i, ...)) end
  return l
end
local function key(k)
  if math.type(k) and k >= 1 and k < 1e9 and k == k // 1 then return "k" .. math.tointeger(k) end
  return k
end
local function sorted(l, order) local copy = table.move(l, 1, #l, 1, {}) table.sort(copy, order) return copy end
local function each(t)
  local keys = {}
  for k in next, t do
    if type(k) == "number" or type(k) == "string" or type(k) == "boolean" then keys[#keys + 1] = k end
  end
  table.sort(keys, function(a, b) return type(a) .. text(a) < type(b) .. text(b) end)
  local i = 0
  return function() i = i + 1 return keys[i], t[keys[i]] end
end
local l, t, s, n = {3, "x", 1.5}, {x = 1, y = "why"}, "text", 5
N, S, T, F, V = 7, "global", {name = "T", x = 2}, function(...) return ... end, nil
"""
