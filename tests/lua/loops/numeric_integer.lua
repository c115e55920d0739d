-- Integer loops (manual 3.3.5).
for i = 1, 3 do print(i) end
for i = 3, 1, -1 do print(i) end
for i = 1, 0 do print("never", i) end
for i = 10, 1, 3 do print("never", i) end
for i = 1, 10, 4 do print(i) end
for i = 1, 2 do local i = i * 10; print(i) end
for i = 1, 3 do i = i + 100; print(i) end
for i = 1, 2.9 do print(math.type(i), i) end
for i = "1", 2 do print(i) end

-- expect: 1
-- expect: 2
-- expect: 3
-- expect: 3
-- expect: 2
-- expect: 1
-- expect: 1
-- expect: 5
-- expect: 9
-- expect: 10
-- expect: 20
-- expect: 101
-- expect: 102
-- expect: 103
-- expect: integer	1
-- expect: integer	2
-- expect: 1.0
-- expect: 2.0
-- A step of 0 goes on for as long as the limit, rounded down, is not above the start.
local function rounds(first, last, step)
  local count = 0
  for _ = first, last, step do
    count = count + 1
    if count == 3 then break end
  end
  return count
end
print(rounds(1, 1.5, 0), rounds(1, 2, 0), rounds(-2, -1.5, 0), rounds(1, 0.5, 0), rounds(1, 2.5, 0))  -- expect: 3	0	3	3	0
