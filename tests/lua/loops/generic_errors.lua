-- What cannot be iterated over.
print(pcall(load "for x in nil do end"))  -- expect: false	[string "for x in nil do end"]:1: attempt to call a nil value
print(pcall(load "for x in {} do end"))  -- expect: false	[string "for x in {} do end"]:1: attempt to call a table value
print(pcall(load "for x in 5 do end"))  -- expect: false	[string "for x in 5 do end"]:1: attempt to call a number value
print(pcall(load "local t = {} for x in t.iterator do end"))  -- expect: false	[string "local t = {} for x in t.iterator do end"]:1: attempt to call a nil value
print(pcall(load "for x in pairs(nil) do end"))  -- expect: false	[string "for x in pairs(nil) do end"]:1: bad argument #1 to 'for iterator' (table expected, got nil)
print(pcall(load "for x in ipairs() do end"))  -- expect: false	[string "for x in ipairs() do end"]:1: bad argument #1 to 'ipairs' (value expected)
print(pcall(load "for k in next, {}, 'no such key' do end"))  -- expect: false	invalid key to 'next'
