-- The standard streams, and what ends a script.
print(pcall(io.read, "l"))
print(pcall(function() return io.stdin:read("a") end))
print(pcall(function() io.stdout:write("out\n") io.stderr:write("") return io.type(io.stdin) end))
print(pcall(io.write, ""))
print(pcall(io.type, 1))
print((pcall(io.close)))
os.exit = nil
print(pcall(function() return #io.popen("echo hello"):read("a") end))
-- virtual: true	typed
-- virtual: true
-- virtual: out
-- virtual: true	file
-- virtual: true	file (0x55d000001000)
-- virtual: true	nil
-- virtual: true
-- virtual: true	6
-- refuse: false	io.read(_) is sandboxed
-- refuse: false	streams.lua:3: io.stdin(_) is sandboxed
-- refuse: false	streams.lua:4: io.stdout(_) is sandboxed
-- refuse: false	io.write(_) is sandboxed
-- refuse: false	io.type(_) is sandboxed
-- refuse: false
-- refuse: false	streams.lua:9: io.popen(_) is sandboxed
