"""Sorting: numbers, strings, and records by a comparator."""

from __future__ import annotations

from functools import cmp_to_key

SIZE = 10_000


class Record:
    __slots__ = ("id", "key")

    def __init__(self, key: int, id: int) -> None:
        self.key = key
        self.id = id


def compare(a: Record, b: Record) -> int:
    if a.key != b.key:
        return a.key - b.key
    return a.id - b.id


def run(count: int) -> int:
    seed = 42

    def random() -> int:
        nonlocal seed
        seed = (seed * 1103515245 + 12345) % 2147483648
        return seed

    records, numbers, names = [], [], []
    for i in range(1, count + 1):
        key = random()
        records.append(Record(key % 1000, i))
        numbers.append(key)
        names.append(f"n{key}")
    numbers.sort()
    names.sort()
    records.sort(key=cmp_to_key(compare))
    total = 0
    for i in range(0, count, 7):
        total = (total * 31 + numbers[i] + records[i].id + len(names[i])) % 1000000007
    return total
