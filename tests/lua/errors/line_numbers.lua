-- Positions in messages.
local function f()
  local x =
    nil
  return x
    .y
end
print(pcall(f))  -- expect: false	line_numbers.lua:6: attempt to index a nil value (local 'x')
local function g()
  return 1 +
    {} +
    2
end
print(pcall(g))  -- expect: false	line_numbers.lua:10: attempt to perform arithmetic on a table value
local function h()
  print(
    undefined
      .x
  )
end
print(pcall(h))  -- expect: false	line_numbers.lua:19: attempt to index a nil value (global 'undefined')
local function call()
  local t = {}
  t.a(
    1,
    2
  )
end
print(pcall(call))  -- expect: false	line_numbers.lua:24: attempt to call a nil value (field 'a')
print(pcall(load("\n\nerror('third line')", "@file.lua")))  -- expect: false	file.lua:3: third line
print(pcall(load("error('in string chunk')")))  -- expect: false	[string "error('in string chunk')"]:1: in string chunk
print(pcall(load("error('in named chunk')", "=named")))  -- expect: false	named:1: in named chunk
print(pcall(load("error('long first line')" .. ("x"):rep(10) .. "= 1", "a long chunk name that is more than sixty characters long, so it is cut")))  -- expect: false	[string "a long chunk name that is more than sixty cha..."]:1: long first line
print(pcall(load("error('x')", "two\nlines")))  -- expect: false	[string "two..."]:1: x
print(pcall(load("error('x')", "@" .. ("long/"):rep(30) .. "file.lua")))  -- expect: false	...ng/long/long/long/long/long/long/long/long/long/file.lua:1: x
