-- The global table.
a = 1
print(_G.a, _G["a"], _G._G == _G, rawget(_G, "a"))  -- expect: 1	1	true	1
_G.b = 2
print(b)  -- expect: 2
_G["not a name"] = 3
print(_G["not a name"])  -- expect: 3
a = nil
print(a, rawget(_G, "a"))  -- expect: nil	nil
setmetatable(_G, {__index = function(_, k) return "undefined " .. k end, __newindex = function(t, k, v) rawset(t, k, v * 2) end})
print(undefined_name)  -- expect: undefined undefined_name
doubled = 21
print(doubled)  -- expect: 42
setmetatable(_G, nil)
print(undefined_name)  -- expect: nil
print(_VERSION)  -- expect: Lua 5.3
