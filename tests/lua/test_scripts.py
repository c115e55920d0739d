"""Every Lua script prints what its comments say, under vlua and under PUC Lua, which judges the comments."""

from __future__ import annotations

import pytest

from tests.engines import Engine, puc, vlua
from tests.lua.script import SCRIPTS, Script


def _check(script: Script, engine: Engine) -> None:
    chunkname = "@" + script.name.rpartition("/")[2]
    outcome = engine.run(script.source, chunkname, shared=True)
    lines = tuple(line for printed in outcome.lines for line in printed.split("\\010"))
    assert lines == script.lines
    if script.error is None:
        assert outcome.status == "results", outcome.values
    else:
        assert (outcome.status, outcome.values) == ("error", f"string {script.error}")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script(script: Script) -> None:
    _check(script, vlua())


@pytest.mark.parametrize("script", [s for s in SCRIPTS if not s.vlua_only], ids=lambda script: script.name)
def test_expectations_hold_under_puc_lua(script: Script) -> None:
    _check(script, puc())


def test_every_script_expects_something() -> None:
    assert len(SCRIPTS) > 60
    assert [script.name for script in SCRIPTS if not script.lines and script.error is None] == []
