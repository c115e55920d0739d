-- Recursion on every way through the machine. Each case ends as its `expect` says: with an error that contains
-- the text, or with a last result that is the text. Cases without one overflow a stack.

--- recursion
local function f(n) return 1 + f(n + 1) end return f(0)

--- recursion in coroutine
local function f(n) return 1 + f(n + 1) end return coroutine.resume(coroutine.create(f), 0)

--- coroutine chain
local function f() return coroutine.wrap(f)() end f()

--- resume chain
local function f() local r = table.pack(coroutine.resume(coroutine.create(f))) if not r[1]
    then error(r[2], 0) end end f()

--- iterator for1
local function f() for x in f do end end f()

--- iterator for2
local function f() for x, y in f do end end f()

--- iterator for3
local function f() for x, y, z in f do end end f()

--- iterator callable
local t = setmetatable({}, {}) getmetatable(t).__call = function() for x in t do end end for x in t do end

--- pairs
local t = setmetatable({}, {}) getmetatable(t).__pairs = function() for k in pairs(t) do end end
    for k in pairs(t) do end

--- ipairs __index
local t = setmetatable({}, {}) getmetatable(t).__index = function() for k in ipairs(t) do end end
    for k in ipairs(t) do end

--- __index
local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]

--- __newindex
local t = setmetatable({}, {__newindex = function(t, k, v) t[k + 1] = v end}) t[1] = 1

--- __index chain
-- expect error: '__index' chain too long; possible loop
local t = {} for i = 1, 1e5 do t = setmetatable({}, {__index = t}) end return t.x

--- __call
local t = setmetatable({}, {}) getmetatable(t).__call = function(self, n) return 1 + t(n + 1) end t(0)

--- __call chain
-- expect error: attempt to call a table value
local t = {} for i = 1, 1e5 do t = setmetatable({}, {__call = t}) end t()

--- __tostring
local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return tostring(t) end tostring(t)

--- __concat
local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return a .. b end return t .. t

--- __eq
local m = {} m.__eq = function(a, b) return a == b end
    local a, b = setmetatable({}, m), setmetatable({}, m) return a == b

--- __lt
local m = {} m.__lt = function(a, b) return a < b end
    local a, b = setmetatable({}, m), setmetatable({}, m) return a < b

--- __le
local m = {} m.__le = function(a, b) return a <= b end
    local a, b = setmetatable({}, m), setmetatable({}, m) return a <= b

--- __add
local m = {} m.__add = function(a, b) return a + b end local a = setmetatable({}, m) return a + a

--- __unm
local m = {} m.__unm = function(a) return -a end return -setmetatable({}, m)

--- __len
local m = {} m.__len = function(a) return #a end return #setmetatable({}, m)

--- __band
local m = {} m.__band = function(a, b) return a & b end local a = setmetatable({}, m) return a & a

--- __gc
local function f() setmetatable({}, {__gc = f}) collectgarbage() end f()

--- sort
local function f(a, b) table.sort({3, 2, 1}, f) return false end f()

--- gsub
local function f() return (string.gsub('a', 'a', f)) end f()

--- gsub __index
local t = setmetatable({}, {}) getmetatable(t).__index = function() return (string.gsub('a', 'a', t)) end
    string.gsub('a', 'a', t)

--- gmatch
local function f() for w in string.gmatch('a', 'a') do f() end end f()

--- pcall
local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f()

--- pcall args
local function f(...) local ok, e = pcall(f, 1, 2, 3, 4, 5, 6, 7) if not ok then error(e, 0) end end f()

--- pcall pcall
local function f() local ok, e, e2 = pcall(pcall, f) if not ok then error(e, 0) end if not e
    then error(e2, 0) end end f()

--- xpcall
local function f() local ok, e = xpcall(f, function(e) return e end) if not ok then error(e, 0) end end f()

--- handler
-- expect error: error in error handling
local function h(e) return h(e) .. 'x' end return xpcall(error, h)

--- load
f = load('f() return 1') f()

--- load in load
local function r() local h, e = load(r) if not h then error(e, 0) end end r()

--- varargs
local function f(...) return 1 + f(1, ...) end f()

--- many arguments
local function f(a, b, c, d, e, g, h, i, ...) return 1 + f(1, 2, 3, 4, 5, 6, 7, 8, ...) end f()

--- unpack
local t = {} for i = 1, 100 do t[i] = i end local function f(...) return 1 + f(table.unpack(t)) end f()

--- select
local function f(...) return select('#', f(...)) end f()

--- print
local t = setmetatable({}, {}) getmetatable(t).__tostring = function() print(t) return '' end print(t)

--- concat
local t = setmetatable({}, {}) getmetatable(t).__index = function() return table.concat(t, '', 1, 2) end
    table.concat(t, '', 1, 2)

--- table.insert
local t = setmetatable({}, {}) getmetatable(t).__len = function() table.insert(t, 1) return 1 end
    table.insert(t, 1)

--- unpack __index
local t = setmetatable({}, {}) getmetatable(t).__index = function() return table.unpack(t, 1, 2) end
    table.unpack(t, 1, 2)

--- format
local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return string.format('%s', t) end
    string.format('%s', t)

--- coroutine in metamethod
local t = setmetatable({}, {}) getmetatable(t).__index = function() return coroutine.wrap(function()
    return t.x end)() end return t.x

--- wrap iterator
local function f() for x in coroutine.wrap(f) do end end f()

--- method
local t = {} function t:m(n) return 1 + self:m(n + 1) end t:m(0)

--- mixed
local m = {} m.__index = function(t, k) return (string.gsub('a', '.', function() return (t[k]) end)) end
    return setmetatable({}, m).x

--- iterator in a coroutine
local function f() for x in f do end end return coroutine.resume(coroutine.create(f))

--- iterators and coroutines
local function f() for x in coroutine.wrap(function() for y in f do end end) do end end f()

--- sleeping deep in iterators
local function f(n) for x in function() if n == 0 then coroutine.yield() else f(n - 1) end end do end end
local all = {}
for i = 1, 50 do all[i] = coroutine.create(f) coroutine.resume(all[i], 150) end
local function g(i) for x in function() coroutine.resume(all[i]) g(i % 50 + 1) end do end end g(1)

--- load of deep source
-- expect error: too many C levels (limit is 200)
return load(('('):rep(100000) .. '1' .. (')'):rep(100000))

--- deep in a coroutine
-- expect: 150000
local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end
    return select(2, coroutine.resume(coroutine.create(f), 150000))

--- deep
-- expect: 180000
local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(180000)

--- tail calls
-- expect: 7
local f, g function f(n) if n == 0 then return 7 end return g(n - 1) end function g(n) return f(n) end
    return f(1000000)

--- iterators
-- expect: done
local function f(n) for x in function(_, i) if not i then if n > 0 then f(n - 1) end return 1 end end do end
    end for i = 1, 20 do f(190) end return 'done'

--- loops in loop bodies
-- expect: done
local function f(n) for _, x in ipairs {1} do for y in next, {1} do if n > 0 then f(n - 1) end end end end
    f(20000) return 'done'

--- failing iterators
-- expect: done
for i = 1, 1000 do pcall(function() for x in error do end end) end return 'done'

--- chain of dead coroutines
-- expect: done
local co for i = 1, 20000 do local p = co co = coroutine.create(function()
    local q = p coroutine.yield() return q end) coroutine.resume(co) end co = nil collectgarbage()
    return 'done'
