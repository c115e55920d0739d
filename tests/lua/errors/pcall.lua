-- pcall and assert.
print(pcall(function() return 1, 2, 3 end))  -- expect: true	1	2	3
print(pcall(function(...) return select("#", ...), ... end, nil, nil))  -- expect: true	2	nil	nil
print(pcall(pcall, error, "x"))  -- expect: true	false	x
print(pcall(pcall))  -- expect: false	bad argument #1 to 'pcall' (value expected)
print(pcall(5))  -- expect: false	attempt to call a number value
print(pcall({}))  -- expect: false	attempt to call a table value
print(pcall(assert, false))  -- expect: false	assertion failed!
print(pcall(assert, nil, "message"))  -- expect: false	message
print(pcall(assert, false, {1}) == false)  -- expect: true
print(assert(1, 2, 3))  -- expect: 1	2	3
print(pcall(assert))  -- expect: false	bad argument #1 to 'assert' (value expected)
print(select("#", assert(true)))  -- expect: 1
local ok, err = pcall(function() local ok, err = pcall(error, "inner", 0); error("outer " .. err, 0) end)
print(ok, err)  -- expect: false	outer inner
print(pcall(function() assert(false) end))  -- expect: false	pcall.lua:16: assertion failed!
print(pcall(function() assert(false, "text is not changed") end))  -- expect: false	pcall.lua:17: text is not changed
print(pcall(string.rep))  -- expect: false	bad argument #1 to 'string.rep' (string expected, got no value)
print(pcall(function() local t = setmetatable({}, {__index = function(t, k) error("no field " .. k, 2) end}); return t.some end))  -- expect: false	pcall.lua:19: no field some
