-- A tail call passes on every result, and works through __call, pcall and libraries.
local function three() return 1, 2, 3 end
local function f() return three() end
print(f())  -- expect: 1	2	3
local function g() return (three()) end
print(g())  -- expect: 1
local function none() return (function() end)() end
print(select("#", none()))  -- expect: 0
local callable = setmetatable({}, {__call = function(self, n) if n == 0 then return "called" end return self(n - 1) end})
print(callable(10000))  -- expect: called
local function h(...) return select("#", ...) end
print(h(1, 2))  -- expect: 2
local function p(...) return pcall(...) end
print(p(error, "message"))  -- expect: false	message
local function s(x) return x:upper() end
print(s "abc")  -- expect: ABC
local function guarded(n) if n == 0 then return error("at the end", 0) end return guarded(n - 1) end
print(pcall(guarded, 10000))  -- expect: false	at the end
local co = coroutine.wrap(function(n) local function loop(n) if n == 0 then return coroutine.yield("yielded") end return loop(n - 1) end return loop(n) end)
print(co(1000), co("resumed"))  -- expect: yielded	resumed
print((function(...) return ... end)((function() return 1, 2 end)()))  -- expect: 1	2
