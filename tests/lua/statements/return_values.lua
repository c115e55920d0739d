-- Adjustment of results (manual 3.4.10).
local function none() end
local function one() return 1 end
local function three() return 1, 2, 3 end
print(none())  -- expect:
print((none()))  -- expect: nil
print(one(), one())  -- expect: 1	1
print(three(), three())  -- expect: 1	1	2	3
print(three(), (three()))  -- expect: 1	1
print((three()))  -- expect: 1
local t = {three(), three()}
print(#t)  -- expect: 4
t = {three(), nil}
print(#t)  -- expect: 1
t = {[1] = "x", three()}
print(t[1], #t)  -- expect: 1	3
t = {none(), none()}
print(#t)  -- expect: 0
print(select("#", none()), select("#", (none())), select("#", three()))  -- expect: 0	1	3
return three()
