-- __newindex as a function and as a table.
local log = {}
local t = setmetatable({present = 1}, {__newindex = function(t, k, v) log[#log + 1] = k; rawset(t, k, v) end})
t.present = 2
t.absent = 3
t.absent = 4
print(t.present, t.absent, table.concat(log, ","))  -- expect: 2	4	absent
local store = {}
local proxy = setmetatable({}, {__newindex = store})
proxy.a = 1
print(rawget(proxy, "a"), store.a)  -- expect: nil	1
local chain = setmetatable({}, {__newindex = setmetatable({}, {__newindex = store})})
chain.b = 2
print(store.b)  -- expect: 2
print(pcall(function() local x = nil; x.y = 1 end))  -- expect: false	newindex.lua:15: attempt to index a nil value (local 'x')
print(pcall(function() undefined.field = 1 end))  -- expect: false	newindex.lua:16: attempt to index a nil value (global 'undefined')
print(pcall(function() local x = {}; x[nil] = 1 end))  -- expect: false	newindex.lua:17: table index is nil
print(pcall(function() local x = {}; x[0 / 0] = 1 end))  -- expect: false	newindex.lua:18: table index is NaN
print(pcall(function() ("x").y = 1 end))  -- expect: false	newindex.lua:19: attempt to index a string value (constant 'x')
t = setmetatable({}, {__newindex = function(t, k, v) print("nil key reaches", k, v) end})  -- expect: nil key reaches	nil	5
t[nil] = 5
