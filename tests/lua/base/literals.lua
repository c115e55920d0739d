-- Numerals and comments (manual 3.1).
print(3, 345, 0xff, 0xBEBADA, 3.0, 3.1416, 314.16e-2, 0.31416E1, 34e1)  -- expect: 3	345	255	12499674	3.0	3.1416	3.1416	3.1416	340.0
print(0x0.1E, 0xA23p-4, 0X1.921FB54442D18P+1, 0x.8, 0x8., .5, 5., 5.e1)  -- expect: 0.1171875	162.1875	3.1415926535898	0.5	8.0	0.5	5.0	50.0
print(0xffffffffffffffffff, 1e400, 0x1p-1074, 100000000000000000000)  -- expect: -1	inf	4.9406564584125e-324	1e+20
print(math.type(5.), math.type(0x10), math.type(1e2), math.type(0x1p4))  -- expect: float	integer	float	float
-- a short comment
--[[ a long
comment ]] print("after long comment")  -- expect: after long comment
--[==[ with ]] inside ]==] print("after leveled comment")  -- expect: after leveled comment
---[[ not a long comment
print("runs")  -- expect: runs
--]]
print(1--[[inline]]+2)  -- expect: 3
print("a"--[[x]].."b")  -- expect: ab
