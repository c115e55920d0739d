"""Policies: presets, TOML files, errors that name what is wrong, and what the gate makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlua import Limits, LuaError, LuaRuntime, Policy, PolicyError
from vlua.sandbox import policy as policy_module
from vlua.sandbox.names import FUNCTION_NAMES, HOST_TOUCHING
from vlua.sandbox.policy import preset_names


def refuse(**changes: object) -> Policy:
    return Policy.load("refuse").evolve(**changes)


# Presets and files


def test_presets() -> None:
    assert preset_names() == ["refuse", "virtual"]
    for name in preset_names():
        policy = Policy.load(name)
        assert (policy.name, policy.mode) == (name, name)
        assert policy.description
        assert policy.limits.wall_seconds


def test_presets_are_what_cattrs_makes_of_their_files() -> None:
    for name in preset_names():
        assert Policy.load(name) == Policy.from_file(Path(policy_module._presets()) / f"{name}.toml")


def test_virtual_is_the_default() -> None:
    assert LuaRuntime().policy == Policy.load("virtual")


def test_one_constant_flips_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlua.runtime.DEFAULT_POLICY", "refuse")
    assert LuaRuntime().policy.mode == "refuse"
    assert policy_module.DEFAULT_POLICY == "virtual"


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mods.toml"
    file.write_text(
        'mode = "refuse"\ndeny = ["string.rep", "debug"]\nallow = ["io.write"]\n[limits]\ninstructions = 1_000\n'
    )
    expected = Policy(
        name="mods",
        mode="refuse",
        deny=("string.rep", "debug"),
        allow=("io.write",),
        limits=Limits(instructions=1000),
    )
    assert Policy.load(file) == expected
    assert Policy.load(str(file)) == expected
    assert LuaRuntime(str(file)).policy == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("mod = 'refuse'", 'p.toml: mod: unknown key, did you mean "mode"?'),
        ("qqq = 1", "p.toml: qqq: unknown key"),
        ("[limits]\ninstuctions = 5", 'p.toml: limits.instuctions: unknown key, did you mean "instructions"?'),
        ("[limit]\ninstructions = 5", 'p.toml: limit: unknown key, did you mean "limits"?'),
        ("mode = 'strict'", 'p.toml: mode: "refuse" or "virtual" expected, got \'strict\''),
        ("name = 3", "p.toml: name: a string expected, got 3"),
        ("deny = 'io'", "p.toml: deny: a list of Lua names expected, got 'io'"),
        ("deny = [1]", "p.toml: deny: a list of Lua names expected, got (1,)"),
        (
            "deny = ['os.exeute']",
            'p.toml: deny: no Lua library or function is named "os.exeute", did you mean "os.execute"?',
        ),
        ("allow = ['frobnicate']", 'p.toml: allow: no Lua library or function is named "frobnicate"'),
        ("limits = 3", "p.toml: limits: a table expected, got 3"),
        ("[limits]\ninstructions = 0", "p.toml: limits.instructions: must be greater than 0 and finite, got 0"),
        ("[limits]\ninstructions = 1.5", "p.toml: limits.instructions: a whole number expected, got 1.5"),
        ("[limits]\ninstructions = true", "p.toml: limits.instructions: a whole number expected, got True"),
        ("[limits]\nwall_seconds = '1'", "p.toml: limits.wall_seconds: a number expected, got '1'"),
        ("[limits]\nwall_seconds = inf", "p.toml: limits.wall_seconds: must be greater than 0 and finite, got inf"),
        ("[limits]\nwall_seconds = nan", "p.toml: limits.wall_seconds: must be greater than 0 and finite, got nan"),
        ("mode = ", "p.toml: not TOML: Invalid value (at end of document)"),
    ],
)
def test_errors_name_source_and_key(text: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml(text, "p.toml")
    assert str(caught.value) == complaint


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml("mod = 1\n[limits]\nwall_seconds = 0", "p.toml")
    assert len(str(caught.value).splitlines()) == 2


def test_no_such_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match='no policy is named "virtul", did you mean "virtual"?'):
        Policy.load("virtul")
    with pytest.raises(PolicyError, match="cannot read policy file .*/none.toml: No such file or directory"):
        Policy.load(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match="not a text file in UTF-8"):
        Policy.load(tmp_path / "binary.toml")


def test_python_values_are_checked_as_well() -> None:
    with pytest.raises(PolicyError, match="mode"):
        Policy(mode="loose")  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match="wall_seconds"):
        Limits(wall_seconds=-1)


def test_policies_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Policy().mode = "refuse"  # type: ignore[misc]


def test_evolve() -> None:
    policy = Policy.load("virtual").evolve(mode="refuse", instructions=7)
    assert policy.mode == "refuse"
    assert policy.limits == Limits(instructions=7, wall_seconds=60)
    with pytest.raises(TypeError):
        policy.evolve(colour="red")


def test_names() -> None:
    assert set(FUNCTION_NAMES) >= HOST_TOUCHING
    runtime = LuaRuntime()
    absent = [name for name in FUNCTION_NAMES if runtime.eval(f"type({name})") not in ("function", "userdata")]
    assert [name for name in absent if not name.startswith("debug.")] == []


def test_every_library_function_has_a_name() -> None:
    runtime = LuaRuntime()
    runtime.execute(
        """
        names = {}
        for name, library in pairs(package.loaded) do
          for key, value in pairs(library) do
            if type(value) == "function" then names[name == "_G" and key or name .. "." .. key] = true end
          end
        end
        """
    )
    assert set(runtime.globals().names.keys()) <= set(FUNCTION_NAMES)


# Which names a policy allows


def test_the_more_exact_name_wins() -> None:
    policy = Policy(deny=("io",), allow=("io.write",))
    assert policy.allows("io.write")
    assert not policy.allows("io.read")
    policy = refuse(allow=["io"], deny=["io.popen"])
    assert policy.allows("io.open")
    assert not policy.allows("io.popen")
    assert not policy.allows("os.remove")


def test_a_name_on_both_lists_is_denied() -> None:
    assert not Policy(deny=("load",), allow=("load",)).allows("load")


# The gate


@pytest.mark.parametrize(
    "name",
    sorted(name for name in HOST_TOUCHING if name != "require" and not name.startswith("io.std")),
)
def test_refuse_replaces_host_touching_functions(name: str) -> None:
    runtime = LuaRuntime("refuse")
    with pytest.raises(LuaError) as caught:
        runtime.execute(f"\n{name}('x')", name="@mod.lua")
    assert caught.value.value == f"mod.lua:2: {name}(_) is sandboxed"


def test_refusals_can_be_caught() -> None:
    assert LuaRuntime("refuse").eval("pcall(io.open, 'x')") == (False, "io.open(_) is sandboxed")


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_refuse_takes_the_streams_away(stream: str) -> None:
    runtime = LuaRuntime("refuse")
    for use in (f"io.{stream}:write('x')", f"io.{stream}.x = 1", f"io.{stream}()"):
        with pytest.raises(LuaError, match=rf"io.{stream}\(_\) is sandboxed"):
            runtime.execute(use)
    assert runtime.eval(f"type(io.{stream}), getmetatable(io.{stream})") == ("userdata", False)


def test_refuse_leaves_the_language_alone() -> None:
    runtime = LuaRuntime("refuse")
    assert runtime.eval("load('return 1 + 1')()") == 2
    assert runtime.eval("type(os.time()), type(os.clock()), os.date('!%Y', 0)") == ("number", "number", "1970")
    assert runtime.eval("require('string') == string") is True


def test_refuse_keeps_require_from_looking_for_files() -> None:
    runtime = LuaRuntime("refuse", files={"mod.lua": "return 1"}, modules={"given": "return 'given'", "host": {"x": 1}})
    with pytest.raises(LuaError, match=r"require\(_\) is sandboxed"):
        runtime.execute("require 'mod'")
    assert runtime.eval("require 'given', require('host').x") == ("given", 1)
    assert runtime.eval("(function() package.preload.own = function() return 7 end return require 'own' end)()") == 7
    assert runtime.eval("#package.searchers") == 2


def test_virtual_works() -> None:
    runtime = LuaRuntime(files={"mod.lua": "return 1"}, env={"A": "b"})
    assert runtime.eval("require 'mod', os.getenv 'A', io.type(io.stdout)") == (1, "b", "file")


def test_deny_in_virtual() -> None:
    runtime = LuaRuntime(Policy(deny=("os.getenv", "require", "string.rep", "load")), env={"A": "b"})
    for source in ("os.getenv 'A'", "require 'string'", "('x'):rep(3)", "load 'x = 1'", "string.rep('x', 3)"):
        with pytest.raises(LuaError, match=r"\(_\) is sandboxed"):
            runtime.execute(source)
    assert runtime.eval("type(io.open('x', 'w'))") == "userdata"


def test_deny_a_library() -> None:
    runtime = LuaRuntime(Policy(deny=("debug",)))
    with pytest.raises(LuaError, match=r"debug.getregistry\(_\) is sandboxed"):
        runtime.execute("debug.getregistry()")


def test_allow_in_refuse() -> None:
    runtime = LuaRuntime(refuse(allow=["io.open", "require"]), files={"a.txt": "hello", "mod.lua": "return 2"})
    assert runtime.eval("io.open('a.txt'):read('a'), require 'mod'") == ("hello", 2)
    with pytest.raises(LuaError, match=r"io.lines\(_\) is sandboxed"):
        runtime.execute("io.lines 'a.txt'")


def test_no_saved_table_leads_to_a_refused_function() -> None:
    runtime = LuaRuntime("refuse")
    for path in ("package.loaded.io.open", "package.loaded._G.io.open", "_G.package.loaded.io['open']"):
        with pytest.raises(LuaError, match="is sandboxed"):
            runtime.execute(f"{path}('x')")


def test_runtimes_do_not_share_refusals() -> None:
    LuaRuntime("refuse")
    assert LuaRuntime("virtual").eval("io.type(io.open('x', 'w'))") == "file"
