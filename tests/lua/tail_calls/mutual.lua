-- Mutual tail recursion through locals, globals, fields and methods.
local is_even, is_odd
function is_even(n) if n == 0 then return true end return is_odd(n - 1) end
function is_odd(n) if n == 0 then return false end return is_even(n - 1) end
print(is_even(200000), is_even(200001))  -- expect: true	false
function ping(n) if n == 0 then return "ping" end return pong(n - 1) end
function pong(n) if n == 0 then return "pong" end return ping(n - 1) end
print(ping(200000), ping(200001))  -- expect: ping	pong
local m = {}
function m.a(n) if n <= 0 then return "a" end return m.b(n - 1) end
function m.b(n) if n <= 0 then return "b" end return m.c(n - 1) end
function m.c(n) if n <= 0 then return "c" end return m.a(n - 1) end
print(m.a(200000), m.a(200001), m.a(200002))  -- expect: c	a	b
local o = {n = 0}
function o:down(n) self.n = self.n + 1; if n == 0 then return self.n, "end" end return self:up(n) end
function o:up(n) return self:down(n - 1) end
print(o:down(100000))  -- expect: 100001	end
