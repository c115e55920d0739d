-- table.sort: numbers, strings, and records by a comparator.
local count = ...

local seed = 42
local function random()
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed
end

local records, numbers, names = {}, {}, {}
for i = 1, count do
  local key = random()
  records[i] = {key = key % 1000, id = i}
  numbers[i] = key
  names[i] = "n" .. key
end
table.sort(numbers)
table.sort(names)
table.sort(records, function(a, b)
  if a.key ~= b.key then return a.key < b.key end
  return a.id < b.id
end)
local sum = 0
for i = 1, count, 7 do
  sum = (sum * 31 + numbers[i] + records[i].id + #names[i]) % 1000000007
end
return sum
