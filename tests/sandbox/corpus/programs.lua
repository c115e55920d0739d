-- Other programs, and the environment.
print(pcall(os.execute, "echo hello"))
print(pcall(os.getenv, "USER"))
print(pcall(os.getenv, "NOTHING"))
print(pcall(io.popen, "ls /", "x"))
-- virtual: hello
-- virtual: true	true	exit	0
-- virtual: true	somebody
-- virtual: true	nil
-- virtual: false	bad argument #2 to 'io.popen' (invalid mode)
-- refuse: false	os.execute(_) is sandboxed
-- refuse: false	os.getenv(_) is sandboxed
-- refuse: false	os.getenv(_) is sandboxed
-- refuse: false	io.popen(_) is sandboxed
