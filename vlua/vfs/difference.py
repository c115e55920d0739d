"""Unified diffs, in time that the text cannot blow up.

In: the lines of two texts. Out: the lines of their diff, as ``diff -u`` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

__all__ = ["split_lines", "unified_diff"]

CONTEXT = 3  # unchanged lines around a change, as `diff -u` shows
LARGEST_DISTANCE = 1000  # lines removed and added: the work grows with its square; beyond, all is replaced at once
LARGEST_WORK = 4_000_000  # steps: about a second; the same, for long runs of equal lines

# What changed: lines before[start1:end1] became after[start2:end2].
Block = tuple[int, int, int, int]


def split_lines(text: str) -> list[str]:
    """The lines of ``text``, each with its newline; only ``\\n`` ends a line."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def unified_diff(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The hunks that turn the lines ``before`` into ``after``, without a header."""
    blocks = list(changed_blocks(before, after))
    start = 0
    for end in range(1, len(blocks) + 1):
        if end == len(blocks) or blocks[end][0] - blocks[end - 1][1] > 2 * CONTEXT:
            yield from hunk(before, after, blocks[start:end])
            start = end


def hunk(before: Sequence[str], after: Sequence[str], blocks: list[Block]) -> Iterator[str]:
    """One hunk: neighbouring changes and the lines around them."""
    first = max(blocks[0][0] - CONTEXT, 0)
    last = min(blocks[-1][1] + CONTEXT, len(before))
    start = blocks[0][2] - (blocks[0][0] - first)
    end = blocks[-1][3] + (last - blocks[-1][1])
    yield f"@@ -{span(first, last)} +{span(start, end)} @@\n"
    position = first
    for start1, end1, start2, end2 in blocks:
        yield from marked(" ", before[position:start1])
        yield from marked("-", before[start1:end1])
        yield from marked("+", after[start2:end2])
        position = end1
    yield from marked(" ", before[position:last])


def span(start: int, end: int) -> str:
    """Lines ``start`` to ``end`` as a hunk counts them: from 1; of none, the line before."""
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + bool(count)},{count}"


def marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    """``lines`` with a mark in front; a last line without a newline is said to be one."""
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def changed_blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[Block]:
    """What differs, in order: the shortest way from one to the other unless it is long."""
    head = 0
    limit = min(len(before), len(after))
    while head < limit and before[head] == after[head]:
        head += 1
    tail = 0
    limit -= head
    while tail < limit and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    end1, end2 = len(before) - tail, len(after) - tail
    if head in (end1, end2):
        if head < end1 or head < end2:
            yield head, end1, head, end2
        return
    pairs = common_lines(before[head:end1], after[head:end2])
    position1, position2 = head, head
    for index1, index2 in [*((head + one, head + two) for one, two in pairs), (end1, end2)]:
        if index1 > position1 or index2 > position2:
            yield position1, index1, position2, index2
        position1, position2 = index1 + 1, index2 + 1


def common_lines(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Positions of lines that both share, in order; none when the two are further apart than is worth the work.

    Myers, "An O(ND) Difference Algorithm and Its Variations", 1986: ``reach[middle + k]`` is how far into ``before``
    one gets on diagonal k with a given number of edits.
    """
    size1, size2 = len(before), len(after)
    largest = min(size1 + size2, LARGEST_DISTANCE)
    middle = largest + 1
    reach = [0] * (2 * middle + 1)
    history: list[list[int]] = []
    work = LARGEST_WORK
    for distance in range(largest + 1):
        history.append(reach[middle - distance - 1 : middle + distance + 2])
        for diagonal in range(-distance, distance + 1, 2):
            at = middle + diagonal
            down = diagonal == -distance or (diagonal != distance and reach[at - 1] < reach[at + 1])
            one = start = reach[at + 1] if down else reach[at - 1] + 1
            two = one - diagonal
            while one < size1 and two < size2 and before[one] == after[two]:
                one, two = one + 1, two + 1
            reach[at] = one
            if one >= size1 and two >= size2:
                return walk_back(history, size1, size2)
            work -= 1 + one - start
        if work < 0:
            break
    return []


def walk_back(history: list[list[int]], one: int, two: int) -> list[tuple[int, int]]:
    """The shared lines on the way that ``history`` records, from its end to its beginning, then in order."""
    pairs: list[tuple[int, int]] = []
    for distance in range(len(history) - 1, -1, -1):
        reach, middle = history[distance], distance + 1
        diagonal = one - two
        at = middle + diagonal
        down = diagonal == -distance or (diagonal != distance and reach[at - 1] < reach[at + 1])
        start1 = (reach[at + 1] if down else reach[at - 1]) if distance else 0
        start2 = start1 - (diagonal + 1 if down else diagonal - 1) if distance else 0
        while one > start1 and two > start2:
            one, two = one - 1, two - 1
            pairs.append((one, two))
        one, two = start1, start2
    pairs.reverse()
    return pairs
