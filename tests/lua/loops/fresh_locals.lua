-- Each iteration has its own copy of its locals.
local fs = {}
for i = 1, 3 do fs[i] = function() i = i + 1; return i end end
print(fs[1](), fs[1](), fs[2](), fs[3]())  -- expect: 2	3	3	4
fs = {}
for k, v in pairs {a = 1} do fs[1] = function(x) v = v + (x or 0); return k, v end end
print(fs[1](5))  -- expect: a	6
print(fs[1](5))  -- expect: a	11
fs = {}
local i = 0
while i < 3 do
  i = i + 1
  local j = i
  local function get() return j end
  local function set(x) j = x end
  fs[i] = {get, set}
end
fs[1][2]("changed")
print(fs[1][1](), fs[2][1](), fs[3][1]())  -- expect: changed	2	3
fs = {}
for a = 1, 2 do for b = 1, 2 do fs[#fs + 1] = function() return a * 10 + b end end end
print(fs[1](), fs[2](), fs[3](), fs[4]())  -- expect: 11	12	21	22
