"""The limits of a runtime hold for what the programs of its room do."""

from __future__ import annotations

import io
from typing import Any

import pytest

from vlua import LimitExceeded, Limits, LuaRuntime, Policy

# Limit, its figure, what prepares, a command that goes beyond.
_BEYOND: list[tuple[str, int, str, str]] = [
    ("output", 1_000, "", "echo " + "x" * 1_001),
    ("output", 1_000, "", "echo " + "x" * 600 + " >&2; echo " + "x" * 600),
    ("output", 1_000, "local f = io.open('f', 'w') f:write(('x'):rep(600)) f:close()", "cat f f"),
    ("output", 1_000, "", "lua -e \"io.write(('x'):rep(1001))\""),
    ("output", 1_000, "", "lua -e \"print(('x'):rep(1001))\""),
    ("output", 1_000, "V = 1", "cat " + "n" * 200 + " 2>&1;" + ("cat " + "n" * 200 + ";") * 5),
    ("file_bytes", 1_000, "", "echo " + "x" * 1_001 + " > f"),
    ("file_bytes", 1_000, "", ("echo " + "x" * 300 + " >> f;") * 4),
    ("file_bytes", 1_000, "local f = io.open('f', 'w') f:write(('x'):rep(600)) f:close()", "cat f > g"),
    ("file_bytes", 1_000, "", "lua -e \"io.open('f', 'w'):write(('x'):rep(1001)):close()\""),
    ("files", 3, "", "echo > a; echo > b; echo > c; echo > d"),
    ("files", 3, "", "mkdir a b c d"),
    ("files", 3, "", "mkdir -p a/b/c/d"),
    ("files", 3, "", "lua -e \"for i = 1, 4 do io.open('f' .. i, 'w'):close() end\""),
    ("open_files", 3, "", "lua -e \"t = {} for i = 1, 4 do t[i] = io.open('f' .. i, 'w') end\""),
    ("open_files", 3, "T = {io.open('a', 'w'), io.open('b', 'w'), io.open('c', 'w')}", "echo > d"),
    ("open_files", 3, "T = {io.open('a', 'w'), io.open('b', 'w'), io.open('c', 'w')}", "cat a"),
    ("open_files", 3, "", "echo x > a > b > c > d"),
    ("string_bytes", 1_000, "", "lua -e \"local s = ('x'):rep(1001)\""),
    ("table_entries", 100, "", 'lua -e "local t = {} for i = 1, 101 do t[i] = i end"'),
    ("instructions", 20_000, "", 'lua -e "while true do end"'),
    ("instructions", 50_000, "", "echo x;" * 1_000),
    ("memory", 8 << 20, "", 'lua -e "local t = {} for i = 1, 1e9 do t[i] = {} end"'),
]


@pytest.mark.parametrize("way", ["os.execute", "io.popen"])
@pytest.mark.parametrize(("limit", "figure", "preparation", "command"), _BEYOND, ids=lambda value: str(value)[:40])
def test_t_grow_programs_are_stopped(limit: str, figure: int, preparation: str, command: str, way: str) -> None:
    figures: dict[str, Any] = {"wall_time": 60, limit: figure}
    lua = LuaRuntime(Policy(limits=Limits(**figures)), stdout=io.BytesIO(), stderr=io.BytesIO())
    lua.execute(preparation)
    if way == "os.execute":
        script = "local command = ... while true do os.execute(command) break end"
    else:
        script = "local command = ... local p = io.popen(command) io.write((p:read('a'))) p:close()"
    with pytest.raises(LimitExceeded) as caught:
        lua.execute(script, command)
    assert (caught.value.limit, caught.value.allowed) == (limit, figure)


def test_programs_within_the_limits() -> None:
    limits = Limits(output=1_000, file_bytes=1_000, files=4, open_files=4, wall_time=60)
    stdout = io.BytesIO()
    lua = LuaRuntime(Policy(limits=limits), stdout=stdout)
    command = "mkdir d; echo " + "x" * 200 + " > d/f; cat d/f > d/g; cat d/f d/g; rm -r d; echo done > d; rm d"
    for _ in range(5):
        assert lua.execute("return os.execute((...))", command.replace("cat d/f d/g", "cat d/f > d/h; rm d/h"))
    assert lua.usage.files == 0
    assert lua.usage.output == 0
    lua.execute("os.execute((...))", command)
    assert lua.usage.output == 402


def test_a_restored_room_has_its_file_limits_back() -> None:
    lua = LuaRuntime(Policy(limits=Limits(file_bytes=1000, files=1)), files={"a": "x" * 500})
    before = lua.snapshot()
    for i in range(3):
        lua.execute(f"local f = io.open('b{i}', 'w') f:write(('x'):rep(900)) f:close()")
        before.restore()
    with pytest.raises(LimitExceeded):
        lua.execute("local f = io.open('c', 'w') f:write(('x'):rep(1100)) f:close()")
