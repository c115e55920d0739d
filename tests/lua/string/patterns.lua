-- Quantifiers, anchors, balances, frontiers, back references.
print(("aaa"):match("a*"), ("aaa"):match("a-"), ("aaa"):match("a?"), ("aaa"):match("a+"))  -- expect: aaa		a	aaa
print(("aaab"):match("a-b"), ("aaab"):match("a*b"), ("b"):match("a*b"))  -- expect: aaab	aaab	b
print(("f(a(b)c)d"):match("%b()"), ("((("):match("%b()"), ("[[x]]"):match("%b[]"))  -- expect: (a(b)c)	nil	[[x]]
print(("THE (quick) fox"):find("%f[%a]%a+%f[%A]"))  -- expect: 1	3
print(("THE (quick) fox"):gsub("%f[%a]%a+", "<%0>"))  -- expect: <THE> (<quick>) <fox>	3
print(("foo.bar"):match("%f[%w]%w+$"))  -- expect: bar
print(("abcabc"):match("(abc)%1"), ("abcabd"):match("(abc)%1"), ("xx yy"):gsub("(%a)%1", "<%1>"))  -- expect: abc	nil	<x> <y>	2
print(("'quoted' \"double\""):gsub("(['\"])(.-)%1", "%2"))  -- expect: quoted double	2
print(("x^y"):match("x^y"), ("a$b"):match("a$b"), ("a$"):match("a%$$"))  -- expect: x^y	a$b	a$
print(("abc"):match("((a)(b))(c)"))  -- expect: ab	a	b	c
print(("abc"):gsub("", "-"))  -- expect: -a-b-c-	4
print(("hello"):gsub("l*", "x"))  -- expect: xhxexox	4
print(("abc"):gsub(".", "%0%0"))  -- expect: aabbcc	3
print(("abc"):gsub("%w", "%%"))  -- expect: %%%	3
print(("a,b,,c"):gsub(",", ";"))  -- expect: a;b;;c	3
print(("%d"):gsub("%%d", "%%s"))  -- expect: %s	1
print(("a b c"):gsub("%s", "", 1))  -- expect: ab c	1
print(("abc"):gsub("b", {b = "table"}))  -- expect: atablec	1
print(("abc"):gsub("(b)", {b = false}))  -- expect: abc	1
print(("abc"):gsub("%w", function(c) if c == "b" then return nil end return c:upper() end))  -- expect: AbC	3
print(("abc"):gsub("(a)(b)", function(a, b) return b .. a end))  -- expect: bac	1
print(("abc"):gsub("b", 5))  -- expect: a5c	1
print(("$name is $age"):gsub("%$(%w+)", {name = "Lua", age = 30}))  -- expect: Lua is 30	2
print(("abc"):gsub("()", "%1"))  -- expect: 1a2b3c4	4
print(("x"):gsub("x", "%1"))  -- expect: x	1
print(("abc"):gsub("^a", "x"), ("aaa"):gsub("^a", "x"))  -- expect: xbc	xaa	1
print(("abc def"):gsub("%w+", "<%0>", 0))  -- expect: abc def	0
