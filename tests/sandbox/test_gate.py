"""The gate: what it makes of the libraries of a runtime, in both modes and by every name there is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vlua import LuaError, LuaRuntime, Policy
from vlua.sandbox.names import HOST_TOUCHING


def refuse(**changes: object) -> Policy:
    return Policy.load("refuse").evolve(**changes)


@pytest.mark.parametrize(
    "name",
    sorted(name for name in HOST_TOUCHING if name != "require" and not name.startswith(("io.std", "lfs."))),
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
    runtime = LuaRuntime("virtual", files={"mod.lua": "return 1"}, env={"A": "b"})
    assert runtime.eval("require 'mod', os.getenv 'A', io.type(io.stdout)") == (1, "b", "file")


def test_deny_in_virtual() -> None:
    runtime = LuaRuntime(Policy(mode="virtual", deny=("os.getenv", "require", "string.rep", "load")), env={"A": "b"})
    for source in ("os.getenv 'A'", "require 'string'", "('x'):rep(3)", "load 'x = 1'", "string.rep('x', 3)"):
        with pytest.raises(LuaError, match=r"\(_\) is sandboxed"):
            runtime.execute(source)
    assert runtime.eval("type(io.open('x', 'w'))") == "userdata"


def test_deny_a_library() -> None:
    runtime = LuaRuntime(Policy(mode="virtual", deny=("debug",)))
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


def test_lfs_is_not_found_when_refused() -> None:
    assert LuaRuntime("refuse").eval("pcall(require, 'lfs')")[0] is False
    runtime = LuaRuntime(refuse(allow=["lfs.currentdir"]))
    assert runtime.eval("require('lfs').currentdir()") == "/"
    with pytest.raises(LuaError, match=r"lfs.mkdir\(_\) is sandboxed"):
        runtime.execute("require('lfs').mkdir('x')")


def test_messages_teach() -> None:
    runtime = LuaRuntime(refuse(messages={"io.open": "no files today", "os": "ask your teacher"}))
    for source, message in (
        ("io.open('x')", "io.open(_) is sandboxed: no files today"),
        ("os.remove('x')", "os.remove(_) is sandboxed: ask your teacher"),
        ("io.lines('x')", "io.lines(_) is sandboxed"),
    ):
        with pytest.raises(LuaError) as caught:
            runtime.execute(source, name="=x")
        assert caught.value.value == f"x:1: {message}"


# What passes to the host


def test_host_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLUA_TEST_VARIABLE", "from the host")
    source = "os.getenv 'VLUA_TEST_VARIABLE', os.getenv 'A'"
    assert LuaRuntime("virtual").eval(source) == (None, None)
    policy = Policy.preset("virtual").evolve(names={"os.getenv": "host"})
    assert LuaRuntime(policy, env={"A": "b"}).eval(source) == ("from the host", "b")
    assert LuaRuntime(policy).eval("io.popen('echo $VLUA_TEST_VARIABLE'):read()") == ""  # of the function alone


def test_host_clock() -> None:
    frozen = Policy.preset("fixture")
    assert LuaRuntime(frozen).eval("os.time(), os.clock()") == (946684800, 0.0)
    policy = frozen.evolve(names={"os.time": "host"})
    now, date = LuaRuntime(policy).eval("os.time(), os.date('!%Y')")
    assert now > 1_700_000_000
    assert date == "2000"


def test_host_functions_do_not_shadow_the_room_s() -> None:
    policy = Policy.preset("fixture").evolve(names={"os.time": "host"}, deny=["os.date"])
    runtime = LuaRuntime(policy)
    # a table's field asks while os.time runs: what `debug` finds then is the function that the script has
    found = runtime.execute(
        """
        local f
        local fields = setmetatable({}, {__index = function() f = debug.getinfo(2, "f").func return 1 end})
        pcall(os.time, fields)
        return f == os.time
        """
    )
    assert found is True


def test_inherited_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLUA_TEST_ONE", "1")
    monkeypatch.setenv("VLUA_TEST_TWO", "2")
    policy = Policy(variables={"VLUA_TEST_TWO": "mine", "X": "x"}, inherit=["VLUA_TEST_*"])
    source = "os.getenv 'VLUA_TEST_ONE', os.getenv 'VLUA_TEST_TWO', os.getenv 'X', os.getenv 'PATH'"
    assert LuaRuntime(policy, env={"X": "runtime"}).eval(source) == ("1", "mine", "runtime", None)


# Clock, random numbers, output, debug, load


def test_clocks() -> None:
    times = "os.time(), os.time(), os.clock(), os.clock()"
    assert LuaRuntime(Policy(clock={"kind": "frozen", "start": "2024-02-29 12:00:00"})).eval(
        "os.date('%Y-%m-%d %H:%M:%S %Z'), os.time(), os.time(), os.clock()"
    ) == ("2024-02-29 12:00:00 UTC", 1709208000, 1709208000, 0.0)
    ticking = Policy(clock={"kind": "ticking", "start": 100, "step": "2 s"})
    assert LuaRuntime(ticking).eval(times) == (100, 102, 4.0, 6.0)
    assert LuaRuntime(ticking).eval("os.time(), os.execute('sleep 10'), os.time()") == (100, True, 112)
    scaled = LuaRuntime(Policy(clock={"kind": "scaled", "start": 0, "scale": 1e6}))
    assert (
        scaled.execute("local a = os.time() repeat local b = os.time() until b > a + 10 return os.time() > a") is True
    )


def test_zones() -> None:
    for zone, expected in (("+02:30", "14:30"), ("Europe/Berlin", "13:00"), ("UTC", "12:00"), ("-01:00", "11:00")):
        policy = Policy(clock={"kind": "frozen", "start": "2024-02-29 12:00:00", "zone": zone})
        assert LuaRuntime(policy).eval("os.date('%H:%M')") == expected


def test_frozen_clocks_do_not_stop_the_limit() -> None:
    from vlua import LimitExceeded

    runtime = LuaRuntime(Policy(clock={"kind": "frozen"}, wall_time=0.1))
    with pytest.raises(LimitExceeded, match="wall_time"):
        runtime.execute("os.execute('sleep 9999999')")


def test_seeds() -> None:
    numbers = "math.random(1000000), math.random(1000000)"
    assert LuaRuntime(Policy(seed=5)).eval(numbers) == LuaRuntime(Policy(seed=5)).eval(numbers)
    assert LuaRuntime(Policy(seed=5)).eval(numbers) == LuaRuntime().eval(f"math.randomseed(5), {numbers}")[-2:]
    assert LuaRuntime(Policy(seed=5)).eval(numbers) != LuaRuntime(Policy(seed=6)).eval(numbers)
    assert len({LuaRuntime(Policy(seed="fresh")).eval(numbers) for _ in range(4)}) > 1


def test_output(capsys: pytest.CaptureFixture[str]) -> None:
    source = "print 'out' io.stderr:write 'err'"
    LuaRuntime(Policy(output={"stdout": "discard"})).execute(source)
    assert capsys.readouterr() == ("", "err")
    LuaRuntime(Policy(output={"stderr": "discard"})).execute(source)
    assert capsys.readouterr() == ("out\n", "")
    LuaRuntime(Policy(output={"stderr": "stdout"})).execute(source)
    assert capsys.readouterr() == ("out\nerr", "")


def test_parts_of_debug() -> None:
    runtime = LuaRuntime(Policy(debug={"allow": ["traceback"]}))
    assert "stack traceback" in runtime.eval("debug.traceback('x')")
    for name in ("getinfo", "sethook", "getregistry", "setupvalue"):
        with pytest.raises(LuaError, match=rf"debug.{name}\(_\) is sandboxed"):
            runtime.execute(f"debug.{name}()")
    runtime = LuaRuntime(Policy(debug={"deny": ["debug.sethook"]}))
    assert runtime.eval("debug.getinfo(1, 'l').currentline") == 1
    with pytest.raises(LuaError, match="is sandboxed"):
        runtime.execute("debug.sethook()")


@pytest.mark.parametrize("way", ["load(%s, 'c', 'b')", "load(%s)", "loadfile('chunk')", "pcall(dofile, 'chunk')"])
def test_text_only(way: str) -> None:
    make = (
        "local chunk = string.dump(function() return 1 end) local f = io.open('chunk', 'w') f:write(chunk) f:close() "
    )
    source = make + "return " + way.replace("%s", "chunk")
    text_only = LuaRuntime(Policy(mode="virtual", load={"binary": False})).execute(source)
    assert "attempt to load a binary chunk (mode is 't')" in str(text_only[1])
    both = LuaRuntime(Policy(mode="virtual", load={"binary": True})).execute(source)
    assert both != text_only


# Modules


def test_module_patterns() -> None:
    files = {"game/map.lua": "return 'map'", "game/secret.lua": "return 1", "other.lua": "return 2"}
    policy = Policy(mode="virtual", modules={"allow": ["game.*", "given"], "deny": ["game.secret"]})
    runtime = LuaRuntime(policy, files=files, modules={"given": "return 'given'", "hidden": {"x": 1}})
    assert runtime.eval("require 'game.map', require 'given', require 'string' == string") == ("map", "given", True)
    for module in ("game.secret", "other", "hidden", "nothing"):
        for way in ("require '%s'", "package.searchers[1] '%s'", "package.searchers[2] '%s'"):
            with pytest.raises(LuaError, match=rf"module '{module}' is sandboxed"):
                runtime.execute(way % module)


def test_module_roots() -> None:
    runtime = LuaRuntime(Policy(roots=["/lib"]), files={"lib/a.lua": "return 'lib'", "a.lua": "return 'here'"})
    assert runtime.eval("require 'a', package.path") == ("lib", "/lib/?.lua;/lib/?/init.lua")


def test_child_states_share_modules_if_the_policy_says_so() -> None:
    modules = {"text": "return 'text'", "python": {"twice": lambda number: 2 * number}}
    source = """
        local code = "print(pcall(require, 'text')) print(select(2, pcall(require, 'python')).twice(4))"
        local f = io.popen('lua -e "' .. code .. '"')
        return f:read 'a'
    """
    shared = LuaRuntime(Policy(mode="virtual", modules={"share": True}), modules=modules).execute(source)
    assert shared == "true\ttext\n8\n"
    alone = LuaRuntime(Policy(mode="virtual"), modules=modules, stderr=open(os.devnull, "w")).execute(source)
    assert alone.startswith("false\tmodule 'text' not found")


def test_host_functions_in_child_states_can_fail_and_stop() -> None:
    from vlua import LimitExceeded

    def fail() -> None:
        raise ValueError("from the host")

    policy = Policy(mode="virtual", modules={"share": True}, instructions=100_000)
    modules = {"python": {"fail": fail, "call": lambda function: function()}}
    runtime = LuaRuntime(policy, modules=modules)
    source = "return io.popen([[lua -e \"print(pcall(require('python').%s))\"]]):read 'a'"
    assert "from the host" in runtime.execute(source % "fail")
    with pytest.raises(LimitExceeded):
        runtime.execute(source % "call, function() while true do end end")


# Aliases: whatever way there is to do the same


ALIASES = {
    "os.remove": [
        "os.remove 'a.txt'",
        "os.execute 'rm a.txt'",
        "io.popen('rm a.txt'):close()",
        "os.execute '/bin/rm a.txt'",
        "os.execute 'env rm a.txt'",
        "os.execute [[lua -e \"os.remove('a.txt')\"]]",
        "os.execute 'rm -rf /a.txt'",
        "os.execute [[sh -c 'rm a.txt']]",
        "package.loaded.os.remove 'a.txt'",
    ],
    "io.open": [
        "io.open('a.txt', 'w')",
        "os.execute 'echo > a.txt'",
        "os.execute 'true > a.txt'",
        "os.execute [[lua -e \"io.open('a.txt', 'w')\"]]",
        "io.popen('echo >> a.txt'):close()",
    ],
    "os.getenv": [
        "print(os.getenv 'SECRET')",
        "os.execute 'echo $SECRET'",
        "os.execute 'env'",
        "os.execute [[lua -e \"print(os.getenv 'SECRET')\"]]",
    ],
    "loadfile": ["loadfile('code.lua')()", "os.execute 'lua code.lua'", "os.execute 'LUA_INIT=@code.lua lua -e x=1'"],
}


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, ways in ALIASES.items() for way in ways])
def test_t_alias_every_way_is_refused(name: str, way: str, capfd: pytest.CaptureFixture[str]) -> None:
    def outcome(policy: Policy) -> tuple[object, str]:
        files = {"a.txt": "here", "code.lua": "print 'code'"}
        runtime = LuaRuntime(policy, files=files, env={"SECRET": "secret"})
        runtime.execute(f"pcall(function() {way} end)")
        exists = runtime.fs.exists("/a.txt")
        return exists and runtime.fs.readtext("/a.txt"), capfd.readouterr().out

    untouched = ("here", "")
    refused = outcome(Policy(mode="virtual", deny=[name]))
    assert refused[0] == "here"
    assert "secret" not in refused[1]
    assert "code" not in refused[1]
    assert outcome(Policy(mode="virtual")) != untouched


def test_cat_and_ls_and_mkdir_are_refused_with_their_functions() -> None:
    for name, line in (("io.open", "cat a.txt"), ("lfs.dir", "ls"), ("lfs.mkdir", "mkdir x")):
        source = f"return os.execute '{line}'"
        errors = open(os.devnull, "w")
        assert LuaRuntime(Policy(mode="virtual", deny=[name]), files={"a.txt": ""}, stderr=errors).execute(source) == (
            None,
            "exit",
            126,
        )
        assert LuaRuntime(Policy(mode="virtual"), files={"a.txt": ""}, stdout=errors).execute(source)[0] is True


def test_programs_by_list(capfd: pytest.CaptureFixture[str]) -> None:
    ran = []
    commands = {"tool": lambda args, stdin, stdout, stderr: ran.append(args)}
    for policy, allowed in (
        (Policy(mode="virtual", commands={"allow": ["echo"]}), {"echo"}),
        (Policy(mode="virtual", commands={"deny": ["tool"]}), {"echo", "true"}),
        (Policy(mode="virtual", commands={"allow": []}), set()),
    ):
        runtime = LuaRuntime(policy, commands=commands)
        for program in ("echo", "true", "tool"):
            assert runtime.eval(f"(os.execute '{program}')") is (True if program in allowed else None)
    assert ran == []
    assert "Permission denied" in capfd.readouterr().err


# The same corpus in both modes


CORPUS = Path(__file__).parent / "corpus"


def expectations(script: Path) -> dict[str, str]:
    """``-- virtual: …`` and ``-- refuse: …`` lines: what the script prints, or the end of its error."""
    expected: dict[str, list[str]] = {"virtual": [], "refuse": []}
    for line in script.read_text().splitlines():
        for mode, lines in expected.items():
            if line.startswith(f"-- {mode}:"):
                lines.append(line.removeprefix(f"-- {mode}:").strip())
    return {mode: "\n".join(lines) for mode, lines in expected.items()}


@pytest.mark.parametrize("mode", ["virtual", "refuse"])
@pytest.mark.parametrize("script", sorted(CORPUS.glob("*.lua")), ids=lambda path: path.stem)
@pytest.mark.parametrize("by_environment", [False, True])
def test_corpus_in_both_modes(script: Path, mode: str, by_environment: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    if by_environment:
        monkeypatch.setenv("VLUA_MODE", mode)
    output = io.StringIO()
    runtime = LuaRuntime(
        None if by_environment else mode,
        files={"data.txt": "first\nsecond\n", "mod.lua": "return {name = 'mod'}"},
        modules={"given": "return {name = 'given'}"},
        env={"USER": "somebody"},
        stdout=output,
        stdin="typed\n",
    )
    try:
        runtime.execute(script.read_bytes(), name=f"@{script.name}")
    except LuaError as error:
        output.write(f"error: {error}")
    printed = "\n".join(line.rstrip() for line in output.getvalue().splitlines())
    assert printed == expectations(script)[mode]


def test_the_corpus_asks_for_everything() -> None:
    text = "".join(path.read_text() for path in CORPUS.glob("*.lua"))
    missing = [name for name in sorted(HOST_TOUCHING) if not name.startswith("lfs.") and name not in text]
    assert missing == []
