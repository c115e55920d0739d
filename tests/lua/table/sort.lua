-- sort.
local function show(t) print(table.concat(t, " ")) end
local t = {5, 2, 8, 1, 9, 3}
table.sort(t); show(t)
table.sort(t, function(a, b) return a > b end); show(t)
t = {"banana", "apple", "Cherry", "date"}
table.sort(t); show(t)
table.sort(t, function(a, b) return a:lower() < b:lower() end); show(t)
t = {3.5, 1, 2.25, -1, math.huge, -math.huge}
table.sort(t); show(t)
t = {}
table.sort(t); show(t)
t = {1}
table.sort(t, error); show(t)
print(pcall(table.sort, {1, "x", 2}))
print(pcall(table.sort, {{}, {}}))
print(pcall(table.sort, {3, 1, 2}, function() error("from comparator", 0) end))
print(pcall(table.sort, {1, 2, 3}, 5))
print(pcall(table.sort, 5))
local records = {}
for i = 1, 50 do records[i] = {key = i * 37 % 50, id = i} end
table.sort(records, function(a, b) return a.key < b.key end)
local ordered = true
for i = 2, 50 do ordered = ordered and records[i - 1].key <= records[i].key end
print(ordered)
local big = {}
for i = 1, 2000 do big[i] = i * 7919 % 2003 end
table.sort(big)
for i = 2, #big do assert(big[i - 1] <= big[i]) end
print(big[1], big[2000])
local mt = {__lt = function(a, b) return a.v < b.v end}
local objs = {setmetatable({v = 2}, mt), setmetatable({v = 1}, mt)}
table.sort(objs)
print(objs[1].v, objs[2].v)

-- expect: 1 2 3 5 8 9
-- expect: 9 8 5 3 2 1
-- expect: Cherry apple banana date
-- expect: apple banana Cherry date
-- expect: -inf -1 1 2.25 3.5 inf
-- expect:
-- expect: 1
-- expect: false	attempt to compare string with number
-- expect: false	attempt to compare two table values
-- expect: false	from comparator
-- expect: false	bad argument #2 to 'table.sort' (function expected, got number)
-- expect: false	bad argument #1 to 'table.sort' (table expected, got number)
-- expect: true
-- expect: 1	2002
-- expect: 1	2
