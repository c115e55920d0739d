"""Small float functions over arrays: the spectral norm of an infinite matrix."""

from __future__ import annotations

from math import sqrt

SIZE = 100


def a(i: int, j: int) -> float:
    ij = i + j - 1
    return 1.0 / (ij * (ij - 1) * 0.5 + i)


def multiply(n: int, x: list[float], y: list[float]) -> None:
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += x[j] * a(i + 1, j + 1)
        y[i] = total


def multiply_transposed(n: int, x: list[float], y: list[float]) -> None:
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += x[j] * a(j + 1, i + 1)
        y[i] = total


def run(n: int) -> float:
    u, v, t = [1.0] * n, [0.0] * n, [0.0] * n
    for _ in range(5):
        multiply(n, u, t)
        multiply_transposed(n, t, v)
        multiply(n, v, t)
        multiply_transposed(n, t, u)
    uv = vv = 0.0
    for i in range(n):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(uv / vv)
