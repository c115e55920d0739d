"""Every threat that ``docs/security.md`` answers is tested here, and every threat that is tested is answered there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
THREATS = (
    "T-ATTR T-FMT T-NAME T-TRACE T-LEAK T-BYTECODE T-DEBUG T-ADDR T-SWALLOW T-CORO T-PATTERN T-SIZE T-GROW T-DEEP"
    " T-HASH T-CLOCK T-SHARE T-PATH T-LINK T-ALIAS T-QUOTA T-OVERLAY"
).split()


def names_of_tests() -> set[str]:
    """The names of all tests that are named after a threat."""
    names = set()
    for path in (ROOT / "tests/security").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_t_"):
                names.add(node.name)
    return names


def section(threat: str) -> str:
    """What the document says of a threat."""
    found = re.search(rf"^### {threat}\b.*?(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/security.md has no section on {threat}"
    return found.group()


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_is_tested_and_answered(threat: str) -> None:
    prefix = "test_" + threat.lower().replace("-", "_") + "_"
    assert any(name.startswith(prefix) for name in names_of_tests()), f"no test is named {prefix}…"
    text = section(threat)
    for part in ("**Promised:**", "**Tested:**", "**Remains:**"):
        assert part in text
    assert f"`{prefix}*`" in text


def test_every_test_is_of_a_threat_in_the_document() -> None:
    documented = {
        heading.lower().replace("-", "_") for heading in re.findall(r"^### (T-[A-Z]+)", DOCUMENT, re.MULTILINE)
    }
    for name in names_of_tests():
        assert any(name.startswith(f"test_{threat}_") for threat in documented), name
    assert documented == {threat.lower().replace("-", "_") for threat in THREATS}
