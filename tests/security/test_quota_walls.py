"""T-QUOTA: what a quota allows is all that a script gets, however it asks."""

from __future__ import annotations

import pytest

from vlua import LuaError, LuaRuntime, Policy

_ALLOWED = 10_000

_ATTACKS = {
    "one big write": "local f = io.open('/f', 'w') f:write(('x'):rep(20000)) f:close()",
    "many writes": "local f = io.open('/f', 'w') for i = 1, 100 do f:write(('x'):rep(1000)) end f:close()",
    "many files": """
    for i = 1, 100 do local f = io.open('/f' .. i, 'w') if f then f:write(('x'):rep(1000)) f:close() end end""",
    "two handles": """
    local f, g = io.open('/f', 'w'), io.open('/f', 'r+')
    for i = 1, 50 do f:write(('x'):rep(500)) f:flush() g:seek('end') g:write(('y'):rep(500)) g:flush() end
    f:close() g:close()""",
    "holes": "local f = io.open('/f', 'w') f:seek('set', 1 << 30) f:write('x') f:flush() f:seek('set', 9999) f:close()",
    "appending": "for i = 1, 50 do local f = io.open('/f', 'a') if f then f:write(('x'):rep(999)) f:close() end end",
    "truncated and grown again": """
    for i = 1, 20 do local f = io.open('/f', 'w') f:write(('x'):rep(9000)) f:close() end
    local g = io.open('/g', 'w') g:write(('x'):rep(9000)) g:close()""",
    "renamed over": """
    for i = 1, 20 do
      local f = io.open('/new', 'w') if f then f:write(('x'):rep(4000)) f:close() end
      os.rename('/new', '/f' .. i % 3)
    end""",
    "removed while open": """
    local kept = {}
    for i = 1, 20 do
      local f = io.open('/f', 'w') kept[i] = f
      if f then f:write(('x'):rep(5000)) f:flush() os.remove('/f') end
    end
    for _, f in pairs(kept) do f:write(('x'):rep(5000)) f:flush() end""",
    "temporary files": """
    local t = {} for i = 1, 30 do t[i] = io.tmpfile() if t[i] then t[i]:write(('x'):rep(999)) end end""",
    "by the shell": "for i = 1, 30 do os.execute('echo ' .. ('x'):rep(900) .. ' >> /f') end",
    "copies": "os.execute('echo ' .. ('x'):rep(900) .. ' > /f') for i = 1, 30 do os.execute('cp /f /g' .. i) end",
}


@pytest.mark.parametrize("attack", _ATTACKS)
def test_t_quota_is_never_passed(attack: str) -> None:
    lua = LuaRuntime(Policy(filesystem={"quota": {"bytes": _ALLOWED, "files": 8}}, wall_time=60))
    try:
        message = lua.execute(_ATTACKS[attack])
    except LuaError as error:
        message = error
    assert "internal error" not in str(message)
    stored = [lua.fs.getsize(path) for path in lua.fs.walk.files("/")]
    assert sum(stored) <= _ALLOWED
    assert len(stored) <= 8
    # What was freed can be used again: the count has not drifted.
    for path in list(lua.fs.walk.files("/")):
        lua.fs.remove(path)
    script = (
        "local f = assert(io.open('/again', 'w')) assert(f:write(('x'):rep(9000))) assert(f:close()) return 'written'"
    )
    lua.execute("collectgarbage()")
    assert lua.execute(script) == "written"
    assert lua.fs.getsize("/again") == 9000


def test_t_quota_a_refused_write_is_told_and_leaves_the_rest() -> None:
    lua = LuaRuntime(Policy(filesystem={"quota": {"bytes": _ALLOWED}}), files={"/kept": "as it was"})
    script = """
    local f = assert(io.open("/f", "w"))
    local ok, message, number = f:write(("x"):rep(50000))
    if ok then ok, message, number = f:flush() end
    if ok then ok, message, number = f:close() end
    return ok, message, number, io.open("/kept"):read("a")
    """
    ok, message, number, kept = lua.execute(script)
    assert not ok
    assert "No space left" in message
    assert number == 28
    assert kept == "as it was"
