-- Coroutines: a chain of generators.
local count = ...
local wrap, yield = coroutine.wrap, coroutine.yield

local function numbers(n)
  return wrap(function()
    for i = 1, n do yield(i) end
  end)
end

local function squares(source)
  return wrap(function()
    for value in source do yield(value * value) end
  end)
end

local function odd(source)
  return wrap(function()
    for value in source do
      if value % 2 == 1 then yield(value) end
    end
  end)
end

local sum = 0
for value in odd(squares(numbers(count))) do sum = (sum + value) % 1000003 end
return sum
