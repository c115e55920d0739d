"""Arrays of arrays: matrix multiplication."""

from __future__ import annotations

SIZE = 80


def matrix(n: int, seed: int) -> list[list[float]]:
    return [[(i * seed + j) % 10 + 0.5 for j in range(1, n + 1)] for i in range(1, n + 1)]


def multiply(n: int, a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    c = []
    for i in range(n):
        row, ai = [], a[i]
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += ai[k] * b[k][j]
            row.append(total)
        c.append(row)
    return c


def run(n: int) -> float:
    c = multiply(n, matrix(n, 3), matrix(n, 7))
    trace = 0.0
    for i in range(n):
        trace += c[i][i]
    return trace
