-- Blocks delimit scope; a local is visible after its own statement only.
local x = 1
do
  local x = x + 1
  print(x)  -- expect: 2
  do local x = x * 10; print(x) end  -- expect: 20
end
print(x)  -- expect: 1
local y = y
print(y)  -- expect: nil
local z = 1; local z = z + 1
print(z);;;  -- expect: 2
if false then elseif nil then else print("else") end  -- expect: else
if 0 then print("zero is true") end  -- expect: zero is true
if "" then print("empty string is true") end  -- expect: empty string is true
while true do local q = 5; break end
print(q)  -- expect: nil
do end
repeat local done = true until done
print(done)  -- expect: nil
