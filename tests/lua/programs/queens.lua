-- The eight queens, a classic of closures-free code.
local N, solutions = 6, 0
local function ok(a, n, c)
  for i = 1, n - 1 do
    if a[i] == c or a[i] - i == c - n or a[i] + i == c + n then return false end
  end
  return true
end
local function add(a, n)
  if n > N then solutions = solutions + 1; if solutions == 1 then print(table.concat(a, " ")) end  -- expect: 2 4 6 1 3 5
  else for c = 1, N do if ok(a, n, c) then a[n] = c; add(a, n + 1) end end end
end
add({}, 1)
print(solutions)  -- expect: 4
