"""``python -m benchmarks [contest|compile|startup]``: the tables of ratios and times."""

from __future__ import annotations

import argparse
import json
import platform
from typing import Any

from benchmarks.contest import Timing, contest, geometric_mean
from benchmarks.moments import compile_seconds, startup_seconds
from benchmarks.program import Program, programs

_LINES = 1_000
_COROUTINES = "generators"


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time vlua, PUC Lua and Python twins.")
    parser.add_argument("what", nargs="?", choices=["contest", "compile", "startup"], default="contest")
    parser.add_argument("--only", action="append", choices=programs(), metavar="NAME", help="this program; repeatable")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="rounds, of which the best counts")
    parser.add_argument("--json", action="store_true", help="print figures for programs to read, in seconds")
    options = parser.parse_args()
    if options.what == "compile":
        figures: dict[str, Any] = {"lines": _LINES, "seconds": compile_seconds(_LINES, options.repeat)}
        text = f"compiling {_LINES} lines: {figures['seconds'] * 1000:.0f} ms"
    elif options.what == "startup":
        figures = startup_seconds(options.repeat)
        text = "\n".join(f"{name:<15} {seconds * 1000:6.0f} ms" for name, seconds in figures.items())
    else:
        timings = _contests(options.only or programs(), options.repeat, quiet=options.json)
        means = {
            "by_twin": geometric_mean(t.by_twin for t in timings),
            "by_puc": geometric_mean(t.by_puc for t in timings),
        }
        rows = [{"name": t.name, "vlua": t.vlua, "puc": t.puc, "twin": t.twin} for t in timings]
        figures = {"python": platform.python_version(), "programs": rows, "geometric_means": means}
        text = f"{'geometric mean':<15} {'':>9} {'':>9} {'':>9} {means['by_twin']:7.2f} {means['by_puc']:7.2f}"
        plain = [t for t in timings if t.name != _COROUTINES]
        if 0 < len(plain) < len(timings):
            # The coroutines' twin is a native generator: one program that says little of the others.
            by_twin, by_puc = geometric_mean(t.by_twin for t in plain), geometric_mean(t.by_puc for t in plain)
            text += f"\n{'- ' + _COROUTINES:<15} {'':>9} {'':>9} {'':>9} {by_twin:7.2f} {by_puc:7.2f}"
    print(json.dumps(figures, indent=2) if options.json else text)


def _contests(names: list[str], rounds: int, *, quiet: bool) -> list[Timing]:
    """The timings of some programs, each printed as soon as it is known."""
    if not quiet:
        print(f"{'program':<15} {'vlua ms':>9} {'PUC ms':>9} {'twin ms':>9} {'/ twin':>7} {'/ PUC':>7}")
    timings = []
    for name in names:
        timing = contest(Program.load(name), rounds)
        timings.append(timing)
        if not quiet:
            times = " ".join(f"{seconds * 1000:9.1f}" for seconds in (timing.vlua, timing.puc, timing.twin))
            print(f"{name:<15} {times} {timing.by_twin:7.2f} {timing.by_puc:7.2f}", flush=True)
    return timings


if __name__ == "__main__":
    main()
