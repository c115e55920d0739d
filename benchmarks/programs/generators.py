"""Coroutines: a chain of generators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

SIZE = 100_000


def numbers(n: int) -> Iterator[int]:
    yield from range(1, n + 1)


def squares(source: Iterable[int]) -> Iterator[int]:
    for value in source:
        yield value * value


def odd(source: Iterable[int]) -> Iterator[int]:
    for value in source:
        if value % 2 == 1:
            yield value


def run(count: int) -> int:
    total = 0
    for value in odd(squares(numbers(count))):
        total = (total + value) % 1000003
    return total
