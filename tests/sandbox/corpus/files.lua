-- Reading and writing files.
local ok, file = pcall(io.open, "data.txt")
print(ok, ok and file:read("l"))
print(pcall(function() for line in io.lines("data.txt") do io.write(line, ";") end io.write("\n") end))
print(pcall(function() local f = io.tmpfile() f:write("x") f:seek("set") return f:read("a"), io.type(f) end))
print(pcall(function() io.output("out.txt") io.write("kept") io.flush() io.close() io.output(io.stdout) io.input("out.txt") return io.read("a") end))
print(pcall(os.rename, "out.txt", "new.txt"))
print(pcall(os.remove, "new.txt"))
print(pcall(os.tmpname))
-- virtual: true	first
-- virtual: first;second;
-- virtual: true
-- virtual: true	x	file
-- virtual: true	kept
-- virtual: true	true
-- virtual: true	true
-- virtual: true	/tmp/lua_aaaaaa
-- refuse: false	false
-- refuse: false	files.lua:4: io.lines(_) is sandboxed
-- refuse: false	files.lua:5: io.tmpfile(_) is sandboxed
-- refuse: false	files.lua:6: io.output(_) is sandboxed
-- refuse: false	os.rename(_) is sandboxed
-- refuse: false	os.remove(_) is sandboxed
-- refuse: false	os.tmpname(_) is sandboxed
