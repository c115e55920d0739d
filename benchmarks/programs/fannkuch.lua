-- Integer arrays: pancake flips over all permutations.
local n = ...

local permutation, flipped, count = {}, {}, {}
for i = 1, n do permutation[i] = i end
local most, checksum, sign, r = 0, 0, 1, n + 1
while true do
  while r > 2 do
    r = r - 1
    count[r] = r
  end
  if permutation[1] ~= 1 then
    for i = 1, n do flipped[i] = permutation[i] end
    local flips, first = 0, flipped[1]
    while first ~= 1 do
      local low, high = 1, first
      while low < high do
        flipped[low], flipped[high] = flipped[high], flipped[low]
        low, high = low + 1, high - 1
      end
      flips = flips + 1
      first = flipped[1]
    end
    if flips > most then most = flips end
    checksum = checksum + sign * flips
  end
  sign = -sign
  r = 2
  while true do
    if r > n then return checksum * 100 + most end
    local first = permutation[1]
    for i = 1, r - 1 do permutation[i] = permutation[i + 1] end
    permutation[r] = first
    count[r] = count[r] - 1
    if count[r] > 0 then break end
    r = r + 1
  end
end
