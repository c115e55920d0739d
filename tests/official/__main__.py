"""``python -m tests.official [FILE…] [--mode user|full|both] [--timeout SECONDS]``: the table of results with times."""

from __future__ import annotations

import argparse
import sys

from tests.official.expected import EXPECTED_FAILURES, FILES
from tests.official.room import MODES, run_file


def main() -> int:
    """Run the files, print a line for each and a summary; 1 when the outcome is not the expected one."""
    parser = argparse.ArgumentParser(prog="python -m tests.official", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="such as math or math.lua; all without any")
    parser.add_argument("--mode", choices=[*MODES, "both"], default="user")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for each file")
    options = parser.parse_args()
    names = [name if name.endswith(".lua") else f"{name}.lua" for name in options.files] or FILES
    passed = surprises = total = 0
    seconds: dict[str, float] = {}
    for mode in MODES if options.mode == "both" else [options.mode]:
        seconds[mode] = 0
        for name in names:
            result = run_file(name, mode, options.timeout)
            expected = EXPECTED_FAILURES[mode].get(name, "")
            total += 1
            seconds[mode] += result.seconds
            passed += not result.failure
            surprises += bool(result.failure) != bool(expected)
            verdict = "passed" if not result.failure else "failed as expected" if expected else "FAILED"
            if not result.failure and expected:
                verdict = "PASSED, but stands as an expected failure"
            print(f"{name:<16} {mode:<5} {result.seconds:7.2f} s  {verdict}", flush=True)
            if result.failure:
                print("    " + (expected or result.failure).replace("\n", "\n    "))
    times = ", ".join(f"{mode}: {spent:.1f} s" for mode, spent in seconds.items())
    print(f"{passed} of {total} pass, {surprises} not as expected; {times}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
