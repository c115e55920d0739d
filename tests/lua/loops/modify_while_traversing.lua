-- Existing fields may be changed or cleared during a traversal.
local t = {}
for i = 1, 100 do t[i] = i; t["k" .. i] = i end
local seen = 0
for k, v in pairs(t) do t[k] = nil; seen = seen + 1 end
print(seen, next(t))  -- expect: 200	nil
t = {a = 1, b = 2, c = 3}
for k, v in pairs(t) do t[k] = v * 10 end
print(t.a, t.b, t.c)  -- expect: 10	20	30
t = {1, 2, 3, 4}
for i, v in ipairs(t) do if i == 2 then t[3] = nil end end
print(t[1], t[2], t[3], t[4])  -- expect: 1	2	nil	4
