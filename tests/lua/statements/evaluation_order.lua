-- Operands and arguments are evaluated from left to right.
local log = {}
local function v(x) log[#log + 1] = tostring(x); return x end
local function flush() print(table.concat(log, " ")); log = {} end
local _ = v(1) + v(2) * v(3); flush()
print(v(4), v(5), v(6)); flush()
_ = {v(1), v(2), k = v(3), [v(4)] = v(5)}; flush()
_ = v(1) < v(2); flush()
_ = v(1) > v(2); flush()
_ = v("a") .. v("b") .. v("c"); flush()
_ = v(nil) and v(1); flush()
_ = v(1) or v(2); flush()
local t = {}
t[v("k")] = v("value"); flush()
print(pcall(function() return v(1) > {v(2)} end)); flush()
print(pcall(function() return (v(1) < v(2)) >= v(3) + 1 end)); flush()
print(pcall(function() return not v(1) > v(2) .. "" end)); flush()
print(pcall(function() return {[v(nil)] = v(1), [v(2)] = v(3)} end)); flush()
print(pcall(function() return {v(1), [v(1) / 0 - v(1) / 0] = v(2), v(3)} end)); flush()

-- expect: 1 2 3
-- expect: 4	5	6
-- expect: 4 5 6
-- expect: 1 2 3 4 5
-- expect: 1 2
-- expect: 1 2
-- expect: a b c
-- expect: nil
-- expect: 1
-- expect: k value
-- expect: false	evaluation_order.lua:15: attempt to compare table with number
-- expect: 1 2
-- expect: false	evaluation_order.lua:16: attempt to compare number with boolean
-- expect: 1 2 3
-- expect: false	evaluation_order.lua:17: attempt to compare string with boolean
-- expect: 1 2
-- expect: false	evaluation_order.lua:18: table index is nil
-- expect: nil 1
-- expect: false	evaluation_order.lua:19: table index is NaN
-- expect: 1 1 1 2
