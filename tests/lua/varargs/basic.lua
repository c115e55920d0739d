-- Vararg expressions (manual 3.4.11).
local function f(...) return ... end
print(f())  -- expect:
print(f(nil))  -- expect: nil
print(f(nil, nil), 1)  -- expect: nil	1
print((f(1, 2)))  -- expect: 1
local function count(...) return select("#", ...) end
print(count(), count(nil), count(nil, nil, nil), count(f(1, 2), f(1, 2)))  -- expect: 0	1	3	3
local function g(a, ...) local b, c = ...; return a, b, c, ... end
print(g(1))  -- expect: 1	nil	nil
print(g(1, 2, 3, 4))  -- expect: 1	2	3	2	3	4
local function pack(...) return {n = select("#", ...), ...} end
local t = pack(1, nil, 3, nil)
print(t.n, t[1], t[2], t[3], t[4])  -- expect: 4	1	nil	3	nil
print(select(2, "a", "b", "c"))  -- expect: b	c
print(select(-1, "a", "b", "c"))  -- expect: c
print(select(-2, "a", "b", "c"))  -- expect: b	c
print(pcall(select, 0))  -- expect: false	bad argument #1 to 'select' (index out of range)
print(pcall(select, -1))  -- expect: false	bad argument #1 to 'select' (index out of range)
print(pcall(select, -5, 1))  -- expect: false	bad argument #1 to 'select' (index out of range)
local function tail(...) return select(2, ...) end
print(tail(1, 2, 3), tail(1))  -- expect: 2
