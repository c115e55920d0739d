-- The utf8 library (manual 6.5).
print(utf8.char(), utf8.char(72, 228, 8364, 128512) == "H\u{E4}\u{20AC}\u{1F600}", #utf8.char(0x10FFFF))
print(utf8.len("H\u{E4}\u{20AC}"), utf8.len(""), utf8.len("abc", 4), utf8.len("abc", 2, 3))
print(utf8.len("\xff"), utf8.len("ab\x80"))
print(utf8.codepoint("H\u{E4}\u{20AC}", 1, -1))
print(utf8.codepoint("abc"))
print(utf8.offset("a\u{E4}b", 3), utf8.offset("a\u{E4}b", -1), utf8.offset("a\u{E4}b", 5), utf8.offset("abc", 0, 2), utf8.offset("a\u{E4}b", 0, 3))
for p, c in utf8.codes("a\u{20AC}b") do print(p, c) end
print(utf8.charpattern == "[\0-\x7F\xC2-\xF4][\x80-\xBF]*")
for c in ("a\u{20AC}b"):gmatch(utf8.charpattern) do print(#c) end
print(pcall(utf8.codepoint, "\xff"))
print(pcall(utf8.codepoint, "abc", 4))
print(pcall(utf8.len, "abc", 5))
print(pcall(utf8.len, "abc", 1, 4))
print(pcall(utf8.char, -1))
print(pcall(utf8.char, 0x80000000))
print(pcall(utf8.offset, "\xE4", 1))
print(pcall(utf8.offset, "a\u{E4}b", 1, 3))
print(pcall(function() for _ in utf8.codes("a\xff") do end end))
print(utf8.len("\u{D800}"), utf8.len("\xF4\x90\x80\x80"), utf8.len("\xC0\x80"))
print(utf8.codepoint("\u{7FF}\u{800}\u{FFFF}\u{10000}", 1, -1))

-- expect: 	true	4
-- expect: 3	0	0	2
-- expect: nil	nil	3
-- expect: 72	228	8364
-- expect: 97
-- expect: 4	4	nil	2	2
-- expect: 1	97
-- expect: 2	8364
-- expect: 5	98
-- expect: true
-- expect: 1
-- expect: 3
-- expect: 1
-- expect: false	invalid UTF-8 code
-- expect: false	bad argument #3 to 'utf8.codepoint' (out of range)
-- expect: false	bad argument #2 to 'utf8.len' (initial position out of string)
-- expect: false	bad argument #3 to 'utf8.len' (final position out of string)
-- expect: false	bad argument #1 to 'utf8.char' (value out of range)
-- expect: false	bad argument #1 to 'utf8.char' (value out of range)
-- expect: true	1
-- expect: false	initial position is a continuation byte
-- expect: false	basic.lua:19: invalid UTF-8 code
-- expect: 1	nil	nil	1
-- expect: 2047	2048	65535	65536
