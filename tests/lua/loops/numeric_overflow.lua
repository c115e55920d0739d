-- Near the ends of the integer range the control variable wraps around, so the loop goes on (manual 3.3.5).
local function run(first, last, step)
  local seen = {}
  for i = first, last, step do
    seen[#seen + 1] = i
    if #seen == 4 then seen[#seen + 1] = "..." break end
  end
  print(table.concat(seen, " "))
end
run(math.maxinteger - 1, math.maxinteger, 1)
run(math.mininteger + 1, math.mininteger, -1)
run(math.maxinteger - 1, math.huge, 1)
run(math.maxinteger, math.maxinteger, math.maxinteger)
run(1, math.maxinteger, math.maxinteger)
run(1, math.maxinteger, math.maxinteger // 2)
run(math.mininteger, 0, math.maxinteger)
run(1, -2 ^ 70, 1)
run(1, -2 ^ 70, -math.maxinteger)
run(math.mininteger, -2 ^ 70, -1)
run(math.mininteger + 1, -math.huge, -1)
run(-1, math.mininteger, math.mininteger)
run(3, 2 ^ 63, math.mininteger)
run(0, 1.99, 1)
run(0, -1.99, -1)
run(2.0 ^ 53, math.huge, 1)

-- expect: 9223372036854775806 9223372036854775807 -9223372036854775808 -9223372036854775807 ...
-- expect: -9223372036854775807 -9223372036854775808 9223372036854775807 9223372036854775806 ...
-- expect: 9223372036854775806 9223372036854775807 -9223372036854775808 -9223372036854775807 ...
-- expect: 9223372036854775807 -2 9223372036854775805 -4 ...
-- expect: 1 -9223372036854775808 -1 9223372036854775806 ...
-- expect: 1 4611686018427387904 9223372036854775807 -4611686018427387906 ...
-- expect: -9223372036854775808 -1
-- expect:
-- expect: 1 -9223372036854775806 3 -9223372036854775804 ...
-- expect: -9223372036854775808 9223372036854775807 9223372036854775806 9223372036854775805 ...
-- expect: -9223372036854775807 -9223372036854775808 9223372036854775807 9223372036854775806 ...
-- expect: -1 9223372036854775807 -1 9223372036854775807 ...
-- expect:
-- expect: 0 1
-- expect: 0 -1
-- expect: 9.007199254741e+15 9.007199254741e+15 9.007199254741e+15 9.007199254741e+15 ...
