-- A tail call needs no stack (manual 3.4.10).
local function loop(n) if n == 0 then return "done" end return loop(n - 1) end
print(loop(1e6))  -- expect: done
print(loop(1000000))  -- expect: done
local function sum(n, acc) if n == 0 then return acc end return sum(n - 1, acc + n) end
print(sum(100000, 0))  -- expect: 5000050000
local function va(n, ...) if n == 0 then return select("#", ...), ... end return va(n - 1, ...) end
print(va(50000, "a", nil, "c"))  -- expect: 3	a	nil	c
