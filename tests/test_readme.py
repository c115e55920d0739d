"""What the README shows works: its Python runs, its policy loads, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vlua import Policy

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)
    assert found
    return found


def test_the_python_in_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks("python")):
        exec(compile(block, f"README block {number}", "exec"), names)
    shown = capsys.readouterr().out
    assert shown.startswith("42 ('ababab', 3)\nlevel 7\nmain.lua:1: attempt to index a nil value (global 'nosuch')\n")
    assert "+volume=11" in shown
    assert "\nmemory " in shown
    assert (tmp_path / "game" / "config.txt").read_text() == "speed=1\nvolume=11\n"
    assert (tmp_path / "game" / "saves").is_dir()


def test_the_policy_in_the_readme_loads() -> None:
    (text,) = blocks("toml")
    policy = Policy.from_toml(text)
    assert policy.limits.memory == 64 << 20
    assert not policy.allows("debug.getinfo")


def test_the_options_in_the_readme_exist() -> None:
    from vlua.cli.command import commands

    known = {
        option for command in commands.commands.values() for parameter in command.params for option in parameter.opts
    }
    text = "\n".join(line for line in README.splitlines() if "pip install" not in line)
    mentioned = set(re.findall(r"(?<![\w-])--[a-z]+", text))
    assert mentioned <= known | {"--both"}
    shown = [
        line.removeprefix("$ ")
        for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
        for line in block.splitlines()
    ]
    words = [line.split()[1] for line in shown if line.startswith("vlua ")]
    assert set(words) == set(commands.commands)
