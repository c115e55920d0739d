-- Classes by metatables.
local Animal = {}
Animal.__index = Animal
function Animal.new(name) return setmetatable({name = name}, Animal) end
function Animal:speak() return self.name .. " makes a sound" end
function Animal:rename(name) self.name = name; return self end
local Dog = setmetatable({}, {__index = Animal})
Dog.__index = Dog
function Dog.new(name) local d = Animal.new(name); return setmetatable(d, Dog) end
function Dog:speak() return Animal.speak(self) .. ": woof" end
print(Animal.new("cat"):speak())  -- expect: cat makes a sound
print(Dog.new("rex"):speak())  -- expect: rex makes a sound: woof
print(Dog.new("rex"):rename("max"):speak())  -- expect: max makes a sound: woof
print(rawget(Dog, "rename"), Dog.rename == Animal.rename)  -- expect: nil	true
local Stack = {}
Stack.__index = Stack
Stack.__len = function(s) return s.n end
Stack.__call = function(s, v) s.n = s.n + 1; s[s.n] = v; return s end
local s = setmetatable({n = 0}, Stack)
s(1)(2)(3)
print(#s, s[3])  -- expect: 3	3
