-- A small state machine with labels inside a loop body.
local input = "aab b"
local out = {}
local pos = 0
::start::
pos = pos + 1
local c = input:sub(pos, pos)
if c == "a" then goto state_a elseif c == "b" then goto state_b elseif c == " " then goto space end
goto finish
::state_a:: do out[#out + 1] = "A" goto start end
::state_b:: do out[#out + 1] = "B" goto start end
::space:: do goto start end
::finish::
print(table.concat(out))  -- expect: AABB
