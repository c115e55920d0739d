-- Keys: floats with integer values are integers; booleans and numbers are different keys.
local t = {}
t[1] = "integer"
t[1.0] = "float one"
t[true] = "boolean"
t["1"] = "string"
t[1.5] = "fraction"
print(t[1], t[1.0], t[true], t["1"], t[1.5], #t)  -- expect: float one	float one	boolean	string	fraction	1
t[2 ^ 53] = "big"
print(t[2 ^ 53], t[1 << 53], math.type(next({[3.0] = 1})))  -- expect: big	big	integer
t[false] = "false"
t[0] = "zero"
print(t[false], t[0], t[-0.0], t[0.0])  -- expect: false	zero	zero	zero
local k = {}
t[k] = "table"; t[print] = "function"
print(t[k], t[{}], t[print])  -- expect: table	nil	function
print(t[nil], t[0 / 0])  -- expect: nil	nil
print(pcall(function() t[nil] = 1 end))  -- expect: false	keys.lua:18: table index is nil
print(pcall(function() t[0 / 0] = 1 end))  -- expect: false	keys.lua:19: table index is NaN
t[math.maxinteger] = "max"; t[math.mininteger] = "min"
print(t[math.maxinteger], t[math.mininteger], t[math.maxinteger + 0.0], t[-2 ^ 63])  -- expect: max	min	nil	min
t[math.huge] = "inf"
print(t[math.huge], t[-math.huge])  -- expect: inf	nil
local c = {[1] = "a", [1.0] = "b", "c"}
print(c[1], #c)  -- expect: c	1
print(#{n = 1, [1] = "x", [2] = "y"})  -- expect: 2
print(next({}), next({10}), type(next))  -- expect: nil	1	function
print(rawget({[2] = "two"}, 2.0), rawset({}, 1.0, "x")[1])  -- expect: two	x
