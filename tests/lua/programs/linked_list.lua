-- A linked list with iterators and metamethods.
local List = {}
List.__index = List
List.__len = function(self) local n = 0; for _ in self:each() do n = n + 1 end return n end
List.__tostring = function(self) local out = {}; for v in self:each() do out[#out + 1] = tostring(v) end return "(" .. table.concat(out, " ") .. ")" end
List.__concat = function(a, b) local out = List.of(); for v in b:each() do out:push(v) end; local r = List.of(); for v in a:each() do r:push(v) end; local all = {}; for v in r:each() do all[#all + 1] = v end; for i = #all, 1, -1 do end; return List.of(table.unpack(a:array(b:array()))) end
List.__eq = function(a, b) return tostring(a) == tostring(b) end
function List:array(tail) local out = {}; for v in self:each() do out[#out + 1] = v end; for _, v in ipairs(tail or {}) do out[#out + 1] = v end return out end
function List.of(...) local self = setmetatable({}, List); for i = select("#", ...), 1, -1 do self:push((select(i, ...))) end return self end
function List:push(v) self.head = {value = v, next = self.head}; return self end
function List:each() local node = self.head; return function() if node then local v = node.value; node = node.next; return v end end end
function List:map(f) local out = {}; for v in self:each() do out[#out + 1] = f(v) end return List.of(table.unpack(out)) end
local l = List.of(1, 2, 3)
print(l, #l)  -- expect: (1 2 3)	3
print(l:map(function(x) return x * x end))  -- expect: (1 4 9)
print(l .. List.of(4, 5))  -- expect: (1 2 3 4 5)
print(l == List.of(1, 2, 3), l == List.of(1, 2))  -- expect: true	false
