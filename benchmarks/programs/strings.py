"""Strings: building, slicing, formatting, bytes."""

from __future__ import annotations

SIZE = 8_000


def run(lines: int) -> int:
    out, digest = [], 0
    for i in range(1, lines + 1):
        name = f"item{i}"
        line = f"{name:<10} {i:5d} {i / 3:8.2f}"
        out.append(line[:10].upper() + "|" + line[-8:])
        if i % 100 == 0:
            out.append("-" * 20)
    text = "\n".join(out)
    for i in range(0, len(text), 3):
        digest = (digest * 31 + ord(text[i])) % 1000000007
    backwards = ""
    for i in range(2000):
        backwards = text[i] + backwards
    return digest + len(text) + len(backwards)
