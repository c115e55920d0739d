"""Pools of workers, ordinary and taken over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.isolate import hostile
from vlua.isolate import Isolate, process


@pytest.fixture(scope="module")
def isolate() -> Iterator[Isolate]:
    """Workers as they are."""
    with Isolate(2) as pool:
        yield pool


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Isolate]:
    """Workers whose scripts can crash them and lie in their name."""
    monkeypatch.setattr(process, "BOOTSTRAP", hostile.BOOTSTRAP)
    with Isolate(1) as pool:
        yield pool
