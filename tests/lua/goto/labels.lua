-- Visibility of labels (manual 3.3.4).
print(load("goto missing"))  -- expect: nil	[string "goto missing"]:1: no visible label 'missing' for <goto> at line 1
print(load("do ::inner:: end goto inner"))  -- expect: nil	[string "do ::inner:: end goto inner"]:1: no visible label 'inner' for <goto> at line 1
print(load("goto f; local x; ::f:: print(x)"))  -- expect: nil	[string "goto f; local x; ::f:: print(x)"]:1: <goto f> at line 1 jumps into the scope of local 'x'
print(load("::a:: ::a::"))  -- expect: nil	[string "::a:: ::a::"]:1: label 'a' already defined on line 1
print(load("repeat if x then goto cont end; local y; ::cont:: until y"))  -- expect: nil	[string "repeat if x then goto cont end; local y; ::co..."]:1: <goto cont> at line 1 jumps into the scope of local 'y'
print(load("break"))  -- expect: nil	[string "break"]:1: <break> at line 1 not inside a loop
print(type(load("do goto e; local x; ::e:: end")))  -- expect: function
print(type(load("do goto e; local x; ::e:: ; ; end")))  -- expect: function
print(type(load("::a:: do ::b:: end ::c:: do ::b:: end")))  -- expect: function
print(type(load("do ::l:: do ::l:: end end")))  -- expect: function
print(type(load("function f() ::l:: end ::l::")))  -- expect: function
