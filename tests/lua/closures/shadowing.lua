-- Names which mean something to Python are plain names here.
local self, cls, None, True, False = 1, 2, 3, 4, 5
print(self, cls, None, True, False)  -- expect: 1	2	3	4	5
local def, class, lambda, import, from, pass, yield, async, await = 1, 2, 3, 4, 5, 6, 7, 8, 9
print(def + class + lambda + import + from + pass + yield + async + await)  -- expect: 45
local __builtins__, __name__, __class__, __debug__ = "b", "n", "c", "d"
print(__builtins__ .. __name__ .. __class__ .. __debug__)  -- expect: bncd
local function print_all(print, type, int, str, len, tuple, ...) return print, type, int, str, len, tuple, ... end
print(print_all(1, 2, 3, 4, 5, 6, 7))  -- expect: 1	2	3	4	5	6	7
local try, except, finally, raise, global, nonlocal, with, as, del, assert_, is = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
print(try + except + finally + raise + global + nonlocal + with + as + del + assert_ + is)  -- expect: 66
lambda = {def = {class = {None = "deep"}}}
print(lambda.def.class.None)  -- expect: deep
None = nil
print(None)  -- expect: nil
__import__ = "global"
print(__import__, _G.__import__)  -- expect: global	global
local _ = 1
local __ = 2
print(_ + __)  -- expect: 3
local function exec(eval) local function open(exec) return exec, eval end return open(1) end
print(exec(2))  -- expect: 1	2
