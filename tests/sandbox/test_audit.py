"""The record: what is in it, that it changes nothing else, and that it costs nothing when there is none."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from vlua import LuaError, LuaRuntime, Policy
from vlua.sandbox.audit import Audit, AuditEvent, read_events, shortened, write_event
from vlua.sandbox.names import HOST_TOUCHING

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.lua"))


def events_of(source: str, policy: object = "virtual", **options: object) -> list[AuditEvent]:
    options.setdefault("stdout", io.StringIO())
    options.setdefault("stderr", io.StringIO())
    runtime = LuaRuntime(policy, audit=True, **options)  # type: ignore[arg-type]
    try:
        runtime.execute(source, name="@main.lua")
    except LuaError:
        pass
    assert runtime.audit is not None
    return list(runtime.audit)


def test_off_by_default_at_no_cost() -> None:
    runtime = LuaRuntime("virtual")
    assert runtime.audit is None
    assert not any(hasattr(value, "__wrapped__") for value in runtime._state.globals.get("io").hash.values())


def test_events_tell_everything() -> None:
    events = events_of("\nlocal f = io.open('a.txt', 'w', 1.5, {}, nil, 7)\nprint(1)", files={})
    assert [event.name for event in events][:2] == ["io.open", "filesystem.create"]
    event = events[0]
    assert event.arguments == ('"a.txt"', '"w"', "1.5", "table", "nil")
    assert (event.path, event.verdict, event.position, event.allowed) == ("/a.txt", "virtual", "main.lua:2", True)
    assert event.rule.startswith("virtual.toml:")
    assert event.rule.endswith(" sandbox.mode")
    assert event.time > 1_700_000_000
    assert events[1].path == "/a.txt"


def test_refusals_are_recorded() -> None:
    (event,) = events_of("io.open('../x/./a.txt')", "refuse")
    assert (event.verdict, event.allowed, event.position) == ("refuse", False, "main.lua:1")
    policy = Policy.from_toml("[sandbox]\nmode = 'virtual'\ndeny = [\n  'os.remove',\n]\n", "mine.toml")
    events = events_of("pcall(os.remove, 'a') os.execute 'rm a'", policy, files={"a": ""})
    assert [(e.name, e.verdict, e.rule) for e in events if not e.allowed] == [
        ("os.remove", "refuse", "mine.toml:4 sandbox.deny"),
        ("commands.run", "refuse", "mine.toml:4 sandbox.deny"),
    ]


def test_rules_programs_and_modules_are_recorded() -> None:
    policy = Policy.from_toml(
        "[[filesystem.rules]]\npattern = '/secret'\ndeny = ['read']\n[modules]\ndeny=['bad']\n[commands]\ndeny=['ls']",
        "mine.toml",
    )
    source = "io.open('secret') pcall(require, 'bad') require 'good' os.execute 'echo x; ls'"
    events = events_of(source, policy, files={"secret": "", "good.lua": "return 1"})
    told = [
        (event.name, event.path, event.verdict, event.rule) for event in events if event.name[:2] not in ("io", "os")
    ]
    assert ("filesystem.read", "/secret", "refuse", "mine.toml:1 filesystem.rules[1]") in told
    assert ("modules.load", "bad", "refuse", "mine.toml:5 modules.deny") in told
    assert ("modules.load", "good", "virtual", "") in told
    assert ("commands.run", "echo", "virtual", "") in told
    assert ("commands.run", "ls", "refuse", "mine.toml:7 commands.deny") in told


@pytest.mark.parametrize("name", sorted(name for name in HOST_TOUCHING if not name.startswith(("io.std", "lfs."))))
@pytest.mark.parametrize("mode", ["virtual", "refuse"])
def test_every_host_touching_function_is_recorded(name: str, mode: str) -> None:
    from vlua import LuaExit

    audit = Audit()
    runtime = LuaRuntime(mode, audit=audit, stdout=io.StringIO())
    try:
        runtime.execute(f"pcall({name}, 'string')")
    except LuaExit:
        pass
    if (name, mode) == ("require", "refuse"):
        return  # it works there, and finds the library
    assert name in [event.name for event in audit]


def test_standard_streams_are_recorded() -> None:
    names = [event.name for event in events_of("io.stdout:write 'x' io.stderr:write 'x' io.stdin:read()")]
    assert names == ["io.stdout", "io.stderr", "io.stdin"]
    assert [e.name for e in events_of("io.open('x', 'w'):write 'x'")] == ["io.open", "filesystem.create"]


@pytest.mark.parametrize("mode", ["virtual", "refuse"])
@pytest.mark.parametrize("script", CORPUS, ids=lambda path: path.stem)
def test_a_record_changes_nothing(script: Path, mode: str) -> None:
    outputs = []
    for audit in (None, True):
        output = io.StringIO()
        runtime = LuaRuntime(mode, files={"data.txt": "x"}, stdout=output, stderr=output, audit=audit)
        try:
            runtime.execute(script.read_bytes(), name=f"@{script.name}")
        except LuaError as error:
            output.write(f"{error}\n{error.traceback}")
        outputs.append(output.getvalue())
    assert outputs[0] == outputs[1]


def test_errors_and_tracebacks_are_the_same() -> None:
    source = """
        print(pcall(io.open)) print(pcall(io.lines, {})) print(pcall(os.time, {})) print(pcall(load))
        print(io.open("x"))
        print(select(2, xpcall(function() io.lines("nope") end, debug.traceback)))
        print(debug.getinfo(io.open, "S").what, debug.getinfo(1, "n").name, debug.traceback("x", 1))
        print(select(2, pcall(dofile, "fails.lua")), debug.getinfo(io.open, "u").nparams)
        io.open(nil)
    """
    outputs = []
    for audit in (None, True):
        output = io.StringIO()
        runtime = LuaRuntime("virtual", files={"fails.lua": "error('here')"}, stdout=output, audit=audit)
        with pytest.raises(LuaError) as caught:
            runtime.execute(source, name="@main.lua")
        outputs.append(f"{output.getvalue()}{caught.value}{caught.value.traceback}")
    assert outputs[0] == outputs[1]


def test_bounded() -> None:
    audit = Audit(limit=10)
    LuaRuntime("virtual", audit=audit).execute("for i = 1, 25 do os.getenv('x' .. i) end")
    assert len(audit) == 10
    assert audit.dropped == 15
    assert audit[-1].arguments == ('"x25"',)
    assert [event.arguments[0] for event in audit[:2]] == ['"x16"', '"x17"']
    audit.clear()
    assert (len(audit), audit.dropped) == (0, 0)


def test_streamed() -> None:
    seen: list[AuditEvent] = []
    runtime = LuaRuntime("virtual", audit=seen.append)
    runtime.execute("os.getenv 'A' pcall(os.getenv)")
    assert [event.name for event in seen] == ["os.getenv"] * 2
    assert runtime.audit is not None
    assert len(runtime.audit) == 0


def test_a_sink_that_fails_does_not_reach_lua() -> None:
    def fail(event: AuditEvent) -> None:
        raise OSError("disk full")

    runtime = LuaRuntime("virtual", audit=Audit(fail))
    assert runtime.eval("pcall(os.getenv, 'A')") == (True, None)
    assert runtime.audit is not None
    assert isinstance(runtime.audit.error, OSError)
    assert len(runtime.audit) == 1


def test_wrong_audits() -> None:
    with pytest.raises(TypeError, match="audit must be"):
        LuaRuntime(audit=3)  # type: ignore[arg-type]


def test_arguments_are_shortened() -> None:
    assert len(shortened("x" * 10_000_000)) < 80
    assert shortened("\xff\n") == '"\udcff\\n"'
    assert [shortened(value) for value in (None, True, 1, 2.5)] == ["nil", "true", "1", "2.5"]
    events = events_of("pcall(io.open, ('x'):rep(1e6)) os.getenv('y', table.unpack({}, 1, 200))")
    assert all(len(event.arguments) <= 5 and len(event.path or "") <= 4096 for event in events)


def test_json_lines() -> None:
    events = events_of("io.open('\\xff\\xfe') io.open('ä \\n') pcall(io.open, {})")
    assert list(read_events(map(write_event, events))) == events
    for line in ("{}", "[]", "x", '{"name": 1}', "[" * 100_000):
        with pytest.raises(ValueError, match="line 2 is no event of a record"):
            list(read_events(["", line]))


def test_child_states_are_recorded() -> None:
    events = events_of("""os.execute [[lua -e "os.getenv('CHILD')"]]""")
    assert "os.getenv" in [event.name for event in events]
