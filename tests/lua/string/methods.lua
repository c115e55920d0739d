-- Numbers in string functions, comparison of results, method calls on literals.
print(string.upper(12), string.rep(1.5, 2), string.len(10))
print(("%d"):format(3), ("x"):rep(2):upper():lower():len())
print(#("x"):rep(100), ("abc"):upper():sub(1, 1))
local s = "text"
print(s:len(), s.len == string.len, s["upper"](s))
print(string.format("%5d|%-5d|%05d|%+d", 42, 42, 42, 42))

-- expect: 12	1.51.5	2
-- expect: 3	2
-- expect: 100	A
-- expect: 4	true	TEXT
-- expect:    42|42   |00042|+42
