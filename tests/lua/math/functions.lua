-- The math library (manual 6.7).
print(math.floor(3.7), math.floor(-3.7), math.ceil(3.2), math.ceil(-3.2), math.floor(5), math.floor(1e300))  -- expect: 3	-4	4	-3	5	1e+300
print(math.type(math.floor(3.0)), math.type(math.floor(1e300)), math.type(math.ceil(2.5)))  -- expect: integer	float	integer
print(math.abs(-5), math.abs(-5.5), math.abs(math.mininteger), math.abs(-0.0))  -- expect: 5	5.5	-9223372036854775808	0.0
print(math.max(1, 2.5, -1), math.min(3, 1, 2), math.max(1), math.max(1, 2), math.max(2.0, 2))  -- expect: 2.5	1	1	2	2.0
print(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(7.5, 2), math.fmod(-7.5, 2))  -- expect: 1	-1	1	1.5	-1.5
print(pcall(math.fmod, 1, 0))  -- expect: false	bad argument #2 to 'math.fmod' (zero)
print(math.fmod(1, math.huge), math.fmod(math.mininteger, -1))  -- expect: 1.0	0
print(math.modf(3.7), math.modf(-3.7), math.modf(5), math.modf(math.huge), math.modf(-math.huge))  -- expect: 3	-3	5	inf	-inf	0.0
print(math.sqrt(16), math.sqrt(2), math.exp(0), math.log(1), math.log(8, 2), math.log(100, 10), math.log(27, 3))  -- expect: 4.0	1.4142135623731	1.0	0.0	3.0	2.0	3.0
print(math.sin(0), math.cos(0), math.tan(0), math.asin(1), math.acos(1), math.atan(1), math.atan(1, -1), math.atan(0, -1))  -- expect: 0.0	1.0	0.0	1.5707963267949	0.0	0.78539816339745	2.3561944901923	3.1415926535898
print(math.pi, math.huge, math.maxinteger, math.mininteger)  -- expect: 3.1415926535898	inf	9223372036854775807	-9223372036854775808
print(math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), math.tointeger(2 ^ 63), math.tointeger({}))  -- expect: 3	nil	8	nil	nil
print(math.ult(1, 2), math.ult(-1, 2), math.ult(2, -1), math.ult(1, 1))  -- expect: true	false	true	false
print(math.deg(math.pi), math.rad(180), math.deg(0))  -- expect: 180.0	3.1415926535898	0.0
print(math.type(1), math.type(1.0), math.type("1"), pcall(math.type))  -- expect: integer	float	nil	false	bad argument #1 to 'math.type' (value expected)
print(pcall(math.floor, "x"), math.floor("3.7"), pcall(math.floor))  -- expect: false	3	false	bad argument #1 to 'math.floor' (number expected, got no value)
print(pcall(math.max))  -- expect: false	bad argument #1 to 'math.max' (value expected)
print(pcall(math.abs, {}))  -- expect: false	bad argument #1 to 'math.abs' (number expected, got table)
print(pcall(math.ult, 1.5, 2))  -- expect: false	bad argument #1 to 'math.ult' (number has no integer representation)
print(pcall(math.tointeger))  -- expect: false	bad argument #1 to 'math.tointeger' (value expected)
print(math.log(0), math.log(2, 0), math.sqrt(-1) ~= math.sqrt(-1))  -- expect: -inf	-0.0	true
print(math.floor(-0.0), math.ceil(-0.5), 1 / math.ceil(-0.5))  -- expect: 0	0	inf
print(math.exp(1), math.log(10), math.log(1024, 2), math.log(1000, 10))  -- expect: 2.718281828459	2.302585092994	10.0	3.0
