-- Arithmetic metamethods, on either side.
local function describe(op) return function(a, b) return op .. " " .. type(a) .. " " .. type(b) end end
local mt = {}
for _, op in ipairs {"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot"} do mt["__" .. op] = describe(op) end
local o = setmetatable({}, mt)
print(o + 1, 1 + o, o + o, "x" + o)  -- expect: add table number	add number table	add table table	add string table
print(o - 1, o * 2, o / 2, o % 2, o ^ 2, o // 2)  -- expect: sub table number	mul table number	div table number	mod table number	pow table number	idiv table number
print(-o, ~o)  -- expect: unm table table	bnot table table
print(o & 1, o | 1, o ~ 1, o << 1, o >> 1, 1 << o, "x" & o, 1.5 | o)  -- expect: band table number	bor table number	bxor table number	shl table number	shr table number	shl number table	band string table	bor number table
print(pcall(function() return {} + 1 end))  -- expect: false	arithmetic.lua:10: attempt to perform arithmetic on a table value
print(pcall(function() local a = {}; return 1 - a end))  -- expect: false	arithmetic.lua:11: attempt to perform arithmetic on a table value (local 'a')
print(pcall(function() local a = "x"; return a * 2 end))  -- expect: false	arithmetic.lua:12: attempt to perform arithmetic on a string value (local 'a')
print(pcall(function() local t = {}; return t.x / 2 end))  -- expect: false	arithmetic.lua:13: attempt to perform arithmetic on a nil value (field 'x')
print(pcall(function() return -{} end))  -- expect: false	arithmetic.lua:14: attempt to perform arithmetic on a table value
print(pcall(function() local t = {v = true}; return -t.v end))  -- expect: false	arithmetic.lua:15: attempt to perform arithmetic on a boolean value (field 'v')
print(pcall(function() return undefined + 1 end))  -- expect: false	arithmetic.lua:16: attempt to perform arithmetic on a nil value (global 'undefined')
print(pcall(function() return 2 ^ {} end))  -- expect: false	arithmetic.lua:17: attempt to perform arithmetic on a table value
