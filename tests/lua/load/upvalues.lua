-- A loaded chunk sees globals only, and its own state.
local secret = "local"
print(load("return secret")())  -- expect: nil
x = 10
print(load("x = x + 1; return x")())  -- expect: 11
print(x)  -- expect: 11
local f = load("local n = 0; return function() n = n + 1; return n end")
local c1, c2 = f(), f()
print(c1(), c1(), c2())  -- expect: 1	2	1
local nested = load("return load('return load(\"return 42\")()')()")
print(nested())  -- expect: 42
print(load("local a <free> = 1"))  -- expect: nil	[string "local a <free> = 1"]:1: unexpected symbol near '<'
print(#load("return {...}")(1, 2, 3))  -- expect: 3
local env = setmetatable({}, {__index = _G})
local h = load("y = 1; return function() return y end", "=h", "t", env)
print(h()(), y, env.y)  -- expect: 1	nil	1
