"""The same Lua text under PUC Lua in a real directory and here in a room: same results, messages and files."""
# ruff: noqa: E501 (one case, one line)

from __future__ import annotations

import sys

import pytest

from vlua import LuaRuntime

lupa = pytest.importorskip("lupa.lua53")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rooms answer as C on Linux does")

FILES = {
    "x": "hello\nworld\n12 0x1F -.5e1 nan\nlast",
    "empty": "",
    "dir/f": "inside",
    "dir/sub/g": "deep",
    "mod.lua": "local name, file = ... return {name = name, file = file}",
    "pkg/init.lua": "return ...",
    "bad.lua": "return = 1",
    "raises.lua": "local function f() error('here') end f()",
    "shebang.lua": "#!/usr/bin/lua\nreturn debug.traceback ~= nil, ...",
    "bom.lua": b"\xef\xbb\xbf# comment\nreturn 1 + nil",
    "binary.luac": "\x1bLua",
    "nothing.lua": "package.loaded[...] = nil",
    "no.lua": "return false",
    "self.lua": "package.loaded[...] = 'set by itself'",
}

# Runs a chunk and writes down what it gave, without addresses.
RENDER = """
local source = ...
package.path, package.cpath = "./?.lua;./?/init.lua", ""
local function render(...)
  local out = table.pack(...)
  for i = 1, out.n do
    local text = tostring(out[i])
    if type(out[i]) == "string" then text = string.format("%q", text) end
    out[i] = math.type(out[i]) == "float" and "float " .. text or text
  end
  return (table.concat(out, " | "):gsub("0x%x%x%x%x%x+", "ADDRESS"))
end
return render(pcall(assert(load(source, "=chunk"))))
"""

CASES = """
return io.open("nope")
return io.open("nope/x", "w")
return io.open("x/")
return io.open("x/y")
return io.open("x/../x")
return io.open("dir/../x"):read("a")
return io.open("./dir//./f"):read("a")
return io.open("")
return io.open("dir", "w")
return io.open("dir/", "a")
return io.open("new/", "w")
return io.open(("n"):rep(300), "w")
return pcall(io.open)
return pcall(io.open, {})
return pcall(io.open, "x", "q")
return pcall(io.open, "x", "rw")
return pcall(io.open, "x", "r+b")
return pcall(io.open, "x", "")
io.open("x", "zz")
io.open()
local d = io.open("dir") return d:read("a")
local d = io.open("dir") return d:read(0)
local d = io.open("dir") return d:read("n")
local d = io.open("dir") return d:read(), d:seek(), d:close()
for line in io.lines("dir") do end
local f = io.open("x") return f:read()
local f = io.open("x") return f:read("L", "l", "n", "n", "n", "n", "a")
local f = io.open("x") return f:read("*L", "*l", "*n", "*n", "*number", "*a")
local f = io.open("x") return f:read(3, 0, 100, 0, 1)
local f = io.open("x") return f:read(3.0)
local f = io.open("x") return f:read(3.5)
local f = io.open("x") return f:read("3")
local f = io.open("x") return f:read("a", "a", "l", "a")
local f = io.open("x") return f:read("l", "q")
local f = io.open("x") return f:read({})
local f = io.open("x") return f:read(nil)
local f = io.open("x") return pcall(f.read, f, "q")
local f = io.open("x") return pcall(f.read)
local f = io.open("x") return pcall(f.read, 3)
local f = io.open("empty") return f:read("a"), f:read("l"), f:read(0), f:read(1), f:read("n"), f:read("L")
local f = io.open("x") return f:write("x")
local f = io.open("x") return f:write("")
local f = io.open("new", "w") return f:read("a")
local f = io.open("new", "w") return f:read("n")
local f = io.open("x") f:close() return pcall(f.read, f)
local f = io.open("x") f:close() f:read()
local f = io.open("x") f:close() return pcall(f.lines, f)
local f = io.open("x") f:close() return tostring(f), io.type(f), pcall(f.close, f)
local f = io.open("x") return io.type(f), io.type(3), io.type(nil), pcall(io.type)
local f = io.open("x") return f:close()
local f = io.open("x") return io.close(f)
return pcall(io.close, 3)
local f = io.open("x") return f:seek(), f:seek("set", 3), f:read(2), f:seek("cur", -1), f:seek("end"), f:seek("end", -4)
local f = io.open("x") return f:seek("set", -1)
local f = io.open("x") return f:seek("cur", -1)
local f = io.open("x") return f:seek("set", 1 << 62)
local f = io.open("x") return f:seek("set", 1000), f:read(1), f:read("a")
local f = io.open("x") return pcall(f.seek, f, "bad")
local f = io.open("x") f:seek("bad")
local f = io.open("x") f:seek("set", "x")
local f = io.open("x") f:seek("set", 1.5)
local f = io.open("x") return f:seek(nil, nil), f:seek("cur", "2"), f:seek("cur", 2.0)
local f = io.open("x") return f:setvbuf("no"), f:setvbuf("full", 10), f:setvbuf("line")
local f = io.open("x") f:setvbuf()
local f = io.open("x") f:setvbuf("x")
local f = io.open("x") return f:flush()
local f = io.open("new", "w") return f:write(1, 1.0, -0.0, 1e15, 1e100, 2^53, 1/0, "x", 3.14159265358979), f:close(), io.open("new"):read("a")
local f = io.open("new", "w") return f:write(math.mininteger), f:close(), io.open("new"):read("a")
local f = io.open("new", "w") f:write("a", {}, "b")
local f = io.open("new", "w") pcall(f.write, f, "a", {}, "b") f:close() return io.open("new"):read("a")
local f = io.open("new", "w") return f:write(), f:write("x") == f, f:write(nil)
local f = io.open("x", "a") return f:seek(), f:seek("set", 2), f:write("END") == f, f:seek(), f:read(1)
local f = io.open("x", "a+") return f:seek(), f:read(), f:write("END") == f, f:seek(), f:read(1), f:seek("set"), f:read("a")
local f = io.open("x", "r+") return f:read(), f:write("W") == f, f:seek(), f:read()
local f = io.open("x", "w+") return f:write("abc") == f, f:seek("set", 1), f:read("a"), f:write("d") == f, f:seek("set"), f:read("a")
local f = io.open("new", "w") f:seek("set", 5) f:write("x") f:close() return io.open("new"):read("a")
io.open("new", "w"):write("collected") collectgarbage() return io.open("new"):read("a")
local a, b = io.open("new", "w"), io.open("new") a:write("x") local one = b:read("a") a:flush() return one, b:read("a")
local a, b = io.open("new", "w"), io.open("new") a:setvbuf("no") a:write("x") return b:read("a")
local f = io.open("x") os.remove("x") return f:read(), io.open("x")
local f = io.open("x", "r+") os.rename("x", "y") f:write("J") f:close() return io.open("y"):read()
local f = io.open("x") io.open("x", "w"):close() return f:read("a")
local t = {} for l in io.lines("x") do t[#t + 1] = l end return table.unpack(t)
local t = {} for l in io.lines("x", "L") do t[#t + 1] = l end return table.unpack(t)
local t = {} for a, b in io.lines("x", 1, 2) do t[#t + 1] = a t[#t + 1] = b end return table.unpack(t)
local t = {} for n in io.lines("x", "n") do t[#t + 1] = n end return #t
for l in io.lines("x", "q") do end
for l in io.lines("nope") do end
return pcall(io.lines, "nope")
return pcall(io.lines, {})
local next = io.lines("x") while next() do end return pcall(next)
local next = io.lines("x") while next() do end next()
local f = io.open("x") local next = f:lines() f:close() next()
local f = io.open("x") for l in f:lines() do end return io.type(f)
return pcall(io.lines, "x", table.unpack({}, 1, 251))
return select("#", io.lines("x")), io.lines("empty")()
io.input("x") return io.read("l", "L", "n"), io.read(), io.input():close(), pcall(io.read)
io.input("x") io.input():close() io.read()
io.input("x") io.input():close() return pcall(io.lines)
io.input("x") local n = 0 for l in io.lines() do n = n + 1 end return n, io.read("a"), io.type(io.input())
io.output("new") io.write("a", 1, "\\n") return io.output():close(), pcall(io.write, "x"), io.open("new"):read("a")
io.output("new") io.write("a") io.close() return pcall(io.flush)
io.output("new") return io.write("a") == io.output(), io.flush(), io.open("new"):read("a")
return pcall(io.input, "nope")
return pcall(io.output, "dir")
io.input("nope")
io.input({})
return pcall(io.input, true)
local f = io.open("x") return io.input(f) == f, io.read()
return io.stdout:read(), io.close(io.stderr)
return io.stdin:write("x")
return tostring(io.stdout):match("^file"), getmetatable(io.stdout).__name, io.stdout.__index == getmetatable(io.stdout)
local f = io.open("x") return f < f
local f = io.open("x") return #f
local f = io.open("x") return f + 1
local f = io.open("x") return f.name.x
local f = io.open("x") f.x = 1
return io.stdin()
local f = io.tmpfile() return f:write("abc") == f, f:seek("set"), f:read("a"), io.type(f)
io.popen("ls", "x")
return os.remove("nope")
return os.remove("x"), os.remove("x")
return os.remove("dir")
return os.remove("dir/f"), os.remove("dir/sub/g"), os.remove("dir/sub"), os.remove("dir"), os.remove("dir")
return os.remove("x/")
return os.remove("x/y")
return os.remove("")
return os.remove("/")
return os.remove("dir/.")
return os.remove("dir/..")
os.remove()
return os.rename("nope", "y")
return os.rename("x", "y"), io.open("y"):read(), io.open("x")
return os.rename("x", "x"), io.open("x"):read()
return os.rename("x", "empty"), io.open("empty"):read()
return os.rename("x", "dir")
return os.rename("dir", "x")
return os.rename("dir", "dir/sub/new")
return os.rename("dir", "moved"), io.open("moved/sub/g"):read(), io.open("dir")
return os.rename("dir", "moved/"), io.open("moved/sub/g"):read()
return os.rename("x", "new/")
return os.rename("x", "nope/y")
return os.rename("x", "empty/y")
return os.rename("x/", "y")
return os.rename("dir/sub", "dir")
return os.rename("x", "")
return os.rename("", "x")
return pcall(os.rename, "x")
return pcall(os.getenv)
return os.getenv("VLUA_SURELY_NOT_SET")
local n = os.tmpname() local f = io.open(n, "w") return f:write("x") == f, f:close(), os.remove(n), os.remove(n) == nil
return os.difftime(5, 3), pcall(os.difftime), pcall(os.difftime, 1), pcall(os.difftime, "x", 1)
return type(os.clock()), math.type(os.clock()), math.type(os.time())
return os.setlocale("C"), os.setlocale("POSIX"), os.setlocale("xx_YY"), pcall(os.setlocale, "C", "bad")
return os.setlocale("C", "numeric"), pcall(os.setlocale, {})
return pcall(os.exit, "x")
return os.date("!%Y-%m-%d %H:%M:%S", 1e9)
return os.date("!%c|%x|%X|%p|%%|%a|%A|%b|%B", 123456789)
return os.date("!", 0), os.date("", 0), os.date("!a\\0b%Y\\0", 0)
local t = os.date("!*t", 1e9) return t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst
return pcall(os.date, "%Ez")
return pcall(os.date, "%")
return pcall(os.date, "%9 abc")
return pcall(os.date, "x\\0%Q\\0y")
return pcall(os.date, "*t", 1 << 60)
return pcall(os.date, "!%Y", 67768036191676800)
return pcall(os.date, "%c", "x")
return pcall(os.date, "%c", 1.5)
os.date("%Ez")
return pcall(os.time, {})
return pcall(os.time, {year = 2020})
return pcall(os.time, {year = 2020, month = "x", day = 1})
return pcall(os.time, {year = 2020, month = 1, day = 1.5})
return pcall(os.time, {year = 1 << 40, month = 1, day = 1})
return pcall(os.time, {year = (1 << 31) + 1900, month = 1, day = 1})
return pcall(os.time, 1)
local t = {year = 2020, month = 14, day = -3, hour = 50, min = -70, sec = 3600} os.time(t) return t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst
return os.time(os.date("*t", 86400 * 365)), os.time({year = "2020", month = "0x1", day = 2.0})
return pcall(os.time, setmetatable({}, {__index = function(_, k) return ({year = 2000, month = 1, day = 1})[k] end}))
os.time({year = 2020, month = 1, day = {}})
return require("mod").name, require("mod").file, require("mod") == require("mod"), package.loaded.mod ~= nil
return require("pkg"), require("dir.sub.g")
return pcall(require, "nope.deep")
require("nope")
return pcall(require, "bad")
return pcall(require, "raises")
return require("nothing"), require("no"), package.loaded.no, require("self")
return require("string") == string, require("_G") == _G
require()
return pcall(require, {})
package.path = nil require("x")
package.path = "?;?.x;;a?b" return pcall(require, "q.r")
package.searchers = nil require("x")
package.searchers = {} return pcall(require, "mod")
package.searchers = {function(n) return "\\n\\tA " .. n end, function() end, function(n) return function(...) return ... end, 42 end} return require("zip")
package.preload.p = function(...) return select("#", ...) end return require("p")
package.preload.p = 3 return pcall(require, "p")
package.loaded.mod = "mine" return require("mod")
setmetatable(package.loaded, {__index = function(_, k) return k .. "!" end}) return require("zork")
return package.searchpath("mod", "./?.lua"), package.searchpath("pkg", package.path), package.searchpath("dir.f", "?")
return package.searchpath("a.b", "./?.lua;?;;q?q")
return package.searchpath("a-b", "?", "-", "+"), package.searchpath("a.b", "?", "")
return package.config, type(package.searchers), #package.searchers, package.loaded == package.loaded.package.loaded
return pcall(package.searchpath, "a")
return pcall(package.loadlib)
return loadfile("nope")
return loadfile("dir")
return loadfile("bad.lua")
return loadfile("mod.lua", "b")
return loadfile("mod.lua", "x")
return loadfile("binary.luac")
return loadfile("binary.luac", "t")
return loadfile("shebang.lua")(7)
return pcall(loadfile("bom.lua"))
return pcall(loadfile, {})
return pcall(loadfile("raises.lua"))
return loadfile("shebang.lua", "t", {debug = {traceback = 1}})(8)
return pcall(loadfile("shebang.lua", nil, nil))
return dofile("shebang.lua")
return pcall(dofile, "nope")
return pcall(dofile, "bad.lua")
return pcall(dofile, "raises.lua")
dofile("nope")
return pcall(dofile, {})
return coroutine.wrap(function() local t = {} for l in io.lines("x") do coroutine.yield(l) end end)()
""".strip().splitlines()


def results(runtime, source):
    result = runtime.execute(RENDER, source)
    return result.decode("latin-1") if isinstance(result, bytes) else result


@pytest.mark.parametrize("source", CASES)
def test_same_as_stock(source, tmp_path, monkeypatch):
    source = source.replace("\\\\", "\\")
    for name, contents in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    stock = lupa.LuaRuntime(encoding=None)
    expected = results(stock, source.encode())
    stock.execute(b"collectgarbage()")
    ours = LuaRuntime(files=FILES, encoding="latin-1")
    assert results(ours, source) == expected
    ours.execute("collectgarbage()")
    kept = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    made = {path.lstrip("/"): ours.fs.readbytes(path) for path in ours.fs.walk.files() if not path.startswith("/tmp/")}
    assert made == kept
