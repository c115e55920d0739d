-- Float loops: one float among start and step makes a float loop.
for x = 1.0, 3 do print(x) end
for x = 1, 2, 0.5 do print(x) end
for x = 0.1, 0.35, 0.1 do print(x) end
for x = 1, 0.5, -0.25 do print(x) end
for x = 1, math.huge do if x > 3 then break end print(math.type(x), x) end
for x = 1.0, -math.huge, -1 do if x < 0 then break end print(x) end
for x = 1, 0 / 0 do print("never") end
for x = 3, -math.huge, 1 do print("never") end
for x = 1, 3, math.huge do print(x) end

-- expect: 1.0
-- expect: 2.0
-- expect: 3.0
-- expect: 1.0
-- expect: 1.5
-- expect: 2.0
-- expect: 0.1
-- expect: 0.2
-- expect: 0.3
-- expect: 1.0
-- expect: 0.75
-- expect: 0.5
-- expect: integer	1
-- expect: integer	2
-- expect: integer	3
-- expect: 1.0
-- expect: 0.0
