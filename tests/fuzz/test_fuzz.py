"""A short hunt in every run, a long one in the slow run: ``VLUA_FUZZ_MINUTES`` says how long, 3 by default."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.fuzz.hunt import ACCEPTED, Target, hunt, library_functions
from tests.fuzz.programs import Case, make_case


def test_a_few_programs_do_no_harm() -> None:
    report = hunt("a few", cases=60)
    assert not report.findings, str(report)
    assert report.cases == 60


@pytest.mark.slow
def test_many_programs_do_no_harm(tmp_path: Path) -> None:
    minutes = float(os.environ.get("VLUA_FUZZ_MINUTES", "3"))
    report = hunt(str(time.time_ns()), seconds=60 * minutes, save=tmp_path)
    print(report)
    assert not report.findings, f"{report}\nsaved in {tmp_path}"


def test_cases_can_be_made_again() -> None:
    functions = library_functions()
    assert {"string.rep", "io.open", "debug.sethook", "coroutine.wrap", "file.read"} <= set(functions)
    assert [make_case("1", n, functions) for n in range(50)] == [make_case("1", n, functions) for n in range(50)]
    assert make_case("1", 1, functions) != make_case("2", 1, functions)


OPTIONS = {"mode": "virtual", "encoding": "utf-8", "chunkname": "=x"}


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        ("return 1", "results"),
        ("error('x')", "LuaError"),
        ("x x", "LuaSyntaxError"),
        ("while true do end", "LimitExceeded"),
        ("os.exit(3)", "LuaExit"),
    ],
)
def test_what_may_come_out_is_accepted(source: str, ending: str) -> None:
    target = Target()
    assert target.run(Case(source.encode(), OPTIONS)) == (ending, "")
    assert ending in ACCEPTED
    target.close()


@pytest.mark.parametrize(
    ("source", "kind", "detail"),
    [
        ("crash()", "crash", "exit status -11"),
        ("exit()", "crash", "exit status 5"),
        ("hang()", "hang", "no end"),
        ("pcall(broken)", "internal", "ZeroDivisionError"),
        ("return wide()", "escaped", "AssertionError"),
    ],
)
def test_what_must_not_happen_is_found(source: str, kind: str, detail: str) -> None:
    target = Target("tests.fuzz.broken")
    found, text = target.run(Case(source.encode(), OPTIONS), hang_seconds=5 if kind == "hang" else 60)
    assert found == kind, text
    assert detail in text
    target.close()
