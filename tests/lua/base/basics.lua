-- type, tostring, tonumber, select, rawequal, next (manual 6.1).
print(type(nil), type(1), type("x"), type({}), type(print), type(true), type(coroutine.create(print)))  -- expect: nil	number	string	table	function	boolean	thread
print(pcall(type))  -- expect: false	bad argument #1 to 'type' (value expected)
print(tostring(nil), tostring(false), tostring(-0.0), tostring(1e100))  -- expect: nil	false	-0.0	1e+100
print(next({}), next({1}), next({a = 1}))  -- expect: nil	1	a	1
print(pcall(next, {}, 1))  -- expect: false	invalid key to 'next'
print(pcall(next))  -- expect: false	bad argument #1 to 'next' (table expected, got no value)
print(rawequal(1, 1), rawequal("a", "b"), pcall(rawequal, 1))  -- expect: true	false	false	bad argument #2 to 'rawequal' (value expected)
print(rawlen({1, 2}), rawlen("abc"))  -- expect: 2	3
print(select("#"), select("#", nil), select(2, 1, 2, 3))  -- expect: 0	1	2	3
print(collectgarbage("count") > 0, math.type(collectgarbage("count")), collectgarbage(), collectgarbage("step"), collectgarbage("isrunning"))  -- expect: true	float	0	false	true
print(pcall(collectgarbage, "no such option"))  -- expect: false	bad argument #1 to 'collectgarbage' (invalid option 'no such option')
print(_VERSION)  -- expect: Lua 5.3
print(type(_G), type(_G.string), type(package.loaded), package.loaded._G == _G, package.loaded.string == string)  -- expect: table	table	table	true	true
local names = {}
for name in pairs(string) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))  -- expect: byte char dump find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper
names = {}
for name in pairs(table) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))  -- expect: concat insert move pack remove sort unpack
for name in ("abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random randomseed sin sqrt tan tointeger type ult"):gmatch("%a+") do assert(math[name], name) end
names = {}
for name in pairs(coroutine) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))  -- expect: create isyieldable resume running status wrap yield
names = {}
for name in pairs(utf8) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))  -- expect: char charpattern codepoint codes len offset
