-- A fight as an iterator: each call plays one blow and tells about it.

local battle = {}

local VERBS = { "nicks", "hits", "wallops", "flattens" }

local function tell(attacker, defender, damage)
  local verb = VERBS[math.min(#VERBS, damage // 4 + 1)]
  local left = defender:alive() and ("#"):rep((defender.health + 1) // 2) or "."
  return ("%-12s %-8s %-12s for %2d   %s"):format(attacker.name, verb, defender.name, damage, left)
end

function battle.fight(hero, monster, roll)
  local attacker, defender = hero, monster
  local over = false
  return function()
    if over then return nil end
    if not defender:alive() or not attacker:alive() then
      over = true
      if hero:alive() then
        hero.gold, hero.slain = hero.gold + monster.gold, hero.slain + 1
        return ("%s falls. %d gold."):format(monster.name, monster.gold)
      end
      return ("%s falls."):format(hero.name)
    end
    local damage = roll(attacker.attack)
    defender:hurt(damage)
    local line = tell(attacker, defender, damage)
    attacker, defender = defender, attacker
    return line
  end
end

return battle
