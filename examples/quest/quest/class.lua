-- Classes with single inheritance: `Class(name, parent)` gives a table that makes objects when it is called.

local function Class(name, parent)
  local class = { name = name }
  class.__index = class
  class.__name = name
  return setmetatable(class, {
    __index = parent,
    __call = function(_, ...)
      local object = setmetatable({}, class)
      object:init(...)
      return object
    end,
    __tostring = function() return "class " .. name end,
  })
end

return Class
