-- load (manual 6.1).
print(load("return 1 + 1")())  -- expect: 2
print(load("return ...")(1, 2))  -- expect: 1	2
print(load("syntax error here"))  -- expect: nil	[string "syntax error here"]:1: syntax error near 'error'
print(load("x =", "=name"))  -- expect: nil	name:1: unexpected symbol near <eof>
print(load("x =", "@file.lua"))  -- expect: nil	file.lua:1: unexpected symbol near <eof>
print(load("x =", "source text"))  -- expect: nil	[string "source text"]:1: unexpected symbol near <eof>
local parts = {"return ", "1", " + ", "41", nil}
local i = 0
print(load(function() i = i + 1; return parts[i] end)())  -- expect: 42
i = 0
print(load(function() i = i + 1; return ({"return 'ended by empty string'", ""})[i] end)())  -- expect: ended by empty string
print(load(function() return true end))  -- expect: nil	basic.lua:13: reader function must return a string
print(pcall(load, function() error("from reader", 0) end))  -- expect: true	nil	from reader
print(load("return x", "=c", "t", {x = "env"})())  -- expect: env
print(load("return x", "=c", "b"))  -- expect: nil	attempt to load a text chunk (mode is 'b')
print(load("\27Lua", "=c", "t"))  -- expect: nil	attempt to load a binary chunk (mode is 't')
print(load("\27Lua", "=c", "b") == nil)  -- expect: true
print(pcall(load, nil))  -- expect: false	bad argument #1 to 'load' (function expected, got nil)
print(pcall(load, 5))  -- expect: true	nil	[string "5"]:1: unexpected symbol near '5'
print(pcall(load))  -- expect: false	bad argument #1 to 'load' (function expected, got no value)
print(load("")())  -- expect:
print(load("-- only a comment")())  -- expect:
print(load("# not a shebang here"))  -- expect: nil	[string "# not a shebang here"]:1: unexpected symbol near '#'
local env = {}
load("function f() return g end g = 'set'", "=c", "t", env)()
print(env.f(), env.g, g)  -- expect: set	set	nil
print(pcall(load("return a.b.c", "=c", "t", {a = {}})))  -- expect: false	c:1: attempt to index a nil value (field 'b')
