-- A chunk is a vararg function.
local chunk = load("local a, b = ...; return b, a, ...")
print(chunk(1, 2))  -- expect: 2	1	1	2
print(chunk())  -- expect: nil	nil
local function concat(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]) end
  return table.concat(parts, "|", 1, parts.n)
end
print(concat(nil, false, 1, "x"))  -- expect: nil|false|1|x
local object = {}
function object:method(...) return self == object, select("#", ...), ... end
print(object:method(1, 2))  -- expect: true	2	1	2
print(table.unpack({1, 2, 3}, 2))  -- expect: 2	3
print(table.unpack({1, 2, 3}, 2, 5))  -- expect: 2	3	nil	nil
print(math.max(table.unpack({4, 9, 2})))  -- expect: 9
print(load("function f() return ... end"))  -- expect: nil	[string "function f() return ... end"]:1: cannot use '...' outside a vararg function near '...'
local function many(...) return select("#", ...) end
local big = {}
for i = 1, 250 do big[i] = i end
print(many(table.unpack(big)))  -- expect: 250
print((many(table.unpack(big, 1, 200))))  -- expect: 200
