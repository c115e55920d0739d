-- insert and remove (manual 6.6).
local t = {}
table.insert(t, "b")
table.insert(t, 1, "a")
table.insert(t, #t + 1, "c")
print(table.concat(t, " "))
print(table.remove(t), table.remove(t, 1), #t, table.concat(t, " "))
print(table.remove(t), table.remove(t), #t)
print(table.remove({}, 0), table.remove({[0] = "zero"}, 0))
print(pcall(table.insert, {1, 2}, 5, "x"))
print(pcall(table.insert, {1, 2}, 0, "x"))
print(pcall(table.insert, {}))
print(pcall(table.insert, {}, 1, 2, 3))
print(pcall(table.insert, nil, 1))
print(pcall(table.insert, {}, "x", 1))
print(pcall(table.insert, {}, 1.5, 1))
print(pcall(table.remove, {1, 2, 3}, 7))
print(table.remove({1, 2, 3}, 4), table.remove({1, 2, 3}, 3))
local proxy = setmetatable({}, {__len = function() return 3 end, __index = function(_, i) return i * 10 end, __newindex = function(_, k, v) print("set", k, v) end})
print(table.remove(proxy, 1))
table.insert(proxy, "last")

-- expect: a b c
-- expect: c	a	1	b
-- expect: b	nil	0
-- expect: nil	zero
-- expect: false	bad argument #2 to 'table.insert' (position out of bounds)
-- expect: false	bad argument #2 to 'table.insert' (position out of bounds)
-- expect: false	wrong number of arguments to 'insert'
-- expect: false	wrong number of arguments to 'insert'
-- expect: false	bad argument #1 to 'table.insert' (table expected, got nil)
-- expect: false	bad argument #2 to 'table.insert' (number expected, got string)
-- expect: false	bad argument #2 to 'table.insert' (number has no integer representation)
-- expect: false	bad argument #1 to 'table.remove' (position out of bounds)
-- expect: nil	3
-- expect: set	1	20
-- expect: set	2	30
-- expect: set	3	nil
-- expect: 10
-- expect: set	4	last
