-- __index as a function and as a chain of tables.
local base = {x = "base x"}
local middle = setmetatable({y = "middle y"}, {__index = base})
local top = setmetatable({}, {__index = middle})
print(top.x, top.y, top.z, rawget(top, "x"))  -- expect: base x	middle y	nil	nil
local t = setmetatable({}, {__index = function(t, k) return type(k) .. " " .. tostring(k) end})
print(t.name, t[1], t[1.5], t[true])  -- expect: string name	number 1	number 1.5	boolean true
t.name = "set"
print(t.name)  -- expect: set
print(pcall(function() return t[nil] end))  -- expect: true	nil nil
local s = setmetatable({}, {__index = "abc"})
print(s.upper == string.upper, s.nothing == nil)  -- expect: true	true
print(("x").len == string.len, ("x").nothing)  -- expect: true	nil
print(pcall(function() local a = nil; return a.b end))  -- expect: false	index.lua:14: attempt to index a nil value (local 'a')
print(pcall(function() return undefined.field end))  -- expect: false	index.lua:15: attempt to index a nil value (global 'undefined')
print(pcall(function() local a = {}; return a.b.c end))  -- expect: false	index.lua:16: attempt to index a nil value (field 'b')
print(pcall(function() local a = {}; return a[1][2] end))  -- expect: false	index.lua:17: attempt to index a nil value (field '?')
print(pcall(function() local a, k = {}, "key"; return a[k].x end))  -- expect: false	index.lua:18: attempt to index a nil value (field '?')
local loop = {}
setmetatable(loop, {__index = loop})
print(pcall(function() return loop.x end))  -- expect: false	index.lua:21: '__index' chain too long; possible loop
