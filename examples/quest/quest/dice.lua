-- Dice that fall the same way on every machine: a 64-bit linear congruential generator in a closure.

local dice = {}

local MULTIPLIER, INCREMENT = 6364136223846793005, 1442695040888963407

-- A function that rolls "2d6+1" and the like.
function dice.new(seed)
  local state = math.tointeger(seed) or error("a seed has to be an integer, not '" .. tostring(seed) .. "'", 2)
  local function die(sides)
    state = state * MULTIPLIER + INCREMENT -- wraps around at 64 bits
    return (state >> 33) % sides + 1
  end
  return function(notation)
    local count, sides, bonus = notation:match("^(%d*)d(%d+)([+-]?%d*)$")
    if not count then error("no dice: " .. notation, 2) end
    local total = math.tointeger(tonumber(bonus) or 0)
    for _ = 1, tonumber(count) or 1 do total = total + die(math.tointeger(tonumber(sides))) end
    return total
  end
end

return dice
