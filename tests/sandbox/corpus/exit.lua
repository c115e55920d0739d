-- Ending early: refused, the script goes on.
local ok, message = pcall(os.exit == nil and error or function() if os.getenv then return os.exit and "can end" end end)
print(ok, message)
print(pcall(function() error(setmetatable({}, {__tostring = function() return "custom" end})) end) == false)
-- virtual: true	can end
-- virtual: true
-- refuse: true	can end
-- refuse: true
