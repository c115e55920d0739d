-- The length operator (manual 3.4.7).
print(#"", #"abc", #"a\0b", #"\u{20AC}", #"\xff\xfe")  -- expect: 0	3	3	3	2
print(#{}, #{1, 2, 3}, #{n = 1}, #{1, 2, nil}, #{nil})  -- expect: 0	3	0	2	0
local t = {1, 2, 3}
t[#t + 1] = 4
t[#t] = nil
t[#t] = nil
print(#t)  -- expect: 2
for i = 1, 100 do t[i] = i end
print(#t)  -- expect: 100
for i = 100, 51, -1 do t[i] = nil end
print(#t)  -- expect: 50
print(#setmetatable({}, {__len = function() return 42 end}))  -- expect: 42
print(#setmetatable({}, {__len = function() return "not a number" end}))  -- expect: not a number
print(pcall(function() return #5 end))  -- expect: false	length.lua:15: attempt to get length of a number value
print(pcall(function() return #nil end))  -- expect: false	length.lua:16: attempt to get length of a nil value
print(pcall(function() local f = print; return #f end))  -- expect: false	length.lua:17: attempt to get length of a function value (local 'f')
print(rawlen {1, 2}, rawlen "abc", pcall(rawlen, 5))  -- expect: 2	3	false	bad argument #1 to 'rawlen' (table or string expected)
t = setmetatable({1, 2}, {__len = function() return 10 end})
print(#t, rawlen(t))  -- expect: 10	2
