-- Numbers are appended to strings like strings, and metamethods still get them as numbers.
local s, t = "", ""
for i = 1, 5 do s = s .. i end
for _, v in ipairs { 1, 2.5, "x", -0.0, 1 << 62 } do t = t .. v end
print(s, t) -- expect: 12345	12.5x-0.04611686018427387904
local seen = {}
local o = setmetatable({}, { __concat = function(a, b) seen[#seen + 1] = math.type(b) or type(b) return a end })
local p = o
for i = 1, 2 do p = p .. i end
for _, v in ipairs { 1.5, "x" } do p = p .. v end
print(table.concat(seen, " ")) -- expect: integer integer float string
local n = 1
n = n .. 2
print(n, math.type(n)) -- expect: 12	nil
print(select(2, pcall(function(v) local s = "" s = s .. v end)):match("attempt.*")) -- expect: attempt to concatenate a nil value (local 'v')
