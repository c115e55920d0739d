"""Allocation: many short-lived trees."""

from __future__ import annotations

SIZE = 12


class Tree:
    __slots__ = ("left", "right")

    def __init__(self, left: Tree | None, right: Tree | None) -> None:
        self.left = left
        self.right = right


def build(depth: int) -> Tree:
    if depth == 0:
        return Tree(None, None)
    return Tree(build(depth - 1), build(depth - 1))


def check(tree: Tree) -> int:
    if tree.left is None:
        return 1
    return 1 + check(tree.left) + check(tree.right)


def run(depth: int) -> int:
    total = 0
    for d in range(4, depth + 1, 2):
        for _ in range(1 << (depth - d)):
            total += check(build(d))
    return total
