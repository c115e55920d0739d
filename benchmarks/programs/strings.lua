-- Strings: building, slicing, formatting, bytes.
local lines = ...
local format, concat = string.format, table.concat

local out, hash = {}, 0
for i = 1, lines do
  local name = "item" .. i
  local line = format("%-10s %5d %8.2f", name, i, i / 3)
  out[#out + 1] = line:sub(1, 10):upper() .. "|" .. line:sub(-8)
  if i % 100 == 0 then out[#out + 1] = ("-"):rep(20) end
end
local text = concat(out, "\n")
for i = 1, #text, 3 do hash = (hash * 31 + text:byte(i)) % 1000000007 end
local reversed = ""
for i = 1, 2000 do reversed = text:sub(i, i) .. reversed end
return hash + #text + #reversed
