"""The algorithm behind ``table.sort``.

In: a Python list of Lua values and a strict order. Out: the list sorted in place, or "invalid order function".
It makes the comparisons PUC's quicksort makes, in the same order, so that a bad order fails alike; no C code is
involved, so a comparator may sort in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vlua.vm.frames import lib_error

__all__ = ["quicksort", "sort_plain"]

# Intervals shorter than this always take the middle element as pivot.
MIDDLE_PIVOT = 100
# Elements sorted in one go, at first; as many strings if they have more bytes together than that.
RUN = 1 << 16
SHORT_RUN = 16
LONG_TEXTS = 1 << 22
# Stands for PUC's clock-based pivot seed once an interval divides badly: runs must be repeatable.
PIVOT_SEED = 0x9E3779B9


def sort_plain(items: list[Any], tick: Callable[[int], None]) -> bool:
    """Sort numbers without NaN, or strings, by their own order; False, and nothing done, for any other list.

    Byte order of strings is code point order, as strings hold one character per byte. ``tick`` is charged before each
    piece that is sorted in one go.
    """
    kinds = set(map(type, items))
    if kinds != {str} and not kinds <= {int, float}:
        return False
    if float in kinds and any(item != item for item in items):
        return False
    texts = str in kinds
    width = size = len(items)
    if size > RUN:
        width = RUN
    if texts and sum(map(len, items)) > LONG_TEXTS:
        width = SHORT_RUN
    for start in range(0, size, width):
        _sort_piece(items, start, start + width, texts, tick)
    # What has been sorted is merged, two pieces at a time.
    while width < size:
        for start in range(0, size, 2 * width):
            _sort_piece(items, start, start + 2 * width, texts, tick)
        width *= 2
    return True


def _sort_piece(items: list[Any], start: int, stop: int, texts: bool, tick: Callable[[int], None]) -> None:
    """Sort part of a list in one go, charged before."""
    piece = items[start:stop]
    tick(len(piece) >> 2)
    if texts:
        # Comparisons may look at all of the strings.
        tick(sum(map(len, piece)) * len(piece).bit_length() >> 8)
    piece.sort()
    items[start:stop] = piece


def quicksort(items: list[Any], less: Callable[[Any, Any], Any], tick: Callable[[int], None]) -> None:
    """Sort ``items`` in place with ``less(a, b)``, any truthy result meaning yes.

    ``tick`` is charged with each interval's length. Raises LuaError ("invalid order function for sorting").
    """
    if len(items) > 1:
        _sort(items, 0, len(items) - 1, 0, less, tick)


def _sort(
    items: list[Any], low: int, high: int, seed: int, less: Callable[[Any, Any], Any], tick: Callable[[int], None]
) -> None:
    while low < high:
        tick(high - low)
        if less(items[high], items[low]):
            items[low], items[high] = items[high], items[low]
        if high - low == 1:
            return
        if high - low < MIDDLE_PIVOT or seed == 0:
            pivot = (low + high) // 2
        else:
            quarter = (high - low) // 4
            pivot = seed % (quarter * 2) + low + quarter
        if less(items[pivot], items[low]):
            items[pivot], items[low] = items[low], items[pivot]
        elif less(items[high], items[pivot]):
            items[pivot], items[high] = items[high], items[pivot]
        if high - low == 2:
            return
        items[pivot], items[high - 1] = items[high - 1], items[pivot]
        pivot = _partition(items, low, high, less)
        # The smaller part recurses, so the depth is at most the logarithm of the length.
        if pivot - low < high - pivot:
            _sort(items, low, pivot - 1, seed, less, tick)
            size = pivot - low
            low = pivot + 1
        else:
            _sort(items, pivot + 1, high, seed, less, tick)
            size = high - pivot
            high = pivot - 1
        if (high - low) // 128 > size:
            seed = PIVOT_SEED


def _partition(items: list[Any], low: int, high: int, less: Callable[[Any, Any], Any]) -> int:
    """Divide ``items[low..high]`` around ``items[high - 1]``; where that element ends up."""
    pivot = items[high - 1]
    left = low
    right = high - 1
    while True:
        left += 1
        while less(items[left], pivot):
            if left == high - 1:
                raise lib_error("invalid order function for sorting")
            left += 1
        right -= 1
        while less(pivot, items[right]):
            if right < left:
                raise lib_error("invalid order function for sorting")
            right -= 1
        if right < left:
            items[high - 1], items[left] = items[left], items[high - 1]
            return left
        items[left], items[right] = items[right], items[left]
