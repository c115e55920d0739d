"""Integer arrays: pancake flips over all permutations."""

from __future__ import annotations

SIZE = 8


def run(n: int) -> int:
    permutation = list(range(n))
    count = [0] * n
    most = checksum = 0
    sign, r = 1, n + 1
    while True:
        while r > 2:
            r -= 1
            count[r - 1] = r
        if permutation[0] != 0:
            flipped = permutation[:]
            flips, first = 0, flipped[0]
            while first != 0:
                low, high = 0, first
                while low < high:
                    flipped[low], flipped[high] = flipped[high], flipped[low]
                    low, high = low + 1, high - 1
                flips += 1
                first = flipped[0]
            most = max(most, flips)
            checksum += sign * flips
        sign = -sign
        r = 2
        while True:
            if r > n:
                return checksum * 100 + most
            first = permutation[0]
            for i in range(r - 1):
                permutation[i] = permutation[i + 1]
            permutation[r - 1] = first
            count[r - 1] -= 1
            if count[r - 1] > 0:
                break
            r += 1
