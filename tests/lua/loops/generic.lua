-- The generic for (manual 3.3.5).
for i, v in ipairs {"a", "b", nil, "d"} do print(i, v) end
local function range(n) local i = 0; return function() i = i + 1; if i <= n then return i end end end
for i in range(2) do print(i) end
local function iterate(state, control) control = control + 1; if control <= state then return control, control * control end end
for i, square in iterate, 3, 0 do print(i, square) end
for a, b, c, d in function(_, x) if not x then return 1, 2, 3 end end do print(a, b, c, d) end
for w in ("one two"):gmatch("%a+") do print(w) end
for k, v in next, {10} do print(k, v) end
local mt = setmetatable({}, {__call = function(self, s, c) c = (c or 0) + 1; if c <= 2 then return c end end})
for x in mt do print("called", x) end
local p = setmetatable({}, {__pairs = function(t) return function(_, k) if not k then return 1, "via __pairs" end end, t, nil end})
for k, v in pairs(p) do print(k, v) end
for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i <= 2 then return i * 10 end end})) do print(i, v) end
for x in function() return false and 1 or nil end do print("never") end
for v in function(s, c) if c == nil then return false end end do print(v) end

-- expect: 1	a
-- expect: 2	b
-- expect: 1
-- expect: 2
-- expect: 1	1
-- expect: 2	4
-- expect: 3	9
-- expect: 1	2	3	nil
-- expect: one
-- expect: two
-- expect: 1	10
-- expect: called	1
-- expect: called	2
-- expect: 1	via __pairs
-- expect: 1	10
-- expect: 2	20
-- expect: false
