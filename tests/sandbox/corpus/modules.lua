-- Modules, and Lua source in files.
print(require("given").name, require("string") == string)
print(pcall(function() return require("mod").name end))
print(pcall(loadfile, "none.lua"))
print(pcall(dofile, "none.lua"))
print(pcall(package.searchpath, "mod", "./?.lua"))
print(pcall(package.loadlib, "x", "y"))
print(pcall(load("return 1 + 1")))
print((pcall(require, "none")))
-- virtual: given	true
-- virtual: true	mod
-- virtual: true	nil	cannot open none.lua: No such file or directory
-- virtual: false	cannot open none.lua: No such file or directory
-- virtual: true	./mod.lua
-- virtual: true	nil	dynamic libraries not enabled; check your Lua installation	absent
-- virtual: true	2
-- virtual: false
-- refuse: given	true
-- refuse: false	require(_) is sandboxed
-- refuse: false	loadfile(_) is sandboxed
-- refuse: false	dofile(_) is sandboxed
-- refuse: false	package.searchpath(_) is sandboxed
-- refuse: false	package.loadlib(_) is sandboxed
-- refuse: true	2
-- refuse: false
