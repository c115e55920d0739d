-- Integer arithmetic wraps around (manual 3.4.1).
local max, min = math.maxinteger, math.mininteger
print(max + 1 == min, min - 1 == max, max * 2, min * 2, -min == min)  -- expect: true	true	-2	0	true
print(max * max, min * min, max * min, min * -1)  -- expect: 1	0	-9223372036854775808	-9223372036854775808
print(7 // 2, -7 // 2, 7 // -2, -7 // -2)  -- expect: 3	-4	-4	3
print(7 % 3, -7 % 3, 7 % -3, -7 % -3)  -- expect: 1	2	-2	-1
print(min // -1, min % -1)  -- expect: -9223372036854775808	0
print(3 / 2, 4 / 2, 2 ^ 2, 10 // 3)  -- expect: 1.5	2.0	4.0	3
print(1 + 1.0, 2 * 0.5, 7 // 2.0, 7 % 2.5)  -- expect: 2.0	1.0	3.0	2.0
print(pcall(function() return 1 // 0 end))  -- expect: false	arithmetic.lua:10: attempt to divide by zero
print(pcall(function() return 1 % 0 end))  -- expect: false	arithmetic.lua:11: attempt to perform 'n%0'
print(1 // 0.0, -1 // 0.0, 1 / 0, -1 / 0, 1 % math.huge, -1 % math.huge)  -- expect: inf	-inf	inf	-inf	1.0	inf
print(5 % -math.huge, -5 % -math.huge, 5.5 // 1, -5.5 // 1)  -- expect: -inf	-5.0	5.0	-6.0
print(1e15, 1e16, 1e100, 123456789012345678)  -- expect: 1e+15	1e+16	1e+100	123456789012345678
print(9007199254740993, 9007199254740993.0, 2 ^ 53, 2 ^ 53 + 1)  -- expect: 9007199254740993	9.007199254741e+15	9.007199254741e+15	9.007199254741e+15
print(0xffffffffffffffff, 0x7fffffffffffffff, 0x1ffffffffffffffff)  -- expect: -1	9223372036854775807	-1
print(9223372036854775807, 9223372036854775808, -9223372036854775808)  -- expect: 9223372036854775807	9.2233720368548e+18	-9.2233720368548e+18
print(math.type(1), math.type(1.0), math.type("1"), math.type(nil))  -- expect: integer	float	nil	nil
print(-0.0, 0.0, 0.0 == -0.0, 1 / -0.0, 0, -0)  -- expect: -0.0	0.0	true	-inf	0	0
