"""Explanations: what decides, and on which line."""

from __future__ import annotations

import pytest

from vlua import Policy
from vlua.sandbox.explain import explain
from vlua.sandbox.names import FUNCTION_NAMES

TEXT = """\
[sandbox]
mode = "refuse"
allow = [
  "io.write",
  "os",
]
names = { "os.getenv" = "host" }
[sandbox.messages]
"io.open" = "no files"
[debug]
allow = ["traceback"]
[[filesystem.rules]]
pattern = "/**"
deny = ["write"]
[[filesystem.rules]]
pattern = "/saves/**"
allow = ["write"]
[[filesystem.mounts]]
source = "x"
path = "/data"
access = "read-only"
[modules]
allow = ["game.*"]
[commands]
deny = ["ls"]
"""


def told(subject: str, policy: Policy | None = None) -> tuple[str, str, str]:
    (first, *_) = explain(policy or Policy.from_toml(TEXT, "p.toml"), subject)
    return first.verdict, first.place, first.line


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("io.open", ("refuse", "p.toml:2", 'mode = "refuse"')),
        ("io.write", ("virtual", "p.toml:4", '"io.write",')),
        ("os.remove", ("virtual", "p.toml:5", '"os",')),
        ("os.getenv", ("host", "p.toml:7", 'names = { "os.getenv" = "host" }')),
        ("debug.traceback", ("virtual", "p.toml:11", 'allow = ["traceback"]')),
        ("debug.sethook", ("refuse", "p.toml:11", 'allow = ["traceback"]')),
        ("print", ("virtual", "default", "")),
        ("module:game.map", ("virtual", "p.toml:23", 'allow = ["game.*"]')),
        ("module:other", ("refuse", "p.toml:23", 'allow = ["game.*"]')),
        ("program:ls", ("refuse", "p.toml:25", 'deny = ["ls"]')),
        ("program:rm", ("virtual", "default", "")),
        ("program:cat", ("refuse", "p.toml:2", 'mode = "refuse"')),
    ],
)
def test_functions_modules_and_programs(subject: str, expected: tuple[str, str, str]) -> None:
    assert told(subject) == expected


def test_paths() -> None:
    policy = Policy.from_toml(TEXT, "p.toml")
    by_subject = {each.subject: each for each in explain(policy, "saves/../a.txt")}
    assert by_subject["write /a.txt"].verdict == "refuse"
    assert by_subject["write /a.txt"].place == "p.toml:12"
    assert by_subject["read /a.txt"].verdict == "virtual"
    assert by_subject["io.open"].verdict == "refuse"
    assert {each.subject: each for each in explain(policy, "/saves/x")}["write /saves/x"].place == "p.toml:15"
    by_subject = {each.subject: each for each in explain(policy, "/data/x")}
    assert (by_subject["create /data/x"].verdict, by_subject["create /data/x"].place) == ("refuse", "p.toml:18")


def test_libraries_and_messages() -> None:
    policy = Policy.from_toml(TEXT, "p.toml")
    assert {each.subject for each in explain(policy, "io")} >= {"io.open", "io.write"}
    assert "no files" in explain(policy, "io.open")[0].reason


def test_what_was_changed_in_code() -> None:
    policy = Policy.preset("refuse").evolve(deny=["print"])
    assert told("print", policy)[:2] == ("refuse", "given in code")
    assert told("io.open", Policy.preset("refuse").evolve(instructions=5))[1].startswith("refuse.toml:")


def test_every_name_is_explained_as_it_is_decided() -> None:
    for policy in (
        Policy.from_toml(TEXT),
        Policy(mode="virtual"),
        *map(Policy.preset, ("mod", "classroom", "compute")),
    ):
        for name in FUNCTION_NAMES:
            assert explain(policy, name)[0].verdict == policy.decide(name).verdict


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match='did you mean "os.execute"'):
        explain(Policy(), "os.exec")
