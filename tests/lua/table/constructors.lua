-- Table constructors (manual 3.4.9).
local t = {1, 2, 3, x = "x", ["y z"] = "yz", [10] = "ten", [1 + 1] = "overwritten"; "four"}
print(#t, t[2], t.x, t["y z"], t[10], t[4])  -- expect: 4	2	x	yz	ten	four
local function f() return "a", "b", "c" end
print(#{f()}, #{f(), f()}, #{(f())}, #{f(), nil, f()})  -- expect: 3	4	1	5
print(#{...}, #{n = f()})  -- expect: 0	0
local nested = {{1, 2}, {3, {4}}}
print(nested[2][2][1], #nested, #nested[1])  -- expect: 4	2	2
print(({10, 20, 30})[2], ({a = 1}).a, #({}))  -- expect: 20	1	0
local key = "dynamic"
print(({[key] = 5}).dynamic, ({[key .. "x"] = 6}).dynamicx)  -- expect: 5	6
t = {[1] = 1, [2] = 2, [3] = 3}
print(#t)  -- expect: 3
print({} == {}, #{[0] = 1}, #{[-1] = 1})  -- expect: false	0	0
t = {nil, nil, 3}
print(t[3], t[1])  -- expect: 3	nil
t = {f = function(self) return self end, 1,}
print(t:f() == t)  -- expect: true
print(pcall(load "return {[nil] = 1}"))  -- expect: false	[string "return {[nil] = 1}"]:1: table index is nil
print(pcall(load "return {[0/0] = 1}"))  -- expect: false	[string "return {[0/0] = 1}"]:1: table index is NaN
