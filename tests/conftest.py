"""Options of the whole test suite: ``--slow`` runs more tests, and many more examples of each property."""

from __future__ import annotations

import hypothesis
import pytest

# No deadline: the first example of a property pays for imports. The default run is the same everywhere and quick in
# failing too; the slow one explores and looks for the smallest example.
_QUICK = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
_COMMON = {"deadline": None, "suppress_health_check": list(hypothesis.HealthCheck), "database": None}
hypothesis.settings.register_profile("default", max_examples=60, derandomize=True, phases=_QUICK, **_COMMON)
hypothesis.settings.register_profile("slow", max_examples=1_000, derandomize=False, print_blob=True, **_COMMON)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run slow tests, and many examples of each property")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("slow" if config.getoption("--slow") else "default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: runs with --slow"))
