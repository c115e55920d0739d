"""``python -m tests.fuzz --minutes 60``: hunt; ``python -m tests.fuzz FILE.lua``: run one saved finding again."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.fuzz.hunt import ACCEPTED, Target, hunt
from tests.fuzz.programs import Case


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Random programs against the runtime.")
    parser.add_argument("program", nargs="?", type=Path, help="a saved finding to run again")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", default=None, help="a number or word; by default a new one")
    parser.add_argument("--save", type=Path, default=Path("fuzz-findings"), help="folder for findings")
    asked = parser.parse_args()
    if asked.program is not None:
        about = asked.program.with_suffix(".json")
        options = {"mode": "virtual", "encoding": "utf-8", "chunkname": "=fuzz"}
        if about.exists():
            options = json.loads(about.read_text())["options"]
        kind, detail = Target().run(Case(asked.program.read_bytes(), options))
        print(kind, detail, sep="\n")
        return int(kind not in ACCEPTED)
    report = hunt(asked.seed or str(time.time_ns()), seconds=asked.minutes * 60, save=asked.save)
    print(report)
    return int(bool(report.findings))


if __name__ == "__main__":
    sys.exit(main())
