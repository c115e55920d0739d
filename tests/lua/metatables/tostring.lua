-- __tostring and __name.
print(tostring(setmetatable({}, {__tostring = function() return "custom" end})))  -- expect: custom
print(pcall(tostring, setmetatable({}, {__tostring = function() return 1 end})))  -- expect: true	1
print((tostring(setmetatable({}, {__name = "My Type"})):gsub("0x%x+", "ADDR")))  -- expect: My Type: ADDR
print((tostring(setmetatable({}, {__name = 5})):gsub("0x%x+", "ADDR")))  -- expect: table: ADDR
print((tostring({}):gsub("0x%x+", "ADDR")))  -- expect: table: ADDR
print((tostring(print):gsub("0x%x+", "ADDR")))  -- expect: function: ADDR
print(tostring({}) == tostring({}))  -- expect: false
local t = {}
print(tostring(t) == tostring(t))  -- expect: true
print(tostring(nil), tostring(true), tostring(1), tostring(1.0), tostring("s"))  -- expect: nil	true	1	1.0	s
print(pcall(tostring))  -- expect: false	bad argument #1 to 'tostring' (value expected)
print(setmetatable({}, {__tostring = function() return "by print" end}))  -- expect: by print
print(string.format("%s|%10s", setmetatable({}, {__tostring = function() return "fmt" end}), "right"))  -- expect: fmt|     right
print(pcall(string.rep, setmetatable({}, {__name = "My Type"})))  -- expect: false	bad argument #1 to 'string.rep' (string expected, got My Type)
