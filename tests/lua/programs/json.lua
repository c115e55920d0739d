-- A small serializer and parser: strings, patterns, recursion and errors together.
local function encode(v)
  local t = type(v)
  if t == "table" then
    if #v > 0 then local o = {}; for i, x in ipairs(v) do o[i] = encode(x) end return "[" .. table.concat(o, ",") .. "]" end
    local keys = {}
    for k in pairs(v) do keys[#keys + 1] = k end
    table.sort(keys)
    for i, k in ipairs(keys) do keys[i] = encode(k) .. ":" .. encode(v[k]) end
    return "{" .. table.concat(keys, ",") .. "}"
  elseif t == "string" then return '"' .. v:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
  else return tostring(v) end
end
print(encode {name = "Lua", list = {1, 2.5, true}, empty = {}, text = "a\"b\n"})  -- expect: {"empty":{},"list":[1,2.5,true],"name":"Lua","text":"a\u0022b\u000a"}
local function decode(s)
  local pos = 1
  local function skip() pos = s:find("%S", pos) or #s + 1 end
  local value
  local function fail(m) error(("at %d: %s"):format(pos, m), 0) end
  function value()
    skip()
    local c = s:sub(pos, pos)
    if c == "{" then
      pos = pos + 1
      local t = {}
      skip()
      while s:sub(pos, pos) ~= "}" do
        local k = value(); skip()
        if s:sub(pos, pos) ~= ":" then fail("':' expected") end
        pos = pos + 1
        t[k] = value(); skip()
        if s:sub(pos, pos) == "," then pos = pos + 1; skip() end
      end
      pos = pos + 1
      return t
    elseif c == "[" then
      pos = pos + 1
      local t = {}
      skip()
      while s:sub(pos, pos) ~= "]" do t[#t + 1] = value(); skip(); if s:sub(pos, pos) == "," then pos = pos + 1 end; skip() end
      pos = pos + 1
      return t
    elseif c == '"' then
      local text, stop = s:match('^"([^"]*)"()', pos)
      pos = stop
      return text
    end
    local number, stop = s:match("^(-?[%d.eE+-]+)()", pos)
    if number then pos = stop; return tonumber(number) end
    local word, stop2 = s:match("^(%a+)()", pos)
    if word == "true" or word == "false" then pos = stop2; return word == "true" end
    fail("unexpected '" .. c .. "'")
  end
  return value()
end
local t = decode '{"a": [1, 2.5, {"b": "c"}], "d": true}'
print(t.a[1], t.a[2], t.a[3].b, t.d)  -- expect: 1	2.5	c	true
print(encode(t))  -- expect: {"a":[1,2.5,{"b":"c"}],"d":true}
print(pcall(decode, '{"a" 1}'))  -- expect: false	at 6: ':' expected
print(pcall(decode, "[1, ?]"))  -- expect: false	at 5: unexpected '?'
