-- A long chain of __index tables works; an endless one is an error.
local t = {found = "at the bottom"}
for i = 1, 90 do t = setmetatable({}, {__index = t}) end
print(t.found, t.missing)  -- expect: at the bottom	nil
local a = {}
local b = setmetatable({}, {__index = a})
setmetatable(a, {__index = b})
print(pcall(function() return a.x end))  -- expect: false	deep_chains.lua:8: '__index' chain too long; possible loop
setmetatable(a, {__newindex = b})
setmetatable(b, {__newindex = a})
print(pcall(function() a.x = 1 end))  -- expect: false	deep_chains.lua:11: '__newindex' chain too long; possible loop
