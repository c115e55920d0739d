-- Allocation: many short-lived trees.
local depth = ...

local function build(depth)
  if depth == 0 then return {left = false, right = false} end
  return {left = build(depth - 1), right = build(depth - 1)}
end

local function check(tree)
  if not tree.left then return 1 end
  return 1 + check(tree.left) + check(tree.right)
end

local total = 0
for d = 4, depth, 2 do
  for _ = 1, 1 << (depth - d) do total = total + check(build(d)) end
end
return total
