"""Dictionaries: string keys that come and go, traversal of items."""

from __future__ import annotations

SIZE = 100_000


def run(rounds: int) -> int:
    inventory: dict[str, int] = {}
    total = 0
    for round_ in range(1, rounds + 1):
        key = f"k{round_ % 500}"
        inventory[key] = inventory.get(key, 0) + round_
        if round_ % 7 == 0:
            inventory.pop(f"k{round_ % 300}", None)
        if round_ % 1000 == 0:
            for name, count in inventory.items():
                if len(name) > 2:
                    total = (total + count) % 1000003
    return total
