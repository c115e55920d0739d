-- Small float functions over arrays: the spectral norm of an infinite matrix.
local n = ...

local function a(i, j)
  local ij = i + j - 1
  return 1.0 / (ij * (ij - 1) * 0.5 + i)
end

local function multiply(x, y)
  for i = 1, n do
    local sum = 0.0
    for j = 1, n do sum = sum + x[j] * a(i, j) end
    y[i] = sum
  end
end

local function multiply_transposed(x, y)
  for i = 1, n do
    local sum = 0.0
    for j = 1, n do sum = sum + x[j] * a(j, i) end
    y[i] = sum
  end
end

local u, v, t = {}, {}, {}
for i = 1, n do u[i] = 1.0 end
for _ = 1, 5 do
  multiply(u, t)
  multiply_transposed(t, v)
  multiply(v, t)
  multiply_transposed(t, u)
end
local uv, vv = 0.0, 0.0
for i = 1, n do
  uv = uv + u[i] * v[i]
  vv = vv + v[i] * v[i]
end
return math.sqrt(uv / vv)
