-- What is the language itself works alike.
print(string.rep("ab", 3, "-"), #table.pack(1, 2, 3), math.max(1, 2))
print(select("#", pcall(error)), type(os.time()), type(os.clock()), os.date("!%Y", 0), os.difftime(3, 1))
print(coroutine.wrap(function() coroutine.yield(debug.getinfo(1, "l").currentline) end)())
print(load("return ...", "chunk", "t", {})(7), utf8.char(228), os.setlocale())
-- virtual: ab-ab-ab	3	2
-- virtual: 2	number	number	1970	2.0
-- virtual: 4
-- virtual: 7	ä	C
-- refuse: ab-ab-ab	3	2
-- refuse: 2	number	number	1970	2.0
-- refuse: 4
-- refuse: 7	ä	C
