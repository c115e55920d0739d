-- Forms of function statements.
local t = {a = {b = {}}}
function t.f(x) return x end
function t.a.g(x, y) return y, x end
function t.a.b:h(x) return self == t.a.b, x end
print(t.f(1))  -- expect: 1
print(t.a.g(1, 2))  -- expect: 2	1
print(t.a.b:h(3))  -- expect: true	3
print(t.a.b.h(t, 3))  -- expect: false	3
local function recursive(n) if n == 0 then return "base" end return recursive(n - 1) end
print(recursive(10))  -- expect: base
local f = function(...) return ... end
print(f(), (f(1, 2)), f(1, nil, nil))  -- expect: nil	1	1	nil	nil
print(type(f), f == f, f == function() end)  -- expect: function	true	false
function global_function() return "global" end
print(global_function())  -- expect: global
local function missing(a, b) return a, b end
print(missing(1))  -- expect: 1	nil
print(missing(1, 2, 3))  -- expect: 1	2
print((missing(1, 2)))  -- expect: 1
print(#{missing(1, 2), missing(3, 4)})  -- expect: 3
local s = "method on a string"
print(s:upper(), ("x"):rep(3), #s:sub(2))  -- expect: METHOD ON A STRING	xxx	17
print(f"literal", f[[long]], #f{1, 2, 3})  -- expect: literal	long	3
