-- Loops out of labels.
local i = 1
::top::
if i <= 3 then
  i = i + 1
  goto top
end
print(i)  -- expect: 4
do
  local n = 0
  ::again:: n = n + 1
  if n < 100000 then goto again end
  print(n)  -- expect: 100000
end
local fs = {}
do
  local k = 1
  ::loop::
  local fresh = k * 10
  fs[k] = function() fresh = fresh + 1; return fresh end
  k = k + 1
  if k <= 3 then goto loop end
end
print(fs[1](), fs[1](), fs[2](), fs[3]())  -- expect: 11	12	21	31
