-- __metatable protects a metatable; getmetatable and setmetatable.
local t = setmetatable({}, {__metatable = "locked"})
print(getmetatable(t))  -- expect: locked
print(pcall(setmetatable, t, {}))  -- expect: false	cannot change a protected metatable
print(getmetatable("x").__index == string, getmetatable(1), getmetatable(nil), getmetatable({}))  -- expect: true	nil	nil	nil
print(pcall(setmetatable, 1, {}))  -- expect: false	bad argument #1 to 'setmetatable' (table expected, got number)
print(pcall(setmetatable, {}))  -- expect: false	bad argument #2 to 'setmetatable' (nil or table expected)
print(pcall(setmetatable, {}, 1))  -- expect: false	bad argument #2 to 'setmetatable' (nil or table expected)
local x = {}
print(setmetatable(x, nil) == x)  -- expect: true
print(getmetatable(setmetatable({}, {__metatable = false})))  -- expect: false
print(pcall(getmetatable))  -- expect: false	bad argument #1 to 'getmetatable' (value expected)
print(pcall(rawset, {}, nil, 1))  -- expect: false	table index is nil
print(pcall(rawget, 1, 2))  -- expect: false	bad argument #1 to 'rawget' (table expected, got number)
print(rawequal("a", "a"), rawequal(1, 1.0), rawequal({}, {}))  -- expect: true	true	false
