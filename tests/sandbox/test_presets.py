"""The policies that come with vlua: what each promises holds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vlua import LimitExceeded, LuaError, LuaRuntime, Policy
from vlua.sandbox.policy import preset_names
from vlua.sandbox.presets import file_of


def test_which_there_are() -> None:
    assert preset_names() == ["classroom", "compute", "fixture", "mod", "refuse", "virtual"]


@pytest.mark.parametrize("name", preset_names())
def test_each(name: str) -> None:
    policy = Policy.preset(name)
    assert policy == Policy.load(name) == Policy.from_file(file_of(name))
    assert policy.name == name
    assert policy.description
    assert policy.limits.wall_time
    assert LuaRuntime(name).eval("1 + 1") == 2
    text = open(file_of(name)).read()
    assert text.startswith("# ")
    for line in text.splitlines():
        if line.startswith("["):  # every section has a comment, or keys that have one
            section = text[text.index(line) :].split("\n\n[")[0]
            before = text[: text.index(line)].rstrip("\n").rpartition("\n")[2]
            assert "#" in section or before.startswith("#") or "messages" in line or "rules" in line, line


def test_presets_need_nothing_slow() -> None:
    program = (
        "import sys\nfrom vlua import LuaRuntime\nLuaRuntime('virtual').eval('1')\n"
        "print([name for name in ('cattrs', 'fs', 'rich', 'json', 'difflib', 'zoneinfo') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_fixture_is_deterministic() -> None:
    source = """
        local names = {}
        for name in io.popen('ls /'):lines() do names[#names + 1] = name end
        for key in pairs({a = 1, b = 2, c = 3, d = 4}) do names[#names + 1] = key end
        return os.time(), os.date(), os.clock(), math.random(1e9), tostring({}), os.tmpname(), table.concat(names, " "),
               os.getenv "HOME"
    """
    files = dict.fromkeys("zyxabc", "")
    first = LuaRuntime("fixture", files=files).execute(source)
    assert first == LuaRuntime("fixture", files=files).execute(source)
    assert first[0] == 946684800
    assert first[-1] is None


def test_mod() -> None:
    runtime = LuaRuntime("mod", files={"data/map.txt": "map", "saves/old.txt": "old"})
    assert runtime.eval("io.open('data/map.txt'):read()") == "map"
    for source in ("io.open('data/map.txt', 'w')", "os.remove('data/map.txt')", "io.open('new.txt', 'w')"):
        assert runtime.eval(f"select(3, {source})") == 13
    assert runtime.eval("os.rename('data/map.txt', 'saves/map.txt')")[0] is None
    runtime.execute(
        "local f = io.open('saves/new.txt', 'w') f:write('kept') f:close() assert(os.remove 'saves/old.txt')"
    )
    assert runtime.fs.readtext("/saves/new.txt") == "kept"
    with pytest.raises(LuaError, match="mods cannot start programs"):
        runtime.execute("os.execute 'ls'")
    assert runtime.eval("debug.traceback('x') ~= nil") is True
    assert runtime.eval("pcall(debug.getinfo, 1)")[0] is False
    with pytest.raises(LimitExceeded):
        runtime.execute("while true do end")


def test_mod_quota() -> None:
    runtime = LuaRuntime(Policy.preset("mod").evolve(filesystem={"quota": {"bytes": "1 kB"}}))
    runtime.fs.makedirs("/saves")
    source = "local f = io.open('/saves/x', 'w') f:write(('x'):rep(2000)) return f:close()"
    assert runtime.execute(source) == (None, "No space left on device", 28)


def test_classroom_explains() -> None:
    runtime = LuaRuntime("classroom")
    with pytest.raises(LuaError, match="just let your program come to its end"):
        runtime.execute("os.exit()")
    with pytest.raises(LuaError, match="you will not need this library"):
        runtime.execute("debug.sethook()")
    assert runtime.eval("io.open('x', 'w'):write('x')") is not None


def test_compute_has_no_files_and_no_time() -> None:
    runtime = LuaRuntime("compute", files={"a.txt": "", "mod.lua": ""})
    for source in (
        "io.open 'a.txt'",
        "require 'mod'",
        "dofile 'a.txt'",
        "os.getenv 'x'",
        "debug.getinfo(1)",
        "io.write 'x'",
    ):
        with pytest.raises(LuaError, match="sandboxed"):
            runtime.execute(source)
    assert runtime.eval("os.time(), os.clock()") == (946684800, 0.0)
    assert "binary" in runtime.eval("load(string.dump(print and function() end))")[1]
