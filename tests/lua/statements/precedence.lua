-- Operator precedence and associativity (manual 3.4.8).
print(2 ^ 3 ^ 2)  -- expect: 512.0
print(-2 ^ 2)  -- expect: -4.0
print(2 ^ -1)  -- expect: 0.5
print(not nil == true)  -- expect: true
print(not (nil == true))  -- expect: true
print(1 .. 2 .. 3)  -- expect: 123
print("a" .. "b" == "ab")  -- expect: true
print(1 + 2 * 3 - 4 / 2)  -- expect: 5.0
print(7 // 2 * 2 + 7 % 2)  -- expect: 7
print(1 << 2 + 1)  -- expect: 8
print(5 & 3 | 8 ~ 1)  -- expect: 9
print(1 | 2 ~ 3 & 4)  -- expect: 3
print("x" .. 1 + 2)  -- expect: x3
print(1 .. 2 << 1)  -- expect: 24
print(1 < 2 == true)  -- expect: true
print(nil or false and 1, false or nil, nil and 1 or 2)  -- expect: false	nil	2
print(1 and 2, nil and 2, 1 or error("not evaluated"), false or 3)  -- expect: 2	nil	1	3
print(-3 % 5, -(3 % 5), - - 3)  -- expect: 2	-3	3
print(~5 & 0xF, ~~5)  -- expect: 10	5
print(#"abc" + 1, -#"abc")  -- expect: 4	-3
print(2 * -3, 2 - -3)  -- expect: -6	5
print(1 or 2 and nil)  -- expect: 1
print(3 == 3.0, "3" == 3, 1 ~= 1.0)  -- expect: true	false	false
print(not 1 == 2, not (1 == 2))  -- expect: false	true
print(8 // 3 // 2, 2 - 3 - 4, 100 / 10 / 2)  -- expect: 1	-5	5.0
