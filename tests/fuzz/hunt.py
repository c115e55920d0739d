"""The hunt: sends cases to a target, restarts it when it dies, keeps what was found.

In: a seed and a time. Out: a ``Report``, and a pair of files for each finding: the program and what came of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Timer

import attrs

from tests.fuzz.programs import Case, make_case
from tests.fuzz.values import FUNCTIONS
from vlua import LuaRuntime

__all__ = ["ACCEPTED", "Finding", "Report", "Target", "hunt", "library_functions"]

ACCEPTED = ("results", "LuaError", "LuaSyntaxError", "LimitExceeded", "LuaExit")

_ROOT = Path(__file__).resolve().parents[2]
HANG_SECONDS = 40.0  # a program that is not done by then has no working limit, even on a busy machine
CASES_EACH = 400  # cases until a target is replaced: what leaks must not add up to findings


@attrs.frozen
class Finding:
    """A case that ended as none may."""

    number: int
    case: Case
    kind: str
    detail: str

    @property
    def signature(self) -> str:
        """What findings of one cause have in common: the innermost place of ours in the traceback."""
        places = re.findall(r'File "[^"]*?(vlua/[^"]+)", line (\d+)', self.detail)
        last = self.detail.strip().splitlines()[-1:] or [""]
        return f"{self.kind} {':'.join(places[-1]) if places else ''} {re.sub(r'[0-9]+', 'N', last[0])[:80]}"


@attrs.define
class Report:
    """What a hunt has seen."""

    seed: str
    seconds: float = 0.0
    endings: Counter[str] = attrs.field(factory=Counter)
    findings: dict[str, Finding] = attrs.field(factory=dict)

    @property
    def cases(self) -> int:
        return self.endings.total()

    def __str__(self) -> str:
        endings = ", ".join(f"{count} {ending}" for ending, count in self.endings.most_common())
        lines = [f"seed {self.seed}: {self.cases} cases in {self.seconds:.0f} s: {endings}"]
        lines += [f"case {f.number}: {signature}\n{f.detail}" for signature, f in self.findings.items()]
        return "\n".join(lines)


class Target:
    """A process that runs cases."""

    def __init__(self, module: str = "tests.fuzz.target") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, case: Case, hang_seconds: float = HANG_SECONDS) -> tuple[str, str]:
        """How a case ended; when it is ``crash`` or ``hang`` the process is gone."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        line = json.dumps({"source": base64.b64encode(case.source).decode(), "options": case.options})
        hung = []
        timer = Timer(hang_seconds, lambda: (hung.append(1), self.process.kill()))
        timer.start()
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        if answer:
            kind, detail = json.loads(answer)
            return kind, detail
        errors = self.process.communicate()[1]
        if hung:
            return "hang", f"no end within {hang_seconds} s"
        return "crash", f"exit status {self.process.returncode}\n{errors[-3000:]}"

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def library_functions() -> list[str]:
    """The names of all that libraries offer."""
    return str(LuaRuntime("virtual").execute(FUNCTIONS)).split()


def hunt(
    seed: str, *, seconds: float | None = None, cases: int | None = None, save: Path | None = None, target: str = ""
) -> Report:
    """Run cases of a seed until the time is over or so many are done."""
    functions = library_functions()
    report = Report(seed)
    started = time.monotonic()
    runner: Target | None = None
    number = 0
    try:
        while cases is None or number < cases:
            report.seconds = time.monotonic() - started
            if seconds is not None and report.seconds >= seconds:
                break
            if runner is None:
                runner = Target(*([target] if target else []))
            case = make_case(seed, number, functions)
            kind, detail = runner.run(case)
            report.endings[kind] += 1
            if kind not in ACCEPTED:
                finding = Finding(number, case, kind, detail)
                if finding.signature not in report.findings:
                    report.findings[finding.signature] = finding
                    if save is not None:
                        _save(finding, save)
            number += 1
            if kind in ("crash", "hang") or number % CASES_EACH == 0:
                runner.close()
                runner = None
    finally:
        if runner is not None:
            runner.close()
    report.seconds = time.monotonic() - started
    return report


def _save(finding: Finding, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{finding.kind}-{hashlib.sha256(finding.case.source).hexdigest()[:12]}"
    stem.with_suffix(".lua").write_bytes(finding.case.source)
    about = {"case": finding.number, "kind": finding.kind, "options": finding.case.options, "detail": finding.detail}
    stem.with_suffix(".json").write_text(json.dumps(about, indent=2))
