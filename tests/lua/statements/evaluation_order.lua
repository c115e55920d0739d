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
