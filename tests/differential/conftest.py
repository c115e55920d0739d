"""One judge for all differential tests."""

from __future__ import annotations

import pytest

from tests.differential.judge import Judge


@pytest.fixture(scope="session")
def judge() -> Judge:
    return Judge()
