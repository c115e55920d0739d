-- Arrays of arrays: matrix multiplication.
local n = ...

local function matrix(seed)
  local m = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = (i * seed + j) % 10 + 0.5 end
    m[i] = row
  end
  return m
end

local function multiply(a, b)
  local c = {}
  for i = 1, n do
    local row, ai = {}, a[i]
    for j = 1, n do
      local sum = 0.0
      for k = 1, n do sum = sum + ai[k] * b[k][j] end
      row[j] = sum
    end
    c[i] = row
  end
  return c
end

local c = multiply(matrix(3), matrix(7))
local trace = 0.0
for i = 1, n do trace = trace + c[i][i] end
return trace
