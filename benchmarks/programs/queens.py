"""Backtracking: every solution of the queens problem."""

from __future__ import annotations

SIZE = 10


def run(size: int) -> int:
    columns = [False] * size
    rising = [False] * (2 * size)
    falling = [False] * (2 * size)

    def place(row: int) -> int:
        if row == size:
            return 1
        solutions = 0
        for column in range(size):
            up, down = row + column, row - column + size
            if not columns[column] and not rising[up] and not falling[down]:
                columns[column] = rising[up] = falling[down] = True
                solutions += place(row + 1)
                columns[column] = rising[up] = falling[down] = False
        return solutions

    return place(0)
