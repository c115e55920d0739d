-- Loop parameters must be numbers and the step must not be zero.
print(pcall(load "for i = 1, 10, 0 do end"))  -- expect: true
print(pcall(load "for i = 1.0, 10, 0.0 do print('no iteration') break end"))  -- expect: true
print(pcall(load "for i = {}, 10 do end"))  -- expect: false	[string "for i = {}, 10 do end"]:1: 'for' initial value must be a number
print(pcall(load "for i = 1, {} do end"))  -- expect: false	[string "for i = 1, {} do end"]:1: 'for' limit must be a number
print(pcall(load "for i = 1, 2, {} do end"))  -- expect: false	[string "for i = 1, 2, {} do end"]:1: 'for' step must be a number
print(pcall(load "for i = 1, 'x' do end"))  -- expect: false	[string "for i = 1, 'x' do end"]:1: 'for' limit must be a number
print(pcall(load "for i = nil, 1 do end"))  -- expect: false	[string "for i = nil, 1 do end"]:1: 'for' initial value must be a number
