-- Parameters are upvalues too.
local function make(a, b, ...)
  local rest = {...}
  return function() a = a + 1; return a, b, #rest end
end
local f = make(1, "b", 1, 2, 3)
print(f())  -- expect: 2	b	3
print(f())  -- expect: 3	b	3
local function compose(f, g) return function(...) return f(g(...)) end end
local add1 = function(x) return x + 1 end
local double = function(x) return x * 2 end
print(compose(add1, double)(5), compose(double, add1)(5))  -- expect: 11	12
local function curry(f) return function(a) return function(b) return f(a, b) end end end
print(curry(function(a, b) return a - b end)(10)(3))  -- expect: 7
local function fix(f) return (function(x) return x(x) end)(function(x) return f(function(...) return x(x)(...) end) end) end
print(fix(function(self) return function(n) if n == 0 then return 1 end return n * self(n - 1) end end)(10))  -- expect: 3628800
