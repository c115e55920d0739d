"""The contest: each program timed under the three engines in turn, in one process.

In: a program and the number of rounds. Out: the best time of each engine; results that differ raise.
Rounds are interleaved (A B C A B C …), so that a slow moment of the machine hits everybody, and the best round counts.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import attrs

from benchmarks.program import Program

__all__ = ["Timing", "WrongResult", "contest", "geometric_mean"]

# Far more than any program needs: the meter counts, and does not stop them.
_INSTRUCTIONS = 10**15
_WALL_SECONDS = 3600.0


class WrongResult(Exception):
    """The engines disagree about what a program computes."""


@attrs.frozen
class Timing:
    """Best times of one program, in seconds."""

    name: str
    vlua: float
    puc: float
    twin: float

    @property
    def by_twin(self) -> float:
        """How many times the twin's time vlua takes."""
        return self.vlua / self.twin

    @property
    def by_puc(self) -> float:
        """How many times PUC Lua's time vlua takes."""
        return self.vlua / self.puc


def contest(program: Program, rounds: int) -> Timing:
    """Time ``program`` in interleaved rounds after one warm-up round. Raises WrongResult."""
    engines = {"vlua": _vlua(program), "PUC Lua": _puc(program), "twin": program.twin}
    results = {name: engine(program.size) for name, engine in engines.items()}
    if len(set(results.values())) != 1:
        raise WrongResult(f"{program.name}: {results}")
    best = dict.fromkeys(engines, math.inf)
    for _ in range(rounds):
        for name, engine in engines.items():
            gc.collect()
            start = perf_counter()
            result = engine(program.size)
            best[name] = min(best[name], perf_counter() - start)
            if result != results[name]:
                raise WrongResult(f"{program.name} under {name}: {results[name]}, then {result}")
    return Timing(program.name, best["vlua"], best["PUC Lua"], best["twin"])


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean of some ratios."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))


def _vlua(program: Program) -> Callable[[int], Any]:
    from vlua import Limits, LuaRuntime, Policy

    limits = Limits(instructions=_INSTRUCTIONS, wall_time=_WALL_SECONDS)
    return LuaRuntime(Policy(limits=limits)).compile(program.source, name=f"@{program.name}.lua")


def _puc(program: Program) -> Callable[[int], Any]:
    from lupa import lua53

    compiled: Callable[[int], Any] = lua53.LuaRuntime().compile(program.source)
    return compiled
