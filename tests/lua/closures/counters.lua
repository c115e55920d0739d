-- Upvalues are shared between the closures that see them.
local function counter()
  local n = 0
  return function() n = n + 1; return n end, function() return n end, function(x) n = x end
end
local step, get, set = counter()
step(); step()
print(get())  -- expect: 2
set(10)
print(step(), get())  -- expect: 11	11
local step2 = counter()
print(step2(), get())  -- expect: 1	11
local function outer()
  local a = 1
  local function middle()
    local b = 2
    local function inner() a = a + 1; b = b + 1; return a, b end
    return inner
  end
  local inner1, inner2 = middle(), middle()
  print(inner1())  -- expect: 2	3
  print(inner2())  -- expect: 3	3
  print(a)  -- expect: 3
end
outer()
local x = 1
local function read() return x end
x = 2
print(read())  -- expect: 2
local x = 3
print(read(), x)  -- expect: 2	3
