"""Float fields of records: the solar system, step by step."""

from __future__ import annotations

from math import sqrt

SIZE = 5_000


class Body:
    __slots__ = ("mass", "vx", "vy", "vz", "x", "y", "z")

    def __init__(self, x: float, y: float, z: float, vx: float, vy: float, vz: float, mass: float) -> None:
        self.x, self.y, self.z = x, y, z
        self.vx, self.vy, self.vz = vx, vy, vz
        self.mass = mass


def advance(bodies: list[Body], dt: float) -> None:
    count = len(bodies)
    for i in range(count):
        a = bodies[i]
        for j in range(i + 1, count):
            b = bodies[j]
            dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
            squared = dx * dx + dy * dy + dz * dz
            magnitude = dt / (squared * sqrt(squared))
            ma, mb = a.mass * magnitude, b.mass * magnitude
            a.vx -= dx * mb
            a.vy -= dy * mb
            a.vz -= dz * mb
            b.vx += dx * ma
            b.vy += dy * ma
            b.vz += dz * ma
    for a in bodies:
        a.x += dt * a.vx
        a.y += dt * a.vy
        a.z += dt * a.vz


def energy(bodies: list[Body]) -> float:
    e = 0.0
    for i, a in enumerate(bodies):
        e += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
        for b in bodies[i + 1 :]:
            dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
            e -= a.mass * b.mass / sqrt(dx * dx + dy * dy + dz * dz)
    return e


def run(steps: int) -> float:
    bodies = [
        Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47841760435743),
        Body(4.841431442, -1.160320044, -0.103622044, 0.606326392, 2.811986844, -0.025218361, 0.037693674),
        Body(8.343366718, 4.124798564, -0.403523417, -1.010774346, 1.825662371, 0.008415761, 0.011286326),
        Body(12.89436956, -15.11115140, -0.223307578, 1.082791006, 0.868713018, -0.010832637, 0.001723724),
        Body(15.37969711, -25.91931460, 0.179258772, 0.979090732, 0.594698998, -0.034755955, 0.002033686),
    ]
    for _ in range(steps):
        advance(bodies, 0.01)
    return energy(bodies)
