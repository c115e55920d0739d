-- Upvalues keep their names through several functions.
local value
local function outer() return function() return value.field end end
print(pcall(outer()))  -- expect: false	names_in_nested.lua:3: attempt to index a nil value (upvalue 'value')
local function args(first, second) return first.x, second.x end
print(pcall(args, {}, nil))  -- expect: false	names_in_nested.lua:5: attempt to index a nil value (local 'second')
print(pcall(args, nil))  -- expect: false	names_in_nested.lua:5: attempt to index a nil value (local 'first')
local function va(...) local a, b = ...; return b.x end
print(pcall(va, 1))  -- expect: false	names_in_nested.lua:8: attempt to index a nil value (local 'b')
for i, v in pairs {1} do print(pcall(function() return v.x.y end)) end  -- expect: false	names_in_nested.lua:10: attempt to index a number value (upvalue 'v')
print(pcall(function() for i = 1, 2 do i() end end))  -- expect: false	names_in_nested.lua:11: attempt to call a number value (local 'i')
print(pcall(function() local f = {}; f.g = f; f.g.h.i = 1 end))  -- expect: false	names_in_nested.lua:12: attempt to index a nil value (field 'h')
print(pcall(function() return string.nothing("x") end))  -- expect: false	names_in_nested.lua:13: attempt to call a nil value (field 'nothing')
print(pcall(function() return math.floor.x.y end))  -- expect: false	names_in_nested.lua:14: attempt to index a function value (field 'floor')
print(pcall(function() local a = {}; a.b:c(1) end))  -- expect: false	names_in_nested.lua:15: attempt to index a nil value (field 'b')
print(pcall(function() return _ENV.missing.x end))  -- expect: false	names_in_nested.lua:16: attempt to index a nil value (global 'missing')
print(pcall(function() local k = "key"; local t = {}; return t[k].x end))  -- expect: false	names_in_nested.lua:17: attempt to index a nil value (field '?')
print(pcall(function() local k = "key"; local t = {}; return t[k]() end))  -- expect: false	names_in_nested.lua:18: attempt to call a nil value (field '?')
