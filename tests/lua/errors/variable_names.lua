-- Error messages name the offending variable.
local up = nil
local t = {name = {}}
print(pcall(function() local x; x() end))  -- expect: false	variable_names.lua:4: attempt to call a nil value (local 'x')
print(pcall(function() up() end))  -- expect: false	variable_names.lua:5: attempt to call a nil value (upvalue 'up')
print(pcall(function() glob() end))  -- expect: false	variable_names.lua:6: attempt to call a nil value (global 'glob')
print(pcall(function() t.field() end))  -- expect: false	variable_names.lua:7: attempt to call a nil value (field 'field')
print(pcall(function() t:method() end))  -- expect: false	variable_names.lua:8: attempt to call a nil value (method 'method')
print(pcall(function() t.name.deeper.deepest() end))  -- expect: false	variable_names.lua:9: attempt to index a nil value (field 'deeper')
print(pcall(function() return t.x + 1 end))  -- expect: false	variable_names.lua:10: attempt to perform arithmetic on a nil value (field 'x')
print(pcall(function() return 1 + t.x end))  -- expect: false	variable_names.lua:11: attempt to perform arithmetic on a nil value (field 'x')
print(pcall(function() return up .. "s" end))  -- expect: false	variable_names.lua:12: attempt to concatenate a nil value (upvalue 'up')
print(pcall(function() return glob < 1 end))  -- expect: false	variable_names.lua:13: attempt to compare nil with number
print(pcall(function() return #up end))  -- expect: false	variable_names.lua:14: attempt to get length of a nil value (upvalue 'up')
print(pcall(function() return -glob end))  -- expect: false	variable_names.lua:15: attempt to perform arithmetic on a nil value (global 'glob')
print(pcall(function() t[up] = 1 end))  -- expect: false	variable_names.lua:16: table index is nil
print(pcall(function() return t.x.y end))  -- expect: false	variable_names.lua:17: attempt to index a nil value (field 'x')
print(pcall(function() glob.x = 1 end))  -- expect: false	variable_names.lua:18: attempt to index a nil value (global 'glob')
print(pcall(function() return t[1].x end))  -- expect: false	variable_names.lua:19: attempt to index a nil value (field '?')
print(pcall(function() local s = "str"; return s.x.y end))  -- expect: false	variable_names.lua:20: attempt to index a nil value (field 'x')
print(pcall(function() return (1 + 2).x.y end))  -- expect: false	variable_names.lua:21: attempt to index a number value
print(pcall(function() return ("x").y.z end))  -- expect: false	variable_names.lua:22: attempt to index a nil value (field 'y')
print(pcall(function() t["with space"]() end))  -- expect: false	variable_names.lua:23: attempt to call a nil value (field 'with space')
