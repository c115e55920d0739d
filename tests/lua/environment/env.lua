-- _ENV is a plain name (manual 2.2).
x = "global x"
print(_ENV == _G, _ENV.x)  -- expect: true	global x
do
  local print = print
  local _ENV = {x = "local env"}
  print(x, y)  -- expect: local env	nil
  y = "set"
  print(_ENV.y)  -- expect: set
end
print(y)  -- expect: nil
local function with(_ENV) return x, z end
print(with {x = 1, z = 2})  -- expect: 1	2
