-- Syntax errors in the words of the reference implementation.
local function check(s) local f, m = load(s, "=x"); print(m) end
check "x"
check "x ="
check "local"
check "local 1"
check "for"
check "for i"
check "for i = 1"
check "for i = 1, 2"
check "for i in"
check "if"
check "if x"
check "if x then"
check "while true do"
check "repeat"
check "function"
check "function f("
check "function f(a,"
check "function f(... , a) end"
check "return return"
check "return 1,"
check "f("
check "f(1"
check "a.1"
check "a:b"
check "a.b:c = 1"
check "1 = 2"
check "a + b"
check "(a) = 1 (b)"
check "x = }"
check "x = {1, 2"
check "x = {\n1,\n2\n"
check "x = 'abc"
check "x = 0x"
check "x = 3x"
check "x = 1..2"
check "x = 1e"
check "goto 1"
check "::a"
check "local function 1"
check "local x <const> = 1"
check "x = @"
check "x = $"
check "x = `"
check "x = \1"
check "x = \200"
check "and"
check "x = and"
check "end"
check "do return 1 end end"
check "return 1 2"
check "x, 1 = 2"
check "f() = 1"
check "('x')"
check "x = ~= 2"
check "x = not"
check "break"
check "x = function end"
check "x = [["
check "--[["
check "x = 'a\\qb'"
check "if x then\n\nelse\n\n"
check "f(\n\n"

-- expect: x:1: syntax error near <eof>
-- expect: x:1: unexpected symbol near <eof>
-- expect: x:1: <name> expected near <eof>
-- expect: x:1: <name> expected near '1'
-- expect: x:1: <name> expected near <eof>
-- expect: x:1: '=' or 'in' expected near <eof>
-- expect: x:1: ',' expected near <eof>
-- expect: x:1: 'do' expected near <eof>
-- expect: x:1: unexpected symbol near <eof>
-- expect: x:1: unexpected symbol near <eof>
-- expect: x:1: 'then' expected near <eof>
-- expect: x:1: 'end' expected near <eof>
-- expect: x:1: 'end' expected near <eof>
-- expect: x:1: 'until' expected near <eof>
-- expect: x:1: <name> expected near <eof>
-- expect: x:1: <name> or '...' expected near <eof>
-- expect: x:1: <name> or '...' expected near <eof>
-- expect: x:1: ')' expected near ','
-- expect: x:1: unexpected symbol near 'return'
-- expect: x:1: unexpected symbol near <eof>
-- expect: x:1: unexpected symbol near <eof>
-- expect: x:1: ')' expected near <eof>
-- expect: x:1: syntax error near '.1'
-- expect: x:1: function arguments expected near <eof>
-- expect: x:1: function arguments expected near '='
-- expect: x:1: unexpected symbol near '1'
-- expect: x:1: syntax error near '+'
-- expect: x:1: syntax error near '='
-- expect: x:1: unexpected symbol near '}'
-- expect: x:1: '}' expected near <eof>
-- expect: x:4: '}' expected (to close '{' at line 1) near <eof>
-- expect: x:1: unfinished string near <eof>
-- expect: x:1: malformed number near '0x'
-- expect: x:1: syntax error near <eof>
-- expect: x:1: malformed number near '1..2'
-- expect: x:1: malformed number near '1e'
-- expect: x:1: <name> expected near '1'
-- expect: x:1: '::' expected near <eof>
-- expect: x:1: <name> expected near '1'
-- expect: x:1: unexpected symbol near '<'
-- expect: x:1: unexpected symbol near '@'
-- expect: x:1: unexpected symbol near '$'
-- expect: x:1: unexpected symbol near '`'
-- expect: x:1: unexpected symbol near '<\1>'
-- expect: x:1: unexpected symbol near '<\200>'
-- expect: x:1: unexpected symbol near 'and'
-- expect: x:1: unexpected symbol near 'and'
-- expect: x:1: <eof> expected near 'end'
-- expect: x:1: <eof> expected near 'end'
-- expect: x:1: <eof> expected near '2'
-- expect: x:1: unexpected symbol near '1'
-- expect: x:1: syntax error near '='
-- expect: x:1: syntax error near <eof>
-- expect: x:1: unexpected symbol near '~='
-- expect: x:1: unexpected symbol near <eof>
-- expect: x:1: <break> at line 1 not inside a loop
-- expect: x:1: '(' expected near 'end'
-- expect: x:1: unfinished long string (starting at line 1) near <eof>
-- expect: x:1: unfinished long comment (starting at line 1) near <eof>
-- expect: x:1: invalid escape sequence near ''a\q'
-- expect: x:5: 'end' expected (to close 'if' at line 1) near <eof>
-- expect: x:3: unexpected symbol near <eof>
