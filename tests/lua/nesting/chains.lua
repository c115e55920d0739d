-- Long flat chains.
local parts = {"local x = ... if x == 0 then return 'first' "}
for i = 1, 2000 do parts[#parts + 1] = "elseif x == " .. i .. " then return 'branch " .. i .. "' " end
parts[#parts + 1] = "else return 'none' end"
local f = load(table.concat(parts))
print(f(0), f(1), f(1000), f(2000), f(2001))  -- expect: first	branch 1	branch 1000	branch 2000	none
print(load("return " .. ("1 + "):rep(2000) .. "1")())  -- expect: 2001
print(load("local a = 'x' return " .. ("a .. "):rep(150) .. "a")():len())  -- expect: 151
print(load("return " .. ("true and "):rep(1000) .. "'and'")())  -- expect: and
print(load("return " .. ("false or "):rep(1000) .. "'or'")())  -- expect: or
local t = load("return {" .. ("1, "):rep(5000) .. "}")()
print(#t)  -- expect: 5000
local body = {}
for i = 1, 2000 do body[i] = "x = (x or 0) + " .. i end
load(table.concat(body, "\n"))()
print(x)  -- expect: 2001000
local chain = {}
function chain:next() self.n = (self.n or 0) + 1; return self end
print(load("local c = ... return c" .. (":next()"):rep(190) .. ".n")(chain))  -- expect: 190
