-- Multiple assignment evaluates every expression before it assigns (manual 3.3.3).
local a, b, c = 1, 2
print(a, b, c)  -- expect: 1	2	nil
a, b = b, a
print(a, b)  -- expect: 2	1
local t = {}
local i = 1
i, t[i] = i + 1, 20
print(i, t[1], t[2])  -- expect: 2	20	nil
local x, y, z = (function() return 1, 2, 3 end)()
print(x, y, z)  -- expect: 1	2	3
local p, q, r = 0, (function() return 1, 2, 3 end)()
print(p, q, r)  -- expect: 0	1	2
local u, v = ((function() return 1, 2 end)()), 5
print(u, v)  -- expect: 1	5
local m, n = (function() end)(), 7
print(m, n)  -- expect: nil	7
a, b, c = 1
print(a, b, c)  -- expect: 1	nil	nil
t.x, t.y = 10, 20, 30
print(t.x, t.y)  -- expect: 10	20
do local s = {f = function() return "first", "second" end}
  s.a, s.b, s.c = s.f()
  print(s.a, s.b, s.c)  -- expect: first	second	nil
end
