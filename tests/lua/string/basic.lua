-- len, sub, byte, char, rep, reverse, lower, upper (manual 6.4).
print(("hello"):sub(2, 4), ("hello"):sub(-3), ("hello"):sub(2), ("hello"):sub(0), ("hello"):sub(10), ("hello"):sub(3, 2))  -- expect: ell	llo	ello	hello		
print(("hello"):sub(-100, 100), ("hello"):sub(math.mininteger, math.maxinteger), ("hello"):sub(2.0, 3))  -- expect: hello	hello	el
print(("abc"):byte(), ("abc"):byte(2), ("abc"):byte(1, -1), ("abc"):byte(10))  -- expect: 97	98	97
print(string.char(72, 105), #string.char(), string.char(0, 255):byte(1, 2))  -- expect: Hi	0	0	255
print(("ab"):rep(3), ("ab"):rep(3, "-"), ("ab"):rep(0), ("ab"):rep(-1), ("ab"):rep(1, "x"), (""):rep(1000))  -- expect: ababab	ab-ab-ab			ab	
print(("abc"):reverse(), (""):reverse())  -- expect: cba	
print(("Hello World"):upper(), ("Hello World"):lower())  -- expect: HELLO WORLD	hello world
print(("\xe4\xc4"):upper() == "\xe4\xc4", ("\xe4\xc4"):lower() == "\xe4\xc4", ("\xb5\xff"):upper() == "\xb5\xff")  -- expect: true	true	true
print(("abc"):len(), #"a\0b", ("a\0b"):len())  -- expect: 3	3	3
print(pcall(string.rep, "x", 1 << 40))  -- expect: false	resulting string too large
print(pcall(string.rep, "x", -1))  -- expect: true	
print(("x"):rep(3, ""))  -- expect: xxx
print(pcall(string.byte, ("x"):rep(10), 1, 1e300))  -- expect: false	bad argument #3 to 'string.byte' (number has no integer representation)
print(string.len(12345))  -- expect: 5
