-- Any value may be an error value.
for _, v in ipairs {1, 1.5, "s", true} do
  local ok, e = pcall(error, v)
  print(ok, e, math.type(e) or type(e))
end
local t = {}
local ok, e = pcall(error, t)
print(ok, e == t)
ok, e = pcall(error, print)
print(e == print)
local co = coroutine.create(function() error(t) end)
ok, e = coroutine.resume(co)
print(ok, e == t)
print(select("#", pcall(error)))
print(pcall(function() error("line added", 1) end))
print(pcall(function() error(12, 1) end))
local Err = setmetatable({}, {__call = function(c, m) return setmetatable({m = m}, c) end})
Err.__index = Err
Err.__tostring = function(self) return "Err: " .. self.m end
print(pcall(function() error(Err "boom") end))
ok, e = pcall(function() error(Err "boom") end)
print(getmetatable(e) == Err, e.m)

-- expect: false	1	integer
-- expect: false	1.5	float
-- expect: false	s	string
-- expect: false	true	boolean
-- expect: false	true
-- expect: true
-- expect: false	true
-- expect: 2
-- expect: false	error_objects.lua:15: line added
-- expect: false	12
-- expect: false	Err: boom
-- expect: true	boom
