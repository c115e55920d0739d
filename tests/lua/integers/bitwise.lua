-- Bitwise operators work on 64 bit integers (manual 3.4.2).
print(5 & 3, 5 | 3, 5 ~ 3, ~5, ~0)  -- expect: 1	7	6	-6	-1
print(1 << 62, 1 << 63, 1 << 64, 1 << 1000, 1 << -1, 2 >> 1)  -- expect: 4611686018427387904	-9223372036854775808	0	0	0	1
print(-1 >> 1, -1 >> 63, -1 >> 64, -1 << 63, 1 >> -3)  -- expect: 9223372036854775807	1	0	-9223372036854775808	8
print(1 << math.mininteger, 1 >> math.mininteger, 1 << math.maxinteger)  -- expect: 0	0	0
print(3.0 & 1, "7" & 3, "0x10" | 1, 2.0 ^ 1 | 0)  -- expect: 1	3	17	2
print(pcall(function() return 1.5 & 1 end))  -- expect: false	bitwise.lua:7: number has no integer representation
print(pcall(function() return 2 ^ 63 | 0 end))  -- expect: false	bitwise.lua:8: number has no integer representation
print(pcall(function() return "a" | 1 end))  -- expect: false	bitwise.lua:9: attempt to perform bitwise operation on a string value
print(pcall(function() return "1.5" | 1 end))  -- expect: false	bitwise.lua:10: number has no integer representation
print(pcall(function() return {} | 1 end))  -- expect: false	bitwise.lua:11: attempt to perform bitwise operation on a table value
print(pcall(function() return ~{} end))  -- expect: false	bitwise.lua:12: attempt to perform bitwise operation on a table value
print(pcall(function() return 1 << nil end))  -- expect: false	bitwise.lua:13: attempt to perform bitwise operation on a nil value
local t = {x = true}
print(pcall(function() return t.x & 1 end))  -- expect: false	bitwise.lua:15: attempt to perform bitwise operation on a boolean value (field 'x')
print(pcall(function() return 1 ~ t.y end))  -- expect: false	bitwise.lua:16: attempt to perform bitwise operation on a nil value (field 'y')
print(0xFF ~ 0x0F, ~0xFF & 0xFFFF, 1 << 4 | 1)  -- expect: 240	65280	17
