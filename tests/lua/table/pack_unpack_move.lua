-- pack, unpack, move.
local p = table.pack()
print(p.n, #p)  -- expect: 0	0
p = table.pack(1, nil, 3)
print(p.n, p[1], p[2], p[3])  -- expect: 3	1	nil	3
print(table.unpack({1, 2, 3}))  -- expect: 1	2	3
print(table.unpack({1, 2, 3}, -1, 1))  -- expect: nil	nil	1
print(table.unpack({}, 1, 3))  -- expect: nil	nil	nil
print(select("#", table.unpack({}, 1, 0)))  -- expect: 0
print(pcall(table.unpack, {}, 1, 1e8))  -- expect: false	too many results to unpack
print(pcall(table.unpack, {}, math.mininteger, math.maxinteger))  -- expect: false	too many results to unpack
print(table.unpack("abc", 1, 2))  -- expect: nil	nil
print(table.concat(table.move({1, 2, 3}, 1, 3, 2), " "))  -- expect: 1 1 2 3
print(table.concat(table.move({1, 2, 3}, 2, 3, 1), " "))  -- expect: 2 3 3
print(table.concat(table.move({1, 2, 3}, 1, 3, 1, {}), " "))  -- expect: 1 2 3
print(table.concat(table.move({1, 2, 3}, 1, 0, 5), " "))  -- expect: 1 2 3
print(pcall(table.move, {}, 1, math.maxinteger, 2))  -- expect: false	bad argument #4 to 'table.move' (destination wrap around)
print(pcall(table.move, {}, -1, math.maxinteger, 2))  -- expect: false	bad argument #3 to 'table.move' (too many elements to move)
print(pcall(table.move, 1, 2, 3, 4))  -- expect: false	bad argument #1 to 'table.move' (table expected, got number)
print(pcall(table.move, {}, 1, 2))  -- expect: false	bad argument #4 to 'table.move' (number expected, got no value)
local a = {1, 2, 3}
print(table.move(a, 1, 3, 3) == a, #a, table.concat(a, " "))  -- expect: true	5	1 2 1 2 3
print(table.unpack({1, 2, nil, 4}, 1, 4))  -- expect: 1	2	nil	4
print(table.unpack(setmetatable({}, {__index = function(_, i) return i * 2 end}), 1, 3))  -- expect: 2	4	6
