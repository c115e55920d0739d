-- while, repeat and break.
local i = 0
while i < 3 do i = i + 1 end
print(i)  -- expect: 3
local n = 0
while true do n = n + 1; if n > 4 then break end end
print(n)  -- expect: 5
repeat local k = n; n = n - 1 until k < 3
print(n)  -- expect: 1
local hits = 0
for a = 1, 3 do
  for b = 1, 3 do
    if b == 2 then break end
    hits = hits + 1
  end
end
print(hits)  -- expect: 3
local fs = {}
local j = 0
repeat
  local value = j
  fs[#fs + 1] = function() return value end
  j = j + 1
until value >= 2
print(fs[1](), fs[2](), fs[3]())  -- expect: 0	1	2
while nil do error("never") end
repeat until true
print("end")  -- expect: end
