-- Function calls: Fibonacci numbers by naive recursion.
local n = ...

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

return fib(n)
