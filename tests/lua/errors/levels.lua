-- error's level says whose position is added.
local function level1() error("one", 1) end
local function level2() error("two", 2) end
local function caller() level2() end
local function level0() error("zero", 0) end
print(pcall(level1))  -- expect: false	levels.lua:2: one
print(pcall(caller))  -- expect: false	levels.lua:4: two
print(pcall(level0))  -- expect: false	zero
print(pcall(function() error("default") end))  -- expect: false	levels.lua:9: default
print(pcall(function() error() end))  -- expect: false	nil
print(pcall(function() error(nil) end))  -- expect: false	nil
print(pcall(function() error({}) end) == false)  -- expect: true
print(select(2, pcall(function() error({code = 42}) end)).code)  -- expect: 42
print(pcall(function() error(42) end))  -- expect: false	42
print(pcall(function() error(42.5, 2) end))  -- expect: false	42.5
print(pcall(function() error(true) end))  -- expect: false	true
print(pcall(error))  -- expect: false	nil
print(pcall(error, "direct"))  -- expect: false	direct
print(pcall(error, "direct", 2))  -- expect: false	levels.lua:19: direct
print(pcall(function() error("far away", 100) end))  -- expect: false	far away
print(pcall(function() error(setmetatable({}, {__tostring = function() return "object" end})) end))  -- expect: false	object
error("uncaught " .. 1)  -- expect error: levels.lua:22: uncaught 1
