-- Object orientation: classes with inheritance and method calls.
local rounds = ...

local Account = {}
Account.__index = Account

function Account.new(class, balance)
  return setmetatable({balance = balance, operations = 0}, class)
end

function Account:deposit(amount)
  self.balance = self.balance + amount
  self:record()
end

function Account:withdraw(amount)
  if amount <= self:available() then
    self.balance = self.balance - amount
    self:record()
  end
end

function Account:available() return self.balance end

function Account:record() self.operations = self.operations + 1 end

local Credit = setmetatable({}, {__index = Account})
Credit.__index = Credit

function Credit.new(class, balance, limit)
  local self = Account.new(class, balance)
  self.limit = limit
  return self
end

function Credit:available() return self.balance + self.limit end

local accounts = {}
for i = 1, 20 do
  accounts[i] = i % 2 == 0 and Credit:new(100, i * 10) or Account:new(100)
end
for round = 1, rounds do
  for i = 1, #accounts do
    local account = accounts[i]
    account:deposit(round % 10)
    account:withdraw(round % 13)
  end
end
local total = 0
for _, account in ipairs(accounts) do
  total = total + account.balance * 10 + account.operations
end
return total
