-- Endless recursion is an error that can be caught.
local function f(n) return 1 + f(n + 1) end
local ok, message = pcall(f, 1)
print(ok, message:find("stack overflow", 1, true) ~= nil)  -- expect: false	true
local t = setmetatable({}, {})
getmetatable(t).__index = function(t, k) return t[k .. "x"] end
ok, message = pcall(function() return t.a end)
print(ok, message:find("overflow", 1, true) ~= nil)  -- expect: false	true
local depth = 0
local function g() depth = depth + 1; g() end
print(pcall(g) == false, depth > 10000)  -- expect: true	true
ok, message = pcall(function() local function r() return (string.gsub("x", ".", r)) end r() end)
print(ok, message:find("overflow", 1, true) ~= nil)  -- expect: false	true
local m = setmetatable({}, {__tostring = function(s) return tostring(s) end})
ok, message = pcall(tostring, m)
print(ok, message:find("overflow", 1, true) ~= nil)  -- expect: false	true
print("still alive")  -- expect: still alive
