-- Integers and floats compare by their mathematical value.
print(1 == 1.0, 1 < 1.5, 2 > 1.5, 1 <= 1.0)  -- expect: true	true	true	true
print(math.maxinteger < math.huge, math.mininteger > -math.huge)  -- expect: true	true
print(math.maxinteger + 0.0 == math.maxinteger, math.maxinteger < math.maxinteger + 0.0)  -- expect: false	true
print(2 ^ 53 == 2 ^ 53 + 1, (1 << 53) == (1 << 53) + 1, (1 << 53) + 1 > 2 ^ 53)  -- expect: true	false	true
print(math.mininteger == -2 ^ 63, math.mininteger <= -2 ^ 63, math.mininteger < -2 ^ 63)  -- expect: true	true	false
local nan = 0 / 0
print(nan == nan, nan ~= nan, nan < 1, nan > 1, 1 <= nan, nan <= nan)  -- expect: false	true	false	false	false	false
print("a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "a" < "a\0", "10" < "9")  -- expect: true	false	true	true	true	true
print(pcall(function() return 1 < "2" end))  -- expect: false	comparison.lua:10: attempt to compare number with string
print(pcall(function() return {} < {} end))  -- expect: false	comparison.lua:11: attempt to compare two table values
print(pcall(function() return nil < 1 end))  -- expect: false	comparison.lua:12: attempt to compare nil with number
print(pcall(function() return "a" <= 1 end))  -- expect: false	comparison.lua:13: attempt to compare string with number
print(pcall(function() return {} >= 1 end))  -- expect: false	comparison.lua:14: attempt to compare number with table
print(pcall(function() return true > false end))  -- expect: false	comparison.lua:15: attempt to compare two boolean values
print(pcall(function() return print < print end))  -- expect: false	comparison.lua:16: attempt to compare two function values
print("\xff" > "a", "\x80" > "\x7f")  -- expect: true	true
