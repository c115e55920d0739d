-- create, resume, yield, status, wrap.
local co = coroutine.create(function(a, b)
  print("start", a, b)
  local c = coroutine.yield(a + b)
  print("got", c)
  local d, e = coroutine.yield(c * 2)
  print("got", d, e)
  return "finished", 99
end)
print(coroutine.status(co))
print(coroutine.resume(co, 1, 2))
print(coroutine.status(co))
print(coroutine.resume(co, 10))
print(coroutine.resume(co, "x", "y"))
print(coroutine.status(co))
print(coroutine.resume(co))
local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(gen(), gen(), gen(), gen())
print(pcall(gen))
print(coroutine.isyieldable())
print(coroutine.wrap(function() return coroutine.isyieldable() end)())
local _, main = coroutine.running()
print(main)
print(coroutine.wrap(function() return select(2, coroutine.running()) end)())
print(pcall(coroutine.resume, 1))
print(pcall(coroutine.create, 1))

-- expect: suspended
-- expect: start	1	2
-- expect: true	3
-- expect: suspended
-- expect: got	10
-- expect: true	20
-- expect: got	x	y
-- expect: true	finished	99
-- expect: dead
-- expect: false	cannot resume dead coroutine
-- expect: 1	2	3
-- expect: false	cannot resume dead coroutine
-- expect: false
-- expect: true
-- expect: true
-- expect: false
-- expect: false	bad argument #1 to 'coroutine.resume' (thread expected)
-- expect: false	bad argument #1 to 'coroutine.create' (function expected, got number)
