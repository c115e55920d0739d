-- Patterns: counting words, replacing, splitting.
local rounds = ...

local text = ("The quick brown fox jumps over the lazy dog; 42 times, or 17 if it rains. "):rep(20)
local total = 0
for _ = 1, rounds do
  local counts = {}
  for word in text:gmatch("%a+") do
    word = word:lower()
    counts[word] = (counts[word] or 0) + 1
  end
  local swapped, replaced = text:gsub("(%w+) (%w+)", "%2 %1")
  local numbers = 0
  for digits in swapped:gmatch("%d+") do numbers = numbers + tonumber(digits) end
  local trimmed = ("   padded %d   "):match("^%s*(.-)%s*$")
  total = total + counts["the"] + counts["fox"] + replaced + numbers + #trimmed + (text:find("rains", 1, true))
end
return total
