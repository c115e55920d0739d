-- Errors inside coroutines.
local co = coroutine.create(function() error("inside") end)
print(coroutine.resume(co))  -- expect: false	errors.lua:2: inside
print(coroutine.status(co))  -- expect: dead
co = coroutine.create(function() error({code = 1}) end)
local ok, e = coroutine.resume(co)
print(ok, e.code)  -- expect: false	1
print(pcall(coroutine.wrap(function() error("wrapped") end)))  -- expect: false	errors.lua:8: wrapped
print(pcall(coroutine.wrap(function() error({}) end)) == false)  -- expect: true
print(pcall(coroutine.yield))  -- expect: false	attempt to yield from outside a coroutine
co = coroutine.wrap(function() return coroutine.resume(coroutine.running()) end)
print(co())  -- expect: false	cannot resume non-suspended coroutine
local outer
outer = coroutine.create(function() local inner = coroutine.create(function() return coroutine.status(outer), coroutine.resume(outer) end) return select(2, coroutine.resume(inner)) end)
print(coroutine.resume(outer))  -- expect: true	normal	false	cannot resume non-suspended coroutine
co = coroutine.create(function() local ok, e = pcall(function() coroutine.yield("in pcall"); error("after", 0) end) coroutine.yield(ok, e) return "end" end)
print(coroutine.resume(co))  -- expect: true	in pcall
print(coroutine.resume(co))  -- expect: true	false	after
print(coroutine.resume(co))  -- expect: true	end
print(coroutine.resume(co))  -- expect: false	cannot resume dead coroutine
print(coroutine.resume(coroutine.create(function() local x; x() end)))  -- expect: false	errors.lua:21: attempt to call a nil value (local 'x')
