-- Escape sequences and long strings (manual 3.1).
print("a\tb\\n\"'\'")
print(#"\a\b\f\n\r\t\v\\\"\'")
print("\65\066\x43\u{44}", #"\u{10FFFF}", #"\0001")
print("a\z
       b")
print("line\
continued")
print([[long
string]])
print([==[with ]] and ]=] inside]==])
print([[
first newline dropped]])
print(#[[

]])
print('single "quotes" inside', "double 'quotes' inside")
print(("\228\246\252"):byte(1, -1))
print(("\u{E4}\u{20AC}\u{10FFFF}"):byte(1, -1))
print(load [[return "\q"]])
print(load [[return "\300"]])
print(load [[return "\xG0"]])
print(load [[return "\u{110000}"]])
print(load [[return "\u123"]])
print(load [[return "unfinished]])
print(load "return 'a\nb'")
print(load "return [[unfinished")
print(load "return [==x")
print(load "--[[unfinished comment")

-- expect: a	b\n"''
-- expect: 10
-- expect: ABCD	4	2
-- expect: ab
-- expect: line
-- expect: continued
-- expect: long
-- expect: string
-- expect: with ]] and ]=] inside
-- expect: first newline dropped
-- expect: 1
-- expect: single "quotes" inside	double 'quotes' inside
-- expect: 228	246	252
-- expect: 195	164	226	130	172	244	143	191	191
-- expect: nil	[string "return "\q""]:1: invalid escape sequence near '"\q'
-- expect: nil	[string "return "\300""]:1: decimal escape too large near '"\300"'
-- expect: nil	[string "return "\xG0""]:1: hexadecimal digit expected near '"\xG'
-- expect: nil	[string "return "\u{110000}""]:1: UTF-8 value too large near '"\u{110000'
-- expect: nil	[string "return "\u123""]:1: missing '{' near '"\u1'
-- expect: nil	[string "return "unfinished"]:1: unfinished string near <eof>
-- expect: nil	[string "return 'a..."]:1: unfinished string near ''a'
-- expect: nil	[string "return [[unfinished"]:1: unfinished long string (starting at line 1) near <eof>
-- expect: nil	[string "return [==x"]:1: invalid long string delimiter near '[=='
-- expect: nil	[string "--[[unfinished comment"]:1: unfinished long comment (starting at line 1) near <eof>
