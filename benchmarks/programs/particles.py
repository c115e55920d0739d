"""Records in an array: particles that bounce off walls."""

from __future__ import annotations

SIZE = 1_000


class Particle:
    __slots__ = ("bounces", "vx", "vy", "x", "y")

    def __init__(self, x: float, y: float, vx: float, vy: float) -> None:
        self.x, self.y, self.vx, self.vy = x, y, vx, vy
        self.bounces = 0


def run(steps: int) -> float:
    particles = [Particle(i * 0.5, i * 0.25, i % 7 - 3.0, i % 5 - 2.0) for i in range(1, 201)]
    for _ in range(steps):
        for p in particles:
            p.x += p.vx * 0.1
            p.y += p.vy * 0.1
            if p.x < 0.0 or p.x > 100.0:
                p.vx = -p.vx
                p.bounces += 1
            if p.y < 0.0 or p.y > 100.0:
                p.vy = -p.vy
                p.bounces += 1
    bounces, total = 0, 0.0
    for p in particles:
        bounces += p.bounces
        total = total + p.x + p.y
    return bounces + total
