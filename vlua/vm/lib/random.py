"""The pseudo-random numbers of ``math.random``: the generator of the C library under PUC Lua on Linux.

In: a seed. Out: 31-bit integers, the same for the same seed in every process. One generator belongs to one runtime.
Like the original it is no source of secrets.
"""

from __future__ import annotations

__all__ = ["RANDOM_SPAN", "Generator"]

# One more than the largest value of Generator.next.
RANDOM_SPAN = 2**31

# The additive feedback generator x[i] = x[i - 3] + x[i - 31], started by a Lehmer generator and 310 idle rounds.
SIZE = 31
LAG = 3
WARM_UP = 310
LEHMER_FACTOR = 16807
LEHMER_MODULUS = 2**31 - 1


class Generator:
    """A sequence of integers in ``[0, RANDOM_SPAN)``."""

    __slots__ = ("front", "words")

    words: list[int]
    front: int

    def __init__(self) -> None:
        self.seed(1)

    def seed(self, seed: int) -> None:
        """Start over; only the low 32 bits of ``seed`` count, and 0 is taken for 1."""
        seed &= 0xFFFF_FFFF
        # The seed is a C int: its sign takes part in the division below, which truncates.
        word = seed - 2**32 if seed >= 2**31 else seed or 1
        words = [word]
        for _ in range(SIZE - 1):
            quotient, remainder = divmod(abs(word), 127773)
            if word < 0:
                quotient, remainder = -quotient, -remainder
            word = LEHMER_FACTOR * remainder - 2836 * quotient
            if word < 0:
                word += LEHMER_MODULUS
            words.append(word)
        self.words = words
        self.front = LAG
        for _ in range(WARM_UP):
            self.next()

    def next(self) -> int:
        """The next integer."""
        words = self.words
        front = self.front
        value = (words[front] + words[front - LAG]) & 0xFFFF_FFFF
        words[front] = value
        self.front = front + 1 if front < SIZE - 1 else 0
        return value >> 1
