"""Function calls: Fibonacci numbers by naive recursion."""

from __future__ import annotations

SIZE = 27


def run(n: int) -> int:
    def fib(n: int) -> int:
        if n < 2:
            return n
        return fib(n - 1) + fib(n - 2)

    return fib(n)
