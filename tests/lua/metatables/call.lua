-- __call receives the object first.
local t = setmetatable({}, {__call = function(self, ...) return self, select("#", ...), ... end})
local self, n, a, b = t(1, 2)
print(self == t, n, a, b)  -- expect: true	2	1	2
print(select("#", t()))  -- expect: 2
local nested = setmetatable({}, {__call = t})
print(pcall(nested, 1) and "nested")  -- expect: false
print(pcall(function() local x = {}; x() end))  -- expect: false	call.lua:8: attempt to call a table value (local 'x')
print(pcall(function() undefined() end))  -- expect: false	call.lua:9: attempt to call a nil value (global 'undefined')
print(pcall(function() local x = {}; x.method() end))  -- expect: false	call.lua:10: attempt to call a nil value (field 'method')
print(pcall(function() local x = {}; x:method() end))  -- expect: false	call.lua:11: attempt to call a nil value (method 'method')
print(pcall(function() ("x")() end))  -- expect: false	call.lua:12: attempt to call a string value (constant 'x')
print(pcall(function() (1)() end))  -- expect: false	call.lua:13: attempt to call a number value
print(pcall(function() local x = {}; x.y.z() end))  -- expect: false	call.lua:14: attempt to index a nil value (field 'y')
print(pcall(setmetatable({}, {__call = 5})) == false)  -- expect: true
local obj = setmetatable({}, {__index = {m = t}})
print(select("#", obj:m("x")))  -- expect: 4
print(select("#", pcall(t)))  -- expect: 3
