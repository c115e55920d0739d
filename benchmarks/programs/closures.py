"""Closures: counters, composition and pipelines."""

from __future__ import annotations

from collections.abc import Callable

SIZE = 5_000


def counter(step: int) -> Callable[[], int]:
    value = 0

    def advance() -> int:
        nonlocal value
        value += step
        return value

    return advance


def compose(f: Callable[[int], int], g: Callable[[int], int]) -> Callable[[int], int]:
    return lambda x: f(g(x))


def transformed(items: list[int], f: Callable[[int], int]) -> list[int]:
    return [f(item) for item in items]


def fold(items: list[int], f: Callable[[int, int], int], start: int) -> int:
    value = start
    for item in items:
        value = f(value, item)
    return value


def run(rounds: int) -> int:
    items = list(range(1, 21))
    total = 0
    for round_ in range(1, rounds + 1):
        next_value = counter(round_ % 3 + 1)
        transform = compose(lambda x, n=next_value: x * 2 + n(), lambda x, r=round_: x + r)
        total += fold(transformed(items, transform), lambda a, b: (a + b) % 1000003, 0)
    return total
