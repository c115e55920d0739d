"""The official test files pass; those that do not are known, with the reason."""

from __future__ import annotations

import pytest

from tests.official.expected import EXPECTED_FAILURES, FILES
from tests.official.room import MODES, run_file
from tests.official.suite import SuiteUnavailable, official_files, offline

# Seconds for one file, by mode: several times what the slowest takes alone (all.lua, which runs the others).
_TIMEOUT = {"user": 240, "full": 1800}


@pytest.fixture(scope="session", autouse=True)
def _suite() -> None:
    try:
        official_files()
    except SuiteUnavailable as error:
        if offline():
            pytest.skip(str(error))
        raise


def _cases() -> list[object]:
    cases = []
    for mode in MODES:
        for name in FILES:
            # all.lua only runs the others again
            marks = [pytest.mark.slow] if mode == "full" or name == "all.lua" else []
            if reason := EXPECTED_FAILURES[mode].get(name):
                marks.append(pytest.mark.xfail(reason=reason, strict=True))
            cases.append(pytest.param(name, mode, marks=marks, id=f"{name.removesuffix('.lua')}-{mode}"))
    return cases


@pytest.mark.parametrize(("name", "mode"), _cases())
def test_official_file(name: str, mode: str) -> None:
    result = run_file(name, mode, _TIMEOUT[mode])
    assert result.failure == ""


def test_no_official_file_is_left_out() -> None:
    found = {name for name in official_files() if name.endswith(".lua")}
    assert found == {*FILES, "heavy.lua"}
