-- __eq, __lt and __le.
local mt = {}
local calls = 0
mt.__eq = function(a, b) calls = calls + 1; return a.v == b.v end
mt.__lt = function(a, b) return a.v < b.v end
mt.__le = function(a, b) return a.v <= b.v end
local function new(v) return setmetatable({v = v}, mt) end
local a, b, c = new(1), new(1), new(2)
print(a == b, a == c, a ~= b, a == a, calls)  -- expect: true	false	false	true	3
print(a < c, a > c, a <= b, a >= c, not (a < b))  -- expect: true	false	true	false	true
print(rawequal(a, b), rawequal(a, a))  -- expect: false	true
print(a == 1, a == "x", a == nil, calls)  -- expect: false	false	false	3
print(pcall(function() return a < 1 end))  -- expect: false	comparison.lua:5: attempt to index a number value (local 'b')
print(setmetatable({}, {__eq = function() return true end}) == setmetatable({}, {}))  -- expect: true
print(setmetatable({}, {__lt = function() return nil end}) < 1, 1 < setmetatable({}, {__lt = function() return 1 end}))  -- expect: false	true
local only_lt = {__lt = function(a, b) return a.v < b.v end}
local p, q = setmetatable({v = 1}, only_lt), setmetatable({v = 2}, only_lt)
print(p <= q, q <= p, p >= q)  -- expect: true	false	false
