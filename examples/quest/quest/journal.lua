-- What happened, saved as Lua source and loaded back; and the reader of settings files.

local Class = require "quest.class"

local Journal = Class "Journal"

function Journal:init(entries) self.entries = entries or {} end

function Journal:write(entry) self.entries[#self.entries + 1] = entry end

local function serialise(value)
  if type(value) ~= "table" then return ("%q"):format(value) end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  for i, key in ipairs(keys) do
    keys[i] = ("[%s] = %s"):format(serialise(key), serialise(value[key]))
  end
  return "{ " .. table.concat(keys, ", ") .. " }"
end

Journal.__eq = function(a, b) return serialise(a.entries) == serialise(b.entries) end

function Journal:save(path)
  local file, reason = io.open(path, "w")
  if not file then return nil, reason end
  file:write("-- a journal of the Lantern Road\n", "return {\n")
  for _, entry in ipairs(self.entries) do file:write("  ", serialise(entry), ",\n") end
  file:write("}\n")
  return file:close()
end

local journal = { new = Journal }

-- A saved journal; the file is code, so it is given nothing to work with.
function journal.load(path)
  return Journal(assert(loadfile(path, "t", {}))())
end

-- `key = value` lines under `[section]` headings; keys and values that look like integers are integers.
function journal.readSettings(path)
  local settings, section = {}, nil
  for line in io.lines(path) do
    line = line:gsub("%s*;.*$", "")
    local heading = line:match("^%[(%w+)%]$")
    local key, value = line:match("^(%w+)%s*=%s*(.-)%s*$")
    if heading then
      section = {}
      settings[heading] = section
    elseif key then
      section[math.tointeger(tonumber(key)) or key] = math.tointeger(tonumber(value)) or value
    end
  end
  return settings
end

return journal
