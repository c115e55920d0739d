-- Float arithmetic in nested loops: points inside the Mandelbrot set.
local size = ...

local inside = 0
for py = 0, size - 1 do
  local ci = 2.0 * py / size - 1.0
  for px = 0, size - 1 do
    local cr = 2.0 * px / size - 1.5
    local zr, zi = 0.0, 0.0
    local escaped = false
    for _ = 1, 50 do
      local zr2, zi2 = zr * zr, zi * zi
      if zr2 + zi2 > 4.0 then
        escaped = true
        break
      end
      zi = 2.0 * zr * zi + ci
      zr = zr2 - zi2 + cr
    end
    if not escaped then inside = inside + 1 end
  end
end
return inside
