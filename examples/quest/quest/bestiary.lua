-- The monsters of a CSV file: what cannot be read is reported, not fatal.

local Class = require "quest.class"
local Fighter = require("quest.hero").Fighter

local Bestiary = Class "Bestiary"

function Bestiary:init() self.monsters, self.count = {}, 0 end

local function parse(line)
  local fields = {}
  for field in (line .. ";"):gmatch("%s*(.-)%s*;") do fields[#fields + 1] = field end
  local name, health, attack, gold, habits = table.unpack(fields)
  health = math.tointeger(tonumber(health)) or error(("%s: '%s' is no health"):format(name, health), 0)
  return { name = name, health = health, attack = attack, gold = math.tointeger(tonumber(gold)), habits = habits }
end

function Bestiary.read(path)
  local bestiary, complaints, number = Bestiary(), {}, 0
  for line in assert(io.open(path)):lines() do
    number = number + 1
    if not line:find("^%s*#") and line:find("%S") then
      local ok, monster = pcall(parse, line)
      if ok then
        bestiary.monsters[monster.name] = monster
        bestiary.count = bestiary.count + 1
      else
        complaints[#complaints + 1] = ("line %d: %s"):format(number, monster)
      end
    end
  end
  return bestiary, complaints
end

function Bestiary:sorted()
  local list = {}
  for _, monster in pairs(self.monsters) do list[#list + 1] = monster end
  table.sort(list, function(a, b) return a.health < b.health end)
  return list
end

function Bestiary:spawn(name)
  local kind = self.monsters[name] or error("nobody has ever seen a " .. name)
  local monster = Fighter(kind.name, kind.health, kind.attack)
  monster.gold = kind.gold
  return monster
end

return Bestiary
