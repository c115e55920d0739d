-- random and randomseed: ranges and repetition, not particular values.
math.randomseed(42)
local a, b, c = math.random(), math.random(10), math.random(5, 6)
math.randomseed(42)
print(a == math.random(), b == math.random(10), c == math.random(5, 6))  -- expect: true	true	true
for _ = 1, 200 do
  local x = math.random()
  assert(x >= 0 and x < 1)
  local i = math.random(3)
  assert(i >= 1 and i <= 3 and math.type(i) == "integer")
  i = math.random(-2, 2)
  assert(i >= -2 and i <= 2)
end
print(math.random(7, 7), math.random(1))  -- expect: 7	1
print(math.type(math.random(0, math.maxinteger)), math.type(math.random(math.mininteger, -1)))  -- expect: integer	integer
print(pcall(math.random, 0))  -- expect: false	bad argument #1 to 'math.random' (interval is empty)
print(pcall(math.random, 2, 1))  -- expect: false	bad argument #1 to 'math.random' (interval is empty)
print(pcall(math.random, 1, 2, 3))  -- expect: false	wrong number of arguments
print(pcall(math.random, math.mininteger, math.maxinteger))  -- expect: false	bad argument #1 to 'math.random' (interval too large)
print(pcall(math.random, 1.5))  -- expect: false	bad argument #1 to 'math.random' (number has no integer representation)
print(pcall(math.random, "x"))  -- expect: false	bad argument #1 to 'math.random' (number expected, got string)
print(select("#", math.randomseed(1)))  -- expect: 0
