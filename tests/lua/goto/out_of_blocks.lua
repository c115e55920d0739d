-- Jumps out of nested blocks and forwards.
for a = 1, 3 do
  for b = 1, 3 do
    if a * b == 4 then
      print(a, b)  -- expect: 2	2
      goto done
    end
  end
end
::done::
do
  goto skip
  print("skipped")
  ::skip::
end
local function find(t, x)
  for i, v in ipairs(t) do
    while true do
      repeat
        if v == x then goto found end
        goto next
      until false
    end
    ::next::
    if i == #t then goto missing end
  end
  ::found:: do return "found" end
  ::missing:: return "missing"
end
print(find({1, 2, 3}, 2), find({1, 2, 3}, 5))  -- expect: found	missing
do
  local x = 0
  ::a:: x = x + 1
  if x == 1 then goto b end
  if x == 3 then goto c end
  ::b:: if x < 3 then goto a end
  ::c:: print("x", x)  -- expect: x	3
end
