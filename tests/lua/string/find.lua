-- find and match, plain and with patterns.
print(("hello world"):find("wor"))  -- expect: 7	9
print(("hello world"):find("l"))  -- expect: 3	3
print(("hello world"):find("l", 5))  -- expect: 10	10
print(("hello world"):find("xyz"))  -- expect: nil
print(("hello world"):find(""))  -- expect: 1	0
print(("hello world"):find("", 20))  -- expect: nil
print(("hello world"):find("", 12))  -- expect: 12	11
print(("hello"):find("", -1), ("hello"):find("l", -2))  -- expect: 5	4	4
print(("a.b"):find(".", 1, true))  -- expect: 2	2
print(("a.b"):find("%.", 1))  -- expect: 2	2
print(("a+b"):find("+", 1, true))  -- expect: 2	2
print(("hello"):find("l+"))  -- expect: 3	4
print(("hello"):find("(l)(l)"))  -- expect: 3	4	l	l
print(("hello"):find("()ll()"))  -- expect: 3	4	3	5
print(("hello"):match("h(.)l"))  -- expect: e
print(("hello"):match("^(h)(e)"))  -- expect: h	e
print(("hello"):match("^e"))  -- expect: nil
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"))  -- expect: key	value
print(("  trim  "):match("^%s*(.-)%s*$") .. "|")  -- expect: trim|
print(("2024-01-15"):match("(%d+)-(%d+)-(%d+)"))  -- expect: 2024	01	15
print(("hello"):match(".-(l+)(.*)"))  -- expect: ll	o
print(("abc"):find("b", 1.0))  -- expect: 2	2
print(("a\0b"):find("\0"))  -- expect: 2	2
print(("abc"):match("()", 4), ("abc"):match("()", 5))  -- expect: 4	nil
