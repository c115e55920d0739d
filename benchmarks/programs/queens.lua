-- Backtracking: every solution of the queens problem.
local size = ...

local columns, rising, falling = {}, {}, {}

local function place(row)
  if row > size then return 1 end
  local solutions = 0
  for column = 1, size do
    local up, down = row + column, row - column + size
    if not columns[column] and not rising[up] and not falling[down] then
      columns[column], rising[up], falling[down] = true, true, true
      solutions = solutions + place(row + 1)
      columns[column], rising[up], falling[down] = false, false, false
    end
  end
  return solutions
end

return place(1)
