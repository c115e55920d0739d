-- Fighters, and the hero, who is one. Errors that the hero raises are objects.

local Class = require "quest.class"

local Fighter = Class "Fighter"

function Fighter:init(name, health, attack)
  self.name, self.health, self.attack = name, health, attack
end

function Fighter:alive() return self.health > 0 end

function Fighter:hurt(damage)
  self.health = math.max(0, self.health - damage)
  return self
end

Fighter.__tostring = function(self) return ("%s (%d)"):format(self.name, self.health) end

local Misfortune = Class "Misfortune"
function Misfortune:init(code, text) self.code, self.text = code, text end
Misfortune.__tostring = function(self) return self.text end

local Hero = Class("Hero", Fighter)
Hero.__tostring = Fighter.__tostring

function Hero:init(name, health)
  Fighter.init(self, name, health, "2d6")
  self.most, self.gold, self.slain = health, 0, 0
end

function Hero:rest(roll)
  self.health = math.min(self.most, self.health + roll "2d4")
end

function Hero:cast(spell)
  error(Misfortune("ENOMANA", self.name .. " has never heard of " .. spell))
end

return { new = Hero, Fighter = Fighter }
