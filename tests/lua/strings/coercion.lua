-- Strings become numbers in arithmetic and numbers strings in concatenation (manual 3.4.3).
print("10" + 5, "10" * "2", "3" ^ 2, "7" // 2, "7" % "4", -"2")  -- expect: 15.0	20.0	9.0	3.0	3.0	-2.0
print("0x10" + 0, "1e1" + 0, " 5 " + 0, "0x1p4" + 0, "5." + 0, ".5" + 0)  -- expect: 16.0	10.0	5.0	16.0	5.0	0.5
print(math.type("10" + 0), math.type("10.0" + 0), math.type("1e1" + 0))  -- expect: float	float	float
print(10 .. 20, 1.5 .. "", -0.0 .. "", 2 ^ 53 .. "")  -- expect: 1020	1.5	-0.0	9.007199254741e+15
print(pcall(function() return "abc" + 1 end))  -- expect: false	coercion.lua:6: attempt to perform arithmetic on a string value
print(pcall(function() return "" + 1 end))  -- expect: false	coercion.lua:7: attempt to perform arithmetic on a string value
print(pcall(function() return "1x" + 1 end))  -- expect: false	coercion.lua:8: attempt to perform arithmetic on a string value
print(pcall(function() return {} .. "x" end))  -- expect: false	coercion.lua:9: attempt to concatenate a table value
print(pcall(function() return nil .. "x" end))  -- expect: false	coercion.lua:10: attempt to concatenate a nil value
print(pcall(function() return "x" .. true end))  -- expect: false	coercion.lua:11: attempt to concatenate a boolean value
print("9223372036854775807" + 0, "9223372036854775808" + 0, "-9223372036854775808" + 0)  -- expect: 9.2233720368548e+18	9.2233720368548e+18	-9.2233720368548e+18
print(tonumber("10"), tonumber("  10  "), tonumber("10a"), tonumber(""), tonumber(" "), tonumber("0x"))  -- expect: 10	10	nil	nil	nil	nil
print(tonumber("1e"), tonumber("1e+5"), tonumber("0x.8"), tonumber("0xA.8p1"), tonumber("1 2"))  -- expect: nil	100000.0	0.5	21.0	nil
print(tonumber("inf"), tonumber("nan"), tonumber("1_000"), tonumber("\t1\n"))  -- expect: nil	nil	nil	1
print(tonumber("10", 2), tonumber("ff", 16), tonumber("zz", 36), tonumber("8", 8), tonumber("-ff", 16), tonumber("7fffffffffffffff", 16))  -- expect: 2	255	1295	nil	-255	9223372036854775807
print(pcall(tonumber))  -- expect: false	bad argument #1 to 'tonumber' (value expected)
print(pcall(tonumber, "1", 99))  -- expect: false	bad argument #2 to 'tonumber' (base out of range)
print(pcall(tonumber, 10, 10))  -- expect: false	bad argument #1 to 'tonumber' (string expected, got number)
print(tonumber(nil) == nil, tonumber({}), tonumber(true))  -- expect: true	nil	nil
print(10 == "10", 0 == "0")  -- expect: false	false
