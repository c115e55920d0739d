-- Concatenation.
local t = {}
for i = 1, 5 do t[#t + 1] = i .. "" end
print(table.concat(t, ","))  -- expect: 1,2,3,4,5
local s = ""
for i = 1, 1000 do s = s .. "x" end
print(#s)  -- expect: 1000
print("a" .. "b" .. "c" .. 1 .. 2 .. 3.0)  -- expect: abc123.0
local o
local mt = {__concat = function(a, b)
  local function text(x) return type(x) == "table" and x.name or tostring(x) end
  return setmetatable({name = "(" .. text(a) .. "+" .. text(b) .. ")"}, getmetatable(o))
end}
o = setmetatable({name = "o"}, mt)
print((o .. "x").name, ("x" .. o).name, (1 .. o).name, ("a" .. "b" .. o).name, (o .. "a" .. "b").name)  -- expect: (o+x)	(x+o)	(1+o)	(a+(b+o))	(o+ab)
local x
print(pcall(function() return "a" .. x end))  -- expect: false	concat.lua:17: attempt to concatenate a nil value (upvalue 'x')
print(pcall(function() return x.y.z end))  -- expect: false	concat.lua:18: attempt to index a nil value (upvalue 'x')
print(pcall(function() return "a" .. {} .. "b" end))  -- expect: false	concat.lua:19: attempt to concatenate a table value
print(pcall(function() local q = {}; return "a" .. q.f end))  -- expect: false	concat.lua:20: attempt to concatenate a nil value (field 'f')
print(("x"):rep(10) .. ("y"):rep(3))  -- expect: xxxxxxxxxxyyy
