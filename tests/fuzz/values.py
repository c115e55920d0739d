"""Hostile values, as Lua expressions.

In: a random generator. Out: source of an expression; the names that it uses are those of ``PRELUDE``.
"""

from __future__ import annotations

from random import Random

__all__ = ["FUNCTIONS", "PRELUDE", "expression", "quoted", "text"]

# Names that every program of calls begins with. What a metamethod does is up to the moment: fail, yield, loop, lie.
PRELUDE = r"""
local error, pcall, setmetatable, pairs = error, pcall, setmetatable, pairs
local coroutine, type, next = coroutine, type, next
local function fail() error(setmetatable({}, {__tostring = function() error("again") end})) end
local function odd(...) return ... end
local function yields(...) return coroutine.yield(...) end
local function loops() while true do end end
local function deep(...) return (deep or odd)(...), deep(...) end
local meta = {}
for _, name in pairs {"__index", "__newindex", "__call", "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm",
  "__idiv", "__band", "__bor", "__bxor", "__shl", "__shr", "__bnot", "__concat", "__len", "__eq", "__lt", "__le",
  "__tostring", "__pairs", "__gc", "__name", "__metatable", "__mode"} do meta[#meta + 1] = name end
local function wicked(...)
  local m = {}
  for i, v in pairs {...} do m[meta[i % #meta + 1]] = v end
  return setmetatable({1, 2, 3}, m)
end
local function all(f, ...) local m = {} for _, name in pairs(meta) do m[name] = f end return setmetatable({...}, m) end
local cyclic = {} cyclic[1] = cyclic cyclic.x = cyclic setmetatable(cyclic, cyclic) cyclic.__index = cyclic
local long = setmetatable({}, {__len = function() return 1 << 40 end, __index = function(_, i) return i end})
local negative = setmetatable({}, {__len = function() return math.mininteger end})
local file = io.tmpfile() or io.stdout
if file then pcall(file.write, file, "line 1\n2.5 0x10 nan\n\0\255 end") pcall(file.seek, file, "set") end
local closed = io.tmpfile() if closed then pcall(closed.close, closed) end
local sleeping = coroutine.create(function(...) while true do coroutine.yield(...) end end) coroutine.resume(sleeping)
local dead = coroutine.create(odd) coroutine.resume(dead)
local wrapped = coroutine.wrap(function(...) while true do coroutine.yield(...) end end)
local weak = setmetatable({{}, {}}, {__mode = "kv", __gc = fail})
local chain = {} for i = 1, 150 do chain = setmetatable({}, {__index = chain, __newindex = chain}) end
local R = {}
"""

_NUMBERS = (
    "0 1 -1 2 3 7 16 31 32 33 63 64 65 100 255 256 1000 65536 0x7fffffff 0x80000000 -0x80000000 0xffffffff"
    " (1<<31) (1<<40) (1<<53) (1<<62) math.maxinteger math.mininteger (math.maxinteger-1) (math.mininteger+1)"
    " 0.0 -0.0 0.5 -1.5 1e15 2^53 2^63 -2^63 1e100 1e308 -1e308 5e-324 (0/0) (1/0) (-1/0)"
).split()
_OBJECTS = (
    "nil true false cyclic long negative file closed sleeping dead wrapped weak chain fail odd yields loops print"
    " string.rep io.stdout io.stdin _G package.loaded R R[#R] R[1] arg debug.getregistry() coroutine.running()"
    " wicked(fail,odd,yields) wicked(odd,loops,1,{},'x') wicked(error,pcall,type,next,odd,fail,odd,yields,odd,odd,fail)"
    " all(fail) all(odd) all(yields) all(loops) all(1) all(error) all(coroutine.yield) all(pcall) all(setmetatable)"
    " {} {1,2,3} {n=3} {x={}} {[1.5]=1,[2^53]=2} {'a','b','c'} {nil,nil,3} {3,1,'x',2} getmetatable('')"
    " function(...)return(...)end function()return(R)end function(a,b)return(a<b)end"
    " coroutine.create(fail) coroutine.create(yields) coroutine.wrap(odd) load'return(...)'"
).split()
_WORDS = (
    "a x n k v kv count collect step stop restart isrunning generational r w a+ rb r+ rw *a *l *n n l L a set cur end"
    " no full line Sl nSlutfL >f >S b t bt text utf-8 C POSIX __index __gc /f /d/f .. . / // /tmp /bin/lua lua ls"
    " string table ?.lua ./?.lua;/?/init.lua _ENV main print"
).split()
_PATTERNS = (
    ". .* .- .+ .? %a %d+ %s* %w- [a-z] [^a] [%a_] [] []] [^]] [a-] %b() %bxx %f[%w] %1 (.) (.-) () ((.)(.)) (a*(.)) ^a"
    " a$ $ ^ ^^ % %% %z %x* [%z\\0] (.-)%1 (.)%1* [ ( ) %f %b %bx [a [^ [% (() %9 x* -"
).split()
_FORMATS = (
    "%d %5d %-5d %05d %+d %.3d %i %u %c %x %#X %o %e %.10E %f %.99f %99.99f %g %G %a %.3A %q %s %-10s %.2s %5.1s %p %%"
    " % %ll %y %1$d %*d %100d %.100f %#o %#x %.0g %n %-+ #0d"
).split()
_DATES = "%a %A %b %B %c %C %d %D %e %F %g %G %H %I %j %m %M %n %p %r %R %S %t %T %u %U %V %w %W %x %X %y %Y %z %Z %%"
_DATE_WORDS = [*_DATES.split(), "%E", "%Ec", "%Ez", "%O", "%Od", "%Q", "*t", "!*t", "!%c", "!"]
_PACKS = (
    "< > = ! !1 !4 !16 !17 b B h H l L j J T i i1 i7 i16 i17 I I3 f d n s s1 s8 z x X Xi4 Xd c c0 c5 c99999999999 '"
)
_PACK_WORDS = [*_PACKS.split(), " "]
_SHELLS = (
    "echo cat ls rm mkdir lua -e 'x' | > >> < && || ; & ( ) $x ${x} `x` $(x) \" ' \\ * /f 2>&1 true false !"
).split()

FUNCTIONS = r"""
local out, seen = {}, {}
local function walk(t, path)
  seen[t] = true
  for k, v in pairs(t) do
    if type(k) == "string" and k:find("^[%a_][%w_]*$") then
      local name = path == "" and k or path .. "." .. k
      if type(v) == "function" then out[#out + 1] = name
      elseif type(v) == "table" and not seen[v] and not name:find("package") then walk(v, name) end
    end
  end
end
walk(_G, "")
for k, v in pairs(getmetatable(io.stdout)) do
  if type(v) == "function" then out[#out + 1] = "getmetatable(file)." .. k end
end
for k in pairs(getmetatable(io.stdout).__index) do out[#out + 1] = "file." .. k end
for k in pairs(package) do if type(package[k]) == "function" then out[#out + 1] = "package." .. k end end
for i = 1, #package.searchers do out[#out + 1] = "package.searchers[" .. i .. "]" end
for name, library in pairs(package.loaded) do
  if type(library) == "table" and _G[name] == nil then
    for k, v in pairs(library) do
      if type(v) == "function" then out[#out + 1] = ("package.loaded[%q].%s"):format(name, k) end
    end
  end
end
table.sort(out)
return table.concat(out, " ")
"""


def quoted(data: str) -> str:
    """A Lua literal for a string of bytes."""
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\{ord(c):03}" for c in data) + '"'


def text(random: Random) -> str:
    """A string that means something to some library."""
    words = random.choice([_WORDS, _PATTERNS, _FORMATS, _DATE_WORDS, _PACK_WORDS, _SHELLS, _NUMBERS])
    kind = random.random()
    if kind < 0.1:
        return "".join(chr(random.randrange(256)) for _ in range(random.randrange(12)))
    if kind < 0.2:
        return random.choice([" ", "", "/"]).join(
            random.choice(random.choice([_WORDS, _SHELLS])) for _ in range(random.randrange(6))
        )
    return "".join(random.choice(words) for _ in range(random.choice([1, 1, 1, 2, 3, 6])))


def expression(random: Random) -> str:
    """Any value."""
    kind = random.random()
    if kind < 0.3:
        return random.choice(_NUMBERS)
    if kind < 0.6:
        return quoted(text(random))
    if kind < 0.64:
        return f"({quoted(text(random))}):rep({random.choice(['10', '300', '70000'])})"
    if kind < 0.68:
        return f"{{{expression(random)}, {expression(random)}, x = {expression(random)}}}"
    return random.choice(_OBJECTS)
