-- gmatch.
for w in ("one two  three"):gmatch("%a+") do print(w) end
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do print(k, v) end
for pos in ("abc"):gmatch("()") do print(pos) end
local n = 0
for _ in ("xxx"):gmatch("") do n = n + 1 end
print(n)
for m in ("abc"):gmatch("^a") do print("anchor is literal", m) end
for c in ("a\0b"):gmatch(".") do print(c:byte()) end
local next_word = ("x y"):gmatch("%a")
print(next_word(), next_word(), next_word(), next_word())
for a, b in ("k1v1k2v2"):gmatch("(k%d)(v%d)") do print(a .. b) end
for line in ("l1\nl2\n\nl4"):gmatch("([^\n]*)\n?") do print("[" .. line .. "]") end

-- expect: one
-- expect: two
-- expect: three
-- expect: a	1
-- expect: b	2
-- expect: 1
-- expect: 2
-- expect: 3
-- expect: 4
-- expect: 4
-- expect: 97
-- expect: 0
-- expect: 98
-- expect: x	y	nil
-- expect: k1v1
-- expect: k2v2
-- expect: [l1]
-- expect: [l2]
-- expect: []
-- expect: [l4]
