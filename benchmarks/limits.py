"""``python -m benchmarks.limits``: what all limits together cost: processor time with them, by that without."""

from __future__ import annotations

import argparse
import io
import time

from benchmarks.contest import geometric_mean
from benchmarks.program import Program, programs
from vlua import Limits, LuaRuntime, Policy

# Figures that no program comes near, so that every check is made and none fires.
_ALL = Limits(
    instructions=10**12,
    wall_time=10_000,
    cpu_time=10_000,
    memory="1 GiB",
    call_depth=100_000,
    nesting=199,
    string_bytes="512 MiB",
    table_entries=10**8,
    coroutines=10**5,
    pattern_steps=10**10,
    output="1 GiB",
    open_files=1_000,
    file_bytes="1 GiB",
    files=10**6,
)


def seconds(program: Program, limits: Limits) -> float:
    """The processor time of one run."""
    function = LuaRuntime(Policy(limits=limits), stdout=io.BytesIO()).compile(program.source)
    begun = time.thread_time()
    function(program.size)
    return time.thread_time() - begun


def main() -> None:
    """Measure, taking turns, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--only", action="append", choices=programs(), metavar="NAME", help="this program; repeatable")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="rounds, of which the best counts")
    options = parser.parse_args()
    ratios = []
    print(f"{'program':<15} {'off ms':>9} {'on ms':>9} {'ratio':>7}")
    for name in options.only or programs():
        program = Program.load(name)
        pairs = [(seconds(program, Limits()), seconds(program, _ALL)) for _ in range(options.repeat)]
        off, on = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
        ratios.append(on / off)
        print(f"{name:<15} {off * 1000:9.1f} {on * 1000:9.1f} {on / off:7.2f}", flush=True)
    print(f"{'geometric mean':<35} {geometric_mean(ratios):7.2f}")


if __name__ == "__main__":
    main()
