-- Malformed patterns.
local function check(...) print(pcall(string.find, ...)) end
check("a", "[a")
check("a", "[")
check("a", "[^")
check("a", "[]")
check("a", "%")
check("a", "(a")
check("a", "a)")
check("a", "%b")
check("a", "%bx")
check("a", "%f")
check("a", "%fa")
check("a", "%1")
check("a", "(%1)")
check("a", "(a)%2")
check("a", "[%")
check("a", "[a%")
check("a", ("(a)"):rep(33))
check("a", "%g(")
print(pcall(string.gsub, "a", "a", "%2"))
print(pcall(string.gsub, "a", "a", "%"))
print(pcall(string.gsub, "a", "a", "%a"))
print(pcall(string.gsub, "a", "a", true))
print(pcall(string.gsub, "a", "a"))
print(pcall(string.gsub, "a", "a", function() return {} end))
print(pcall(string.gsub, "a", "a", {a = {}}))
print(pcall(string.gmatch, "a"))
print(pcall(string.match, ("a"):rep(300000), (".-"):rep(300000) .. "b") == false)

-- expect: false	malformed pattern (missing ']')
-- expect: false	malformed pattern (missing ']')
-- expect: false	malformed pattern (missing ']')
-- expect: false	malformed pattern (missing ']')
-- expect: false	malformed pattern (ends with '%')
-- expect: false	unfinished capture
-- expect: true	nil
-- expect: false	malformed pattern (missing arguments to '%b')
-- expect: false	malformed pattern (missing arguments to '%b')
-- expect: false	missing '[' after '%f' in pattern
-- expect: false	missing '[' after '%f' in pattern
-- expect: false	invalid capture index %1
-- expect: false	invalid capture index %1
-- expect: false	invalid capture index %2
-- expect: false	malformed pattern (missing ']')
-- expect: false	malformed pattern (missing ']')
-- expect: true	nil
-- expect: false	unfinished capture
-- expect: false	invalid capture index %2
-- expect: false	invalid use of '%' in replacement string
-- expect: false	invalid use of '%' in replacement string
-- expect: false	bad argument #3 to 'string.gsub' (string/function/table expected)
-- expect: false	bad argument #3 to 'string.gsub' (string/function/table expected)
-- expect: false	invalid replacement value (a table)
-- expect: false	invalid replacement value (a table)
-- expect: false	bad argument #2 to 'string.gmatch' (string expected, got no value)
-- expect: true
