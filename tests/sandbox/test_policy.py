"""Policies: sections, keywords, TOML files, and errors that name the line, the key and what would be right."""

from __future__ import annotations

import contextlib
import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlua import Limits, LuaRuntime, Policy, PolicyError
from vlua.sandbox.lines import key_lines
from vlua.sandbox.names import FUNCTION_NAMES, HOST_ABLE, HOST_TOUCHING
from vlua.sandbox.policy import ATTRIBUTES, HOMES, SECTIONS
from vlua.sandbox.sections import Clock, Modules, Sandbox

# Where policies come from


def test_virtual_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLUA_MODE", raising=False)
    assert LuaRuntime().policy == Policy.preset("virtual")
    assert Policy().mode == "virtual"


def test_one_environment_variable_flips_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLUA_MODE", "refuse")
    assert LuaRuntime().policy == Policy.preset("refuse")
    assert Policy(deny=["load"]).mode == "refuse"
    assert Policy.preset("virtual").mode == "virtual"  # what a policy says itself counts
    assert Policy(mode="virtual").mode == "virtual"


def test_a_wrong_default_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLUA_MODE", "strict")
    with pytest.raises(PolicyError, match='VLUA_MODE: "refuse" or "virtual" expected, got \'strict\''):
        LuaRuntime()


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mods.toml"
    file.write_text(
        '[sandbox]\nmode = "refuse"\ndeny = ["string.rep", "debug"]\nallow = ["io.write"]\n'
        '[limits]\ninstructions = 1_000\nmemory = "64 MiB"\nwall_time = "500 ms"\n'
    )
    expected = Policy(
        name="mods",
        mode="refuse",
        deny=("string.rep", "debug"),
        allow=("io.write",),
        limits=Limits(instructions=1000, memory=64 * 1024**2, wall_time=0.5),
    )
    assert Policy.load(file) == expected
    assert Policy.load(str(file)) == expected
    assert LuaRuntime(str(file)).policy == expected


def test_no_such_policy(tmp_path: Path) -> None:
    for name in ("virtul", "Virtual"):
        with pytest.raises(PolicyError, match=f'no policy is named "{name}", did you mean "virtual"?'):
            Policy.load(name)
    with pytest.raises(PolicyError, match='no policy is named "x"'):
        Policy.preset("x")
    with pytest.raises(PolicyError, match=r"cannot read policy file .*/none.toml: No such file or directory"):
        Policy.load(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match="not a text file in UTF-8"):
        Policy.load(tmp_path / "binary.toml")


# What is wrong with them


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("qqq = 1", "p.toml:1: qqq: unknown key"),
        ("\nmode = 'refuse'", "p.toml:2: mode: unknown key, it belongs in [sandbox]"),
        ("[sandbox]\nmod = 'refuse'", 'p.toml:2: sandbox.mod: unknown key, did you mean "mode"?'),
        ("[limits]\ninstuctions = 5", 'p.toml:2: limits.instuctions: unknown key, did you mean "instructions"?'),
        ("[limit]\ninstructions = 5", 'p.toml:1: limit: unknown key, did you mean "limits"?'),
        ("[clock]\nwall_time = 5", "p.toml:2: clock.wall_time: unknown key, it belongs in [limits]"),
        ("sandbox = 3", "p.toml:1: sandbox: a table expected, got 3"),
        (
            "[sandbox]\nmode = 'virtul'",
            'p.toml:2: sandbox.mode: "refuse" or "virtual" expected, got \'virtul\', did you mean "virtual"?',
        ),
        ("name = 3", "p.toml:1: name: a string expected, got 3"),
        ("[sandbox]\ndeny = 'io'", "p.toml:2: sandbox.deny: a list of Lua names expected, got 'io'"),
        ("[sandbox]\ndeny = [1]", "p.toml:2: sandbox.deny: a list of Lua names expected, got [1]"),
        (
            "[sandbox]\ndeny = [\n  'io',\n  'os.exeute',\n]",
            'p.toml:4: sandbox.deny: no Lua library or function is named "os.exeute", did you mean "os.execute"?',
        ),
        (
            "[sandbox]\nallow = ['frobnicate']",
            'p.toml:2: sandbox.allow: no Lua library or function is named "frobnicate"',
        ),
        (
            "[sandbox]\nallow = ['io']\ndeny = ['os', 'io']",
            'p.toml:3: sandbox.deny: the name "io" is allowed as well, take it off one of the lists',
        ),
        (
            "[sandbox]\nallow = ['io.open']\n[sandbox.names]\n'io.open' = 'refuse'",
            'p.toml:4: sandbox.names."io.open": "refuse", but the same name is allowed by a list',
        ),
        (
            "[sandbox.names]\nio.opne = 'refuse'",
            'p.toml:2: sandbox.names."io.opne": no Lua library or function is named "io.opne", did you mean "io.open"?',
        ),
        (
            "[sandbox.names]\n'os.getenv' = 'hst'",
            'p.toml:2: sandbox.names."os.getenv": "refuse", "virtual" or "host" expected, got \'hst\','
            ' did you mean "host"?',
        ),
        (
            "[sandbox.names]\n'os.execute' = 'host'",
            'p.toml:2: sandbox.names."os.execute": "host" would start processes of the host, which nothing here does;'
            " pass commands= in Python instead",
        ),
        (
            "[sandbox.names]\nos = 'host'",
            'p.toml:2: sandbox.names.os: "host" is for single functions only: os.clock, os.date, os.getenv, os.time',
        ),
        (
            "[sandbox.names]\n'io.open' = 'host'",
            'p.toml:2: sandbox.names."io.open": "host" is possible for io.stdin, os.clock, os.date, os.getenv, os.time'
            " only; to let scripts reach files of the host, use [[filesystem.mounts]]",
        ),
        ("[sandbox.messages]\n'io.open' = 3", 'p.toml:2: sandbox.messages."io.open": a string expected, got 3'),
        (
            "[sandbox.messages]\n'io.opem' = ''",
            'p.toml:2: sandbox.messages: no Lua library or function is named "io.opem", did you mean "io.open"?',
        ),
        ("limits = 3", "p.toml:1: limits: a table expected, got 3"),
        ("[limits]\ninstructions = 0", "p.toml:2: limits.instructions: must be greater than 0 and finite, got 0"),
        ("[limits]\ninstructions = 1.5", "p.toml:2: limits.instructions: a whole number expected, got 1.5"),
        ("[limits]\ninstructions = true", "p.toml:2: limits.instructions: a whole number expected, got True"),
        (
            "[limits]\nwall_time = '1 sec'",
            "p.toml:2: limits.wall_time: cannot read the duration '1 sec', did you mean '1 s'?",
        ),
        (
            "[limits]\nmemory = '64M'",
            "p.toml:2: limits.memory: cannot read the size '64M', did you mean '64 MiB'?",
        ),
        ("[limits]\nwall_time = inf", "p.toml:2: limits.wall_time: must be greater than 0 and finite, got inf"),
        ("[limits]\nwall_time = nan", "p.toml:2: limits.wall_time: must be greater than 0 and finite, got nan"),
        ("[commands]\nallow = ['/bin/rm']", 'p.toml:2: commands.allow: "/bin/rm" cannot be the name of a program'),
        (
            "[commands]\nallow = ['rm']\ndeny = ['rm']",
            'p.toml:3: commands.deny: the program "rm" is allowed as well, take it off one of the lists',
        ),
        (
            "[modules]\ndeny = ['a[b']",
            'p.toml:2: modules.deny: the pattern "a[b" has a [ without its ], did you mean "a[[]b"?',
        ),
        ("[modules]\ndeny = ['']", "p.toml:2: modules.deny: an empty pattern matches nothing"),
        (
            "[modules]\nroots = ['lib']",
            "p.toml:2: modules.roots: an absolute path of the room expected, got 'lib', did you mean \"/lib\"?",
        ),
        ("[modules]\nshare = 1", "p.toml:2: modules.share: true or false expected, got 1"),
        (
            "[environment.variables]\nA = 1",
            'p.toml:2: environment.variables.A: a string expected, got 1, did you mean "1"?',
        ),
        ("[environment.variables]\n'A=' = ''", 'p.toml:2: environment.variables."A=": not a name for a variable'),
        (
            "[clock]\nkind = 'frosen'",
            'p.toml:2: clock.kind: "real", "frozen", "ticking" or "scaled" expected, got \'frosen\','
            ' did you mean "frozen"?',
        ),
        (
            "[clock]\nkind = 'frozen'\nstep = '1 s'",
            'p.toml:3: clock.step: has no meaning for a clock of kind "frozen", only for "ticking"',
        ),
        ("[clock]\nkind = 'ticking'\nstep = 0", "p.toml:3: clock.step: must be greater than 0, got 0"),
        ("[clock]\nkind = 'scaled'\nscale = 0", "p.toml:3: clock.scale: a number greater than 0 expected, got 0"),
        (
            "[clock]\nkind = 'frozen'\nstart = 'noon'",
            "p.toml:3: clock.start: cannot read the moment 'noon', write it as \"2024-12-31 23:59:59\"",
        ),
        (
            "[clock]\nzone = 'europe/berlin'",
            "p.toml:2: clock.zone: no time zone is named 'europe/berlin', did you mean \"Europe/Berlin\"?",
        ),
        ("[clock]\nzone = '+25:00'", "p.toml:2: clock.zone: no time zone is '+25:00' ahead of UTC"),
        ("[clock]\nzone = '../../etc/passwd'", "p.toml:2: clock.zone: no time zone is named '../../etc/passwd', write"),
        ("[random]\nseed = 'x'", "p.toml:2: random.seed: a whole number of 64 bits or \"fresh\" expected, got 'x'"),
        (
            "[debug]\nallow = ['traceback', 'getinf']",
            'p.toml:2: debug.allow: the library debug has no function "getinf", did you mean "getinfo"?',
        ),
        ("[load]\nbinary = 'no'", "p.toml:2: load.binary: true or false expected, got 'no'"),
        ("[output]\nstdout = 'stdout'", 'p.toml:2: output.stdout: "pass" or "discard" expected, got \'stdout\''),
        ("[filesystem]\nmounts = 3", "p.toml:2: filesystem.mounts: a list of mounts expected, got 3"),
        (
            "[[filesystem.mounts]]\nsource = 'x'",
            'p.toml:1: filesystem.mounts[1]: the key "path" is missing',
        ),
        (
            "[[filesystem.mounts]]\nsource = 'x'\npath = '/x'\nacces = 'ro'",
            'p.toml:4: filesystem.mounts[1].acces: unknown key, did you mean "access"?',
        ),
        (
            "[filesystem.quota]\nbytes = '1 mb'",
            "p.toml:2: filesystem.quota.bytes: cannot read the size '1 mb', did you mean '1 MB'?",
        ),
        ("[filesystem.quota]\nfile = 3", 'p.toml:2: filesystem.quota.file: unknown key, did you mean "files"?'),
        (
            "[filesystem]\nworking_directory = '../x'",
            "p.toml:2: filesystem.working_directory: an absolute path of the room expected, got '../x',"
            ' did you mean "/x"?',
        ),
        (
            "[[filesystem.rules]]\npattern = '/x'\n[[filesystem.rules]]\npattern = '/x'\nallow = ['raed']",
            'p.toml:5: filesystem.rules[2].allow: no operation is named "raed", did you mean "read"?',
        ),
        (
            "[[filesystem.rules]]\npattern = '/x**'",
            "p.toml:2: filesystem.rules[1].pattern: pattern '/x**': '**' stands",
        ),
        (
            "[[filesystem.rules]]\npattern = '/x'\nallow = ['read']\ndeny = ['read']",
            "p.toml:1: filesystem.rules[1]: rule '/x' both allows and denies 'read'",
        ),
        ("mode = ", "p.toml: not TOML: Invalid value (at end of document)"),
    ],
)
def test_errors_name_line_and_key(text: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml(text, "p.toml")
    assert str(caught.value).startswith(complaint)
    assert len(str(caught.value).splitlines()) == 1


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml(
            "mod = 1\n[limits]\nwall_time = 0\nmemory = 'x'\n[sandbox]\nmode = 'x'\n[clock]\nknd = 'y'", "p.toml"
        )
    lines = str(caught.value).splitlines()
    assert sorted(line.split(" ")[0] for line in lines) == [
        "p.toml:1:",
        "p.toml:3:",
        "p.toml:4:",
        "p.toml:6:",
        "p.toml:8:",
    ]


def test_deep_nesting_is_an_error() -> None:
    with pytest.raises(PolicyError):
        Policy.from_toml("a = " + "[" * 100_000, "p.toml")


@given(st.text(alphabet="[]{}=.\"'\n\\ #ab1,", max_size=60))
def test_whatever_the_text_only_policy_errors(text: str) -> None:
    with contextlib.suppress(PolicyError):
        Policy.from_toml(text, "p.toml")


# Python


def test_python_values_are_checked_as_well() -> None:
    for keys, complaint in (
        ({"mode": "loose"}, "sandbox.mode: "),
        ({"wall_time": -1}, "limits.wall_time: "),
        ({"clock": {"kind": "x"}}, "clock.kind: "),
        ({"commands_deny": ["a/b"]}, "commands.deny: "),
    ):
        with pytest.raises(PolicyError) as caught:
            Policy(**keys)  # type: ignore[arg-type]
        assert str(caught.value).startswith(complaint)
    with pytest.raises(PolicyError, match="^wall_time: "):
        Limits(wall_time=-1)
    with pytest.raises(PolicyError, match="^mode: "):
        Sandbox(mode="loose")  # type: ignore[arg-type]


def test_every_key_is_a_keyword() -> None:
    given = {
        "mode": ("refuse", Sandbox(mode="refuse")),
        "allow": (["io"], Sandbox(allow=("io",))),
        "modules_allow": (["a.*"], Modules(allow=("a.*",))),
        "roots": (["/lib/"], Modules(roots=("/lib",))),
        "clock_kind": ("frozen", Clock(kind="frozen")),
        "zone": ("+01:00", Clock(zone="+01:00")),
        "clock": ({"kind": "ticking", "step": "2 s"}, Clock(kind="ticking", step=2.0)),
        "limits_output": ("1 kB", Limits(output=1000)),
    }
    for keyword, (value, section) in given.items():
        assert section in [getattr(Policy(**{keyword: value}), name) for name in ATTRIBUTES.values()], keyword
    for name, kind in SECTIONS.items():
        for field in attrs.fields(kind):
            default = getattr(kind(), field.name)
            assert Policy(**{f"{name}_{field.name}": default}) == Policy()
            if field.name in HOMES:
                assert Policy(**{field.name: getattr(SECTIONS[HOMES[field.name]](), field.name)}) == Policy()


def test_unknown_keywords() -> None:
    with pytest.raises(TypeError, match="a policy has no key 'colour'"):
        Policy(colour="red")
    with pytest.raises(TypeError, match='did you mean "instructions"'):
        Policy().evolve(instuctions=1)


def test_policies_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Policy().name = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Policy().sandbox.mode = "refuse"  # type: ignore[misc]


def test_evolve() -> None:
    policy = Policy.load("virtual").evolve(mode="refuse", instructions=7)
    assert policy.mode == "refuse"
    assert policy.limits == Limits(instructions=7, wall_time=60)
    assert policy.evolve(limits={"memory": "1 KiB"}).limits == Limits(instructions=7, wall_time=60, memory=1024)
    assert policy.evolve(limits=Limits()).limits == Limits()
    assert policy.evolve(instructions=None).limits == Limits(wall_time=60)
    assert policy == policy.evolve()
    with pytest.raises(PolicyError, match="limits.memory: "):
        policy.evolve(limits={"memory": "x"})


def test_pickle() -> None:
    for name in ("refuse", "fixture"):
        policy = Policy.preset(name)
        assert pickle.loads(pickle.dumps(policy)) == policy


# And back to TOML


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8),
            "mode": st.sampled_from(["refuse", "virtual"]),
            "deny": st.lists(st.sampled_from(FUNCTION_NAMES), max_size=9, unique=True),
            "names": st.dictionaries(st.sampled_from(HOST_ABLE), st.just("host"), max_size=2),
            "messages": st.dictionaries(
                st.sampled_from(FUNCTION_NAMES), st.text(alphabet=st.characters(exclude_categories=["Cs"])), max_size=2
            ),
            "memory": st.integers(1, 2**50),
            "wall_time": st.floats(1e-6, 1e9),
            "commands_allow": st.lists(st.sampled_from(["rm", "ls", "lua"]), unique=True),
            "variables": st.dictionaries(st.sampled_from(["A", "B c", "d.e"]), st.sampled_from(["", "x\ny", '"'])),
            "modules_deny": st.lists(st.sampled_from(["a", "b.*", "[[]x"]), unique=True),
            "clock": st.sampled_from(
                [{"kind": "frozen", "start": 0.5}, {"kind": "scaled", "scale": 2.5}, {"zone": "+01:30"}]
            ),
            "seed": st.one_of(st.integers(-(2**63), 2**63 - 1), st.just("fresh")),
            "stderr": st.sampled_from(["pass", "stdout"]),
            "debug": st.sampled_from([{"allow": []}, {"deny": ["getinfo"]}]),
            "binary": st.booleans(),
            "quota": st.just({"bytes": 1024, "depth": 3}),
        },
    )
)
def test_policies_survive_being_written(keys: dict[str, Any]) -> None:
    keys["deny"] = [name for name in keys.get("deny", ()) if name not in keys.get("names", {})]
    policy = Policy(**keys)
    assert Policy.from_toml(policy.to_toml(), directory=None) == policy


# Lines


def test_lines_of_keys() -> None:
    text = """name = "x" # c
[sandbox]
deny = [
  "a.b", # "not this"
  'c',
]
names = { "os.getenv" = "host", io = "virtual" }
[sandbox.messages]
"io.open" = \"\"\"
[not.this]
\"\"\"
io.close = 'x'

[[filesystem.rules]]
pattern = "/x"
[[filesystem.rules]]
pattern = "/y"
[commands]
list = [ {a = 1},
  {b = "2"} ]
"""
    lines = key_lines(text)
    expected = {
        ("name",): 1,
        ("sandbox",): 2,
        ("sandbox", "deny", "a.b"): 4,
        ("sandbox", "deny", "c"): 5,
        ("sandbox", "names", "io"): 7,
        ("sandbox", "messages", "io.open"): 9,
        ("sandbox", "messages", "io", "close"): 12,
        ("filesystem", "rules", 0): 14,
        ("filesystem", "rules", 1, "pattern"): 17,
        ("commands", "list", 1): 20,
    }
    assert {path: lines.get(path) for path in expected} == expected
    assert ("not", "this") not in lines
    assert ("sandbox", "deny", "not this") not in lines


# Names


def test_names() -> None:
    assert set(FUNCTION_NAMES) >= HOST_TOUCHING
    runtime = LuaRuntime()
    runtime.execute("lfs = require 'lfs'")
    absent = [name for name in FUNCTION_NAMES if runtime.eval(f"type({name})") not in ("function", "userdata")]
    assert absent == []


def test_every_library_function_has_a_name() -> None:
    runtime = LuaRuntime()
    runtime.execute(
        """
        require "lfs"
        names = {}
        for name, library in pairs(package.loaded) do
          for key, value in pairs(library) do
            if type(value) == "function" then names[name == "_G" and key or name .. "." .. key] = true end
          end
        end
        """
    )
    assert set(runtime.globals().names.keys()) <= set(FUNCTION_NAMES)


def test_the_more_exact_name_wins() -> None:
    policy = Policy(mode="virtual", deny=("io",), allow=("io.write",))
    assert policy.allows("io.write")
    assert not policy.allows("io.read")
    policy = Policy(mode="refuse", allow=["io"], deny=["io.popen"])
    assert policy.allows("io.open")
    assert not policy.allows("io.popen")
    assert not policy.allows("os.remove")
    policy = Policy(
        mode="virtual", names={"io": "refuse", "io.stdin": "host"}, deny=["os"], debug={"allow": ["getinfo"]}
    )
    assert policy.decide("io.stdin").verdict == "host"
    assert policy.decide("io.open") == ("refuse", ("sandbox", "names", "io"))
    assert policy.decide("os.time") == ("refuse", ("sandbox", "deny", "os"))
    assert policy.decide("debug.getinfo").verdict == "virtual"
    assert policy.decide("debug.sethook") == ("refuse", ("debug", "allow", "sethook"))
    assert policy.decide("print") == ("virtual", ())
    assert Policy(mode="virtual", allow=["debug.sethook"], debug={"deny": ["sethook"]}).allows("debug.sethook")
