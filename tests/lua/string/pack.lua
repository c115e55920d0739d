-- pack, unpack, packsize (manual 6.4.2).
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
print(hex(string.pack("<i4", 1)), hex(string.pack(">i4", 1)), hex(string.pack("<i3", -2)))  -- expect: 01000000	00000001	feffff
print(hex(string.pack("b B h H", -1, 255, -2, 65535)))  -- expect: fffffeffffff
print(hex(string.pack("<l<j<J<T", 1, -1, 2, 3)))  -- expect: 0100000000000000ffffffffffffffff02000000000000000300000000000000
print(hex(string.pack(">f>d>n", 1.5, -2.25, 0.1)))  -- expect: 3fc00000c0020000000000003fb999999999999a
print(hex(string.pack("z", "abc")), hex(string.pack("<s1", "abc")), hex(string.pack("<s2", "abc")), hex(string.pack("c5", "abc")))  -- expect: 61626300	03616263	0300616263	6162630000
print(hex(string.pack("<!4 i1 i4", 1, 2)), hex(string.pack("<i1 Xi4 i4", 1, 2)), hex(string.pack("<!4 i1 !4 Xi4 i1", 1, 2)))  -- expect: 0100000002000000	0102000000	0100000002
print(hex(string.pack("<i16", -3)), hex(string.pack(">I16", 5)))  -- expect: fdffffffffffffffffffffffffffffff	00000000000000000000000000000005
print(hex(string.pack("<i1xi1", 1, 2)))  -- expect: 010002
print(string.unpack("<i4", "\1\0\0\0"))  -- expect: 1	5
print(string.unpack("<i2 >i2", "\1\0\0\1"))  -- expect: 1	1	5
print(string.unpack("z", "abc\0def"))  -- expect: abc	5
print(string.unpack("<s1", "\3abcdef"))  -- expect: abc	5
print(string.unpack("c3", "abcdef"))  -- expect: abc	4
print(string.unpack("<i4", "xx\1\0\0\0", 3))  -- expect: 1	7
print(string.unpack("<B", "abc", -1))  -- expect: 99	4
print(string.unpack("<d", string.pack("<d", 0.1)))  -- expect: 0.1	9
print(string.unpack("<f", string.pack("<f", 0.5)))  -- expect: 0.5	5
print(string.unpack("<i16", string.pack("<i16", -5)))  -- expect: -5	17
print(string.packsize("<i4i8"), string.packsize("!8 i1 i8"), string.packsize("c10"), string.packsize(""))  -- expect: 12	16	10	0
print(pcall(string.pack, "i17", 1))  -- expect: false	integral size (17) out of limits [1,16]
print(pcall(string.pack, "i0", 1))  -- expect: false	integral size (0) out of limits [1,16]
print(pcall(string.pack, "b", 128))  -- expect: false	bad argument #2 to 'string.pack' (integer overflow)
print(pcall(string.pack, "B", -1))  -- expect: false	bad argument #2 to 'string.pack' (unsigned overflow)
print(pcall(string.pack, "z", "a\0b"))  -- expect: false	bad argument #2 to 'string.pack' (string contains zeros)
print(pcall(string.pack, "s1", ("x"):rep(300)))  -- expect: false	bad argument #2 to 'string.pack' (string length does not fit in given size)
print(pcall(string.pack, "c2", "abc"))  -- expect: false	bad argument #2 to 'string.pack' (string longer than given size)
print(pcall(string.pack, "q", 1))  -- expect: false	invalid format option 'q'
print(pcall(string.pack, "i4", "x"))  -- expect: false	bad argument #2 to 'string.pack' (number expected, got string)
print(pcall(string.pack, "i4"))  -- expect: false	bad argument #2 to 'string.pack' (number expected, got nil)
print(pcall(string.unpack, "i4", "abc"))  -- expect: false	bad argument #2 to 'string.unpack' (data string too short)
print(pcall(string.unpack, "z", "abc"))  -- expect: true	abc	5
print(pcall(string.unpack, "<i9", ("\255"):rep(8) .. "\1"))  -- expect: false	9-byte integer does not fit into Lua Integer
print(pcall(string.unpack, "i4", "abcd", 10))  -- expect: false	bad argument #3 to 'string.unpack' (initial position out of string)
print(pcall(string.packsize, "s"))  -- expect: false	bad argument #1 to 'string.packsize' (variable-length format)
print(pcall(string.packsize, "z"))  -- expect: false	bad argument #1 to 'string.packsize' (variable-length format)
print(pcall(string.pack, "!3 i4", 1))  -- expect: false	bad argument #1 to 'string.pack' (format asks for alignment not power of 2)
print(pcall(string.pack, "X", 1))  -- expect: false	bad argument #1 to 'string.pack' (invalid next option for option 'X')
print(pcall(string.pack, "Xz", 1))  -- expect: false	bad argument #1 to 'string.pack' (invalid next option for option 'X')
print(pcall(string.pack, "c", "x"))  -- expect: false	missing size for format option 'c'
print(pcall(string.packsize, "c2147483647c2147483647"))  -- expect: false	invalid format option '7'
