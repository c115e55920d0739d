-- The "continue" idiom.
local out = {}
for i = 1, 10 do
  if i % 2 == 0 then goto continue end
  out[#out + 1] = i
  ::continue::
end
print(table.concat(out, " "))
local i, n = 0, 0
while i < 10 do
  i = i + 1
  if i % 3 ~= 0 then goto continue end
  n = n + i
  ::continue::
end
print(n)
i = 0
repeat
  i = i + 1
  if i == 2 then goto continue end
  n = n + 1
  ::continue::
until i >= 5
print(n)
for _, v in ipairs {1, 2, 3} do
  for _, w in ipairs {1, 2, 3} do
    if w == 2 then goto next_outer end
    print(v, w)
  end
  ::next_outer::
end

-- expect: 1 3 5 7 9
-- expect: 18
-- expect: 22
-- expect: 1	1
-- expect: 2	1
-- expect: 3	1
