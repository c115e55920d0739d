-- Records in an array: particles that bounce off walls.
local steps = ...

local particles = {}
for i = 1, 200 do
  particles[i] = {x = i * 0.5, y = i * 0.25, vx = i % 7 - 3.0, vy = i % 5 - 2.0, bounces = 0}
end

for _ = 1, steps do
  for _, p in ipairs(particles) do
    p.x = p.x + p.vx * 0.1
    p.y = p.y + p.vy * 0.1
    if p.x < 0.0 or p.x > 100.0 then
      p.vx = -p.vx
      p.bounces = p.bounces + 1
    end
    if p.y < 0.0 or p.y > 100.0 then
      p.vy = -p.vy
      p.bounces = p.bounces + 1
    end
  end
end

local bounces, sum = 0, 0.0
for _, p in ipairs(particles) do
  bounces = bounces + p.bounces
  sum = sum + p.x + p.y
end
return bounces + sum
