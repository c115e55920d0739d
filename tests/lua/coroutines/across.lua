-- Yields across pcall, metamethods and iterators; refused across sort and gsub.
local function in_co(f) local co = coroutine.wrap(f); local out = {}; while true do local v = co(); if v == nil then break end; out[#out + 1] = tostring(v) end; print(table.concat(out, " ")) end
in_co(function() for v in coroutine.wrap(function() coroutine.yield(1); coroutine.yield(2) end) do coroutine.yield(v) end end)
in_co(function() pcall(function() coroutine.yield("p") end) xpcall(function() coroutine.yield("x") end, print) end)
local mt = {__add = function(a, b) coroutine.yield("add"); return 1 end, __index = function(t, k) coroutine.yield("index"); return k end,
  __call = function() coroutine.yield("call") end, __lt = function() coroutine.yield("lt"); return true end, __concat = function() coroutine.yield("concat"); return "c" end,
  __eq = function() coroutine.yield("eq"); return true end, __len = function() coroutine.yield("len"); return 1 end, __unm = function() coroutine.yield("unm") end,
  __newindex = function(t, k, v) coroutine.yield("newindex") end}
local o = setmetatable({}, mt)
in_co(function() local _ = o + 1; _ = o.x; o(); _ = o < o; _ = o .. o; _ = o == setmetatable({}, mt); _ = #o; _ = -o; o.y = 1 end)
in_co(function() for k in (function() coroutine.yield("iterator") end) do end end)
print(pcall(coroutine.wrap(function() table.sort({3, 2, 1}, function(a, b) coroutine.yield() return a < b end) end)))
print(pcall(coroutine.wrap(function() string.gsub("abc", ".", function() coroutine.yield() end) end)))
print(pcall(coroutine.wrap(function() load(function() coroutine.yield() end) end)))

-- expect: 1 2
-- expect: p x
-- expect: add index call lt concat eq len unm newindex
-- expect: iterator
-- expect: false	attempt to yield across a C-call boundary
-- expect: false	attempt to yield across a C-call boundary
-- expect: true
