-- Producers, permutations and many coroutines at once.
local function permgen(a, n)
  n = n or #a
  if n <= 1 then coroutine.yield(table.concat(a, " ")) else
    for i = 1, n do a[n], a[i] = a[i], a[n]; permgen(a, n - 1); a[n], a[i] = a[i], a[n] end
  end
end
for p in coroutine.wrap(function() permgen {1, 2, 3} end) do print(p) end
local function filter(p, g) return coroutine.wrap(function() for n in g do if n % p ~= 0 then coroutine.yield(n) end end end) end
local g = coroutine.wrap(function() for i = 2, 50 do coroutine.yield(i) end end)
local primes = {}
while true do local n = g(); if not n then break end primes[#primes + 1] = n; g = filter(n, g) end
print(table.concat(primes, " "))
local sum = 0
for i = 1, 1000 do local co = coroutine.wrap(function(x) sum = sum + x; coroutine.yield() end); co(i) end
print(sum)

-- expect: 2 3 1
-- expect: 3 2 1
-- expect: 3 1 2
-- expect: 1 3 2
-- expect: 2 1 3
-- expect: 1 2 3
-- expect: 2 3 5 7 11 13 17 19 23 29 31 37 41 43 47
-- expect: 500500
