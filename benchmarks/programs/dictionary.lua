-- Tables as dictionaries: string keys that come and go, traversal with pairs.
local rounds = ...

local inventory, total = {}, 0
for round = 1, rounds do
  local key = "k" .. round % 500
  inventory[key] = (inventory[key] or 0) + round
  if round % 7 == 0 then inventory["k" .. round % 300] = nil end
  if round % 1000 == 0 then
    for name, count in pairs(inventory) do
      if #name > 2 then total = (total + count) % 1000003 end
    end
  end
end
return total
