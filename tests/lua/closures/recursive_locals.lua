-- "local function" sees itself, "local f = function" does not.
local function even(n) if n == 0 then return true end return n ~= 1 and even(n - 2) end
print(even(10), even(7))  -- expect: true	false
local g = function() return type(g) end
print(g())  -- expect: nil
local odd
local function even2(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even2(n - 1) end
print(even2(100), odd(100))  -- expect: true	false
