"""Patterns: counting words, replacing, splitting."""

from __future__ import annotations

import re

SIZE = 60

WORD = re.compile(r"[A-Za-z]+")
PAIR = re.compile(r"([A-Za-z0-9]+) ([A-Za-z0-9]+)")
DIGITS = re.compile(r"[0-9]+")
TRIMMED = re.compile(r"^\s*(.*?)\s*$")


def run(rounds: int) -> int:
    text = "The quick brown fox jumps over the lazy dog; 42 times, or 17 if it rains. " * 20
    total = 0
    for _ in range(rounds):
        counts: dict[str, int] = {}
        for match in WORD.finditer(text):
            word = match[0].lower()
            counts[word] = counts.get(word, 0) + 1
        swapped, replaced = PAIR.subn(r"\2 \1", text)
        numbers = 0
        for match in DIGITS.finditer(swapped):
            numbers += int(match[0])
        trimmed = TRIMMED.match("   padded %d   ")[1]
        total += counts["the"] + counts["fox"] + replaced + numbers + len(trimmed) + text.find("rains") + 1
    return total
