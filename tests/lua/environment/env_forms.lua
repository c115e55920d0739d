-- _ENV as an upvalue, a parameter, a loop variable and a table with a metatable.
local print, setmetatable, pairs, pcall, load, tostring = print, setmetatable, pairs, pcall, load, tostring
local function counter()
  local _ENV = {n = 0}
  return function() n = n + 1; return n end
end
local c = counter()
print(c(), c())
for _, _ENV in pairs {{name = "loop variable"}} do print(name) end
local proxy = setmetatable({}, {__index = function(_, k) return "missing " .. k end, __newindex = function(t, k, v) rawset(t, k, tostring(v) .. "!") end})
local rawset = rawset
do local _ENV = proxy; print(anything); value = 1; print(value) end
local f = load("a = 1; return a, b", "=chunk", "t", {b = 2})
print(f())
print(a)
print(pcall(load("return x.y", "=chunk", "t", {})))
print(pcall(load("return x.y", "=chunk", "t", nil)))
do local _ENV = {print = print}; function defined() return "in env" end; print(defined()) end
print(defined)
local function g() local _ENV = 5; return x end
print(pcall(g))
do local _ENV = setmetatable({}, {__index = _ENV}); fresh = 1; print(fresh, _ENV.fresh) end
print(fresh)

-- expect: 1	2
-- expect: loop variable
-- expect: missing anything
-- expect: 1!
-- expect: 1	2
-- expect: nil
-- expect: false	chunk:1: attempt to index a nil value (global 'x')
-- expect: false	chunk:1: attempt to index a nil value (upvalue '_ENV')
-- expect: in env
-- expect: nil
-- expect: false	env_forms.lua:20: attempt to index a number value (local '_ENV')
-- expect: 1	1
-- expect: nil
