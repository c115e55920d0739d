"""Float arithmetic in nested loops: points inside the Mandelbrot set."""

from __future__ import annotations

SIZE = 120


def run(size: int) -> int:
    inside = 0
    for py in range(size):
        ci = 2.0 * py / size - 1.0
        for px in range(size):
            cr = 2.0 * px / size - 1.5
            zr = zi = 0.0
            for _ in range(50):
                zr2, zi2 = zr * zr, zi * zi
                if zr2 + zi2 > 4.0:
                    break
                zi = 2.0 * zr * zi + ci
                zr = zr2 - zi2 + cr
            else:
                inside += 1
    return inside
