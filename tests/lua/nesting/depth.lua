-- Blocks and expressions nested about as deep as the language allows.
local function blocks(open, close, n) return load(open:rep(n) .. " depth = (depth or 0) + 1 " .. close:rep(n)) end
depth = 0
blocks("do ", "end ", 190)()
blocks("if true then ", "end ", 190)()
blocks("while true do ", "break end ", 190)()
blocks("repeat ", "until true ", 190)()
blocks("for i = 1, 1 do ", "end ", 45)()
blocks("for k in pairs {1} do ", "end ", 45)()
print(depth)  -- expect: 6
print(load("return " .. ("("):rep(190) .. "7" .. (")"):rep(190))())  -- expect: 7
print(#load("return " .. ("{"):rep(190) .. ("}"):rep(190))())  -- expect: 1
print(load("return " .. ("not "):rep(190) .. "nil")())  -- expect: false
print(load("return " .. ("-"):rep(1) .. (" -"):rep(189) .. "7")())  -- expect: 7
print(load("return " .. ("(function() return "):rep(60) .. "'inside'" .. (" end)()"):rep(60))())  -- expect: inside
print(load("return " .. ("a."):rep(50) .. "b") ~= nil)  -- expect: true
print(load(("("):rep(300) .. "1" .. (")"):rep(300)))  -- expect: nil	[string "(((((((((((((((((((((((((((((((((((((((((((((..."]:1: too many C levels (limit is 200) in main function near '('
print((select(2, load(("do "):rep(300) .. ("end "):rep(300)))))  -- expect: [string "do do do do do do do do do do do do do do do ..."]:1: too many C levels (limit is 200) in main function near 'do'
