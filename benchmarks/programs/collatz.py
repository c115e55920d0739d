"""Integer loops: the longest Collatz sequence below a bound."""

from __future__ import annotations

SIZE = 6_000


def run(bound: int) -> int:
    longest = best = 0
    for start in range(1, bound):
        n, steps = start, 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        if steps > longest:
            longest, best = steps, start
    return best * 1000 + longest
