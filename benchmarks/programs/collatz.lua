-- Integer loops: the longest Collatz sequence below a bound.
local bound = ...

local longest, best = 0, 0
for start = 1, bound - 1 do
  local n, steps = start, 0
  while n ~= 1 do
    if n % 2 == 0 then n = n // 2 else n = 3 * n + 1 end
    steps = steps + 1
  end
  if steps > longest then longest, best = steps, start end
end
return best * 1000 + longest
