-- The Lantern Road: a small mod of several files, as a game would load it from a stranger.
--
--   vlua run examples/quest/main.lua                  plays it in a virtual machine room
--   vlua run examples/quest/main.lua Brannoc          … with a hero of your own
--   vlua run --env HERO=Sif examples/quest/main.lua   … named by the environment
--   vlua run --mode refuse examples/quest/main.lua    refuses it

local heroName = arg and arg[1] or os.getenv("HERO") or "Wren"

local Bestiary = require "quest.bestiary"
local Hero = require "quest.hero"
local battle = require "quest.battle"
local dice = require "quest.dice"
local journal = require "quest.journal"

local function rule(title)
  print(("\n== %s %s"):format(title, ("="):rep(64 - #title)))
end

-- 1. Data files ---------------------------------------------------------------------------------------------------

local settings = journal.readSettings("data/settings.ini")
print(("THE LANTERN ROAD  -  a quest for %s, begun on %s"):format(
  heroName, os.date("!%A, %d %B %Y", settings.calendar.begun)))

rule "The bestiary"
local bestiary, complaints = Bestiary.read("data/monsters.csv")
for _, monster in ipairs(bestiary:sorted()) do
  print(("  %-15s %3d health  %-6s %s"):format(monster.name, monster.health, monster.attack, monster.habits))
end
for _, complaint in ipairs(complaints) do
  print("  ! " .. complaint)
end

-- 2. Classes, closures, a seeded generator ------------------------------------------------------------------------

local roll = dice.new(settings.rules.seed)
local hero = Hero.new(heroName, settings.rules.health)
local log = journal.new()

for night, name in ipairs(settings.road) do
  rule(("Night %d: %s"):format(night, name))
  local monster = bestiary:spawn(name)
  for line in battle.fight(hero, monster, roll) do
    print("  " .. line)
  end
  log:write { night = night, met = name, health = hero.health, gold = hero.gold, alive = hero:alive() }
  if not hero:alive() then break end
  hero:rest(roll)
end

-- 3. Errors are values --------------------------------------------------------------------------------------------

rule "Mistakes were made"
print("  ", pcall(bestiary.spawn, bestiary, "Jabberwock"))
print("  ", pcall(function() return hero.mana + 1 end))
local ok, problem = pcall(hero.cast, hero, "Fireball")
print("  ", ok, problem.code, tostring(problem))
print("  ", select(2, xpcall(dice.new, function(message) return "handled: " .. message end, "a seed")))

-- 4. Saves: written, read back, renamed, removed -------------------------------------------------------------------

rule "The journal"
assert(log:save("saves.lua"))
assert(os.rename("saves.lua", "quest.sav"))
print("  saves.lua is " .. (io.open("saves.lua") and "still there" or "gone, it is quest.sav now"))
local again = journal.load("quest.sav")
for _, entry in ipairs(again.entries) do
  print(("  night %d  %-15s health %3d  gold %3d%s"):format(
    entry.night, entry.met, entry.health, entry.gold, entry.alive and "" or "  (and that was that)"))
end
print("  same journal after loading: " .. tostring(again == log))

local lines, bytes = 0, 0
for line in io.lines("quest.sav") do
  lines, bytes = lines + 1, bytes + #line + 1
end
print(("  quest.sav: %d lines, %d bytes, in no directory but this room's"):format(lines, bytes))
assert(os.remove("quest.sav"))

rule "The end"
print(("  %s %s with %d gold, having slain %d of %d."):format(
  hero.name, hero:alive() and "reaches the lighthouse" or "sleeps by the road", hero.gold, hero.slain, #settings.road))
print(("  The quest took %s."):format(
  os.difftime(os.time(), settings.calendar.begun) > 0 and "some time" or "less than no time"))
