-- concat.
print(table.concat({}), table.concat({1, 2, 3}), table.concat({1, 2, 3}, ", "), table.concat({"a"}, "x"))  -- expect: 	123	1, 2, 3	a
print(table.concat({1, 2, 3, 4}, "-", 2, 3), table.concat({1, 2, 3}, "-", 3), table.concat({1, 2, 3}, "-", 4), table.concat({1, 2}, "-", 2, 1))  -- expect: 2-3	3		
print(table.concat({1.5, "x", 2}, " "))  -- expect: 1.5 x 2
print(pcall(table.concat, {1, {}, 3}))  -- expect: false	invalid value (table) at index 2 in table for 'concat'
print(pcall(table.concat, {1, 2}, "", 1, 3))  -- expect: false	invalid value (nil) at index 3 in table for 'concat'
print(pcall(table.concat, {true}))  -- expect: false	invalid value (boolean) at index 1 in table for 'concat'
print(pcall(table.concat, 5))  -- expect: false	bad argument #1 to 'table.concat' (table expected, got number)
print(table.concat({1, 2, 3}, 0), table.concat({[5] = "five"}, "", 5, 5))  -- expect: 10203	five
print(table.concat(setmetatable({}, {__len = function() return 2 end, __index = function(_, i) return "i" .. i end}), " "))  -- expect: i1 i2
print(pcall(table.concat, {1}, {}))  -- expect: false	bad argument #2 to 'table.concat' (string expected, got table)
print(table.concat({}, "x", math.maxinteger, math.mininteger) == "")  -- expect: true
