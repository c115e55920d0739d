-- Closures: counters, composition and pipelines.
local rounds = ...

local function counter(step)
  local value = 0
  return function()
    value = value + step
    return value
  end
end

local function compose(f, g)
  return function(x) return f(g(x)) end
end

local function map(list, f)
  local out = {}
  for i = 1, #list do out[i] = f(list[i]) end
  return out
end

local function fold(list, f, start)
  local value = start
  for i = 1, #list do value = f(value, list[i]) end
  return value
end

local list = {}
for i = 1, 20 do list[i] = i end
local total = 0
for round = 1, rounds do
  local next_value = counter(round % 3 + 1)
  local transform = compose(function(x) return x * 2 + next_value() end, function(x) return x + round end)
  total = total + fold(map(list, transform), function(a, b) return (a + b) % 1000003 end, 0)
end
return total
