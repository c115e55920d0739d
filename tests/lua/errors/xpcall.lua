-- xpcall calls its handler where the error happens.
print(xpcall(function() return "fine" end, print))  -- expect: true	fine
print(xpcall(function(...) return ... end, print, 1, 2))  -- expect: true	1	2
print(xpcall(function() error("msg", 0) end, function(m) return "handled " .. m end))  -- expect: false	handled msg
print(xpcall(function() error({1}) end, function(m) return type(m), "second result is dropped" end))  -- expect: false	table
print(xpcall(function() local x = nil; x.y = 1 end, function(m) return (m:gsub("^.-:%d+: ", "")) end))  -- expect: false	attempt to index a nil value (local 'x')
print(xpcall(error, function(m) return m == nil end))  -- expect: false	true
print(pcall(xpcall))  -- expect: false	bad argument #2 to 'xpcall' (function expected, got no value)
print(pcall(xpcall, print))  -- expect: false	bad argument #2 to 'xpcall' (function expected, got no value)
print(xpcall(function() error("a", 0) end, function(m) error("b", 0) end) == false)  -- expect: true
local trace = select(2, xpcall(function() error("traced") end, debug.traceback))
print(trace:match("^[^\n]*"), trace:find("stack traceback:", 1, true) ~= nil)  -- expect: xpcall.lua:11: traced	true
print(xpcall(function() return pcall(error, "inner", 0) end, function() return "not called" end))  -- expect: true	false	inner
