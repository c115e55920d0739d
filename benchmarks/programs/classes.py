"""Object orientation: classes with inheritance and method calls."""

from __future__ import annotations

SIZE = 3_000


class Account:
    __slots__ = ("balance", "operations")

    def __init__(self, balance: int) -> None:
        self.balance = balance
        self.operations = 0

    def deposit(self, amount: int) -> None:
        self.balance += amount
        self.record()

    def withdraw(self, amount: int) -> None:
        if amount <= self.available():
            self.balance -= amount
            self.record()

    def available(self) -> int:
        return self.balance

    def record(self) -> None:
        self.operations += 1


class Credit(Account):
    __slots__ = ("limit",)

    def __init__(self, balance: int, limit: int) -> None:
        super().__init__(balance)
        self.limit = limit

    def available(self) -> int:
        return self.balance + self.limit


def run(rounds: int) -> int:
    accounts = [Credit(100, i * 10) if i % 2 == 0 else Account(100) for i in range(1, 21)]
    for round_ in range(1, rounds + 1):
        for account in accounts:
            account.deposit(round_ % 10)
            account.withdraw(round_ % 13)
    total = 0
    for account in accounts:
        total += account.balance * 10 + account.operations
    return total
