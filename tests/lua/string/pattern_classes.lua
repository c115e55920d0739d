-- Every character class over all 256 bytes.
local function members(class)
  local out, start = {}, nil
  for b = 0, 256 do
    local hit = b < 256 and string.char(b):find("^" .. class .. "$") ~= nil
    if hit and not start then start = b end
    if not hit and start then out[#out + 1] = start == b - 1 and start or start .. "-" .. b - 1; start = nil end
  end
  return table.concat(out, " ")
end
print("%a", members "%a")  -- expect: %a	65-90 97-122
print("%c", members "%c")  -- expect: %c	0-31 127
print("%d", members "%d")  -- expect: %d	48-57
print("%g", members "%g")  -- expect: %g	33-126
print("%l", members "%l")  -- expect: %l	97-122
print("%p", members "%p")  -- expect: %p	33-47 58-64 91-96 123-126
print("%s", members "%s")  -- expect: %s	9-13 32
print("%u", members "%u")  -- expect: %u	65-90
print("%w", members "%w")  -- expect: %w	48-57 65-90 97-122
print("%x", members "%x")  -- expect: %x	48-57 65-70 97-102
print("%A", members "%A")  -- expect: %A	0-64 91-96 123-255
print("%S", members "%S")  -- expect: %S	0-8 14-31 33-255
print(".", members ".")  -- expect: .	0-255
print("[a-c]", members "[a-c]")  -- expect: [a-c]	97-99
print("[^a-c]", members "[^a-c]")  -- expect: [^a-c]	0-96 100-255
print("[%a_]", members "[%a_]")  -- expect: [%a_]	65-90 95 97-122
print("[]]", members "[]]")  -- expect: []]	93
print("[^]]", members "[^]]")  -- expect: [^]]	0-92 94-255
print("[a-]", members "[a-]")  -- expect: [a-]	45 97
print("[%-a]", members "[%-a]")  -- expect: [%-a]	45 97
print("[\\0-\\9]", members "[\0-\9]")  -- expect: [\0-\9]	0-9
print("[\\200-\\255]", members "[\200-\255]")  -- expect: [\200-\255]	200-255
print("[%]]", members "[%]]")  -- expect: [%]]	93
print("[a%-z]", members "[a%-z]")  -- expect: [a%-z]	45 97 122
print("[+--]", members "[+--]")  -- expect: [+--]	43-45
