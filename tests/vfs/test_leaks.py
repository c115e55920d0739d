"""Whatever the arguments, the room's functions return or raise Lua errors: no Python exception gets out."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vfs import Room, open_room_libraries
from vlua.vm.arguments import ABSENT
from vlua.vm.errors import ExitRequest, LuaError
from vlua.vm.state import State
from vlua.vm.table import LuaTable

LUA_STRINGS = st.text(st.characters(max_codepoint=255), max_size=12)
PATHS = st.lists(
    st.sampled_from(["a", "dir", "..", ".", "", "\0", "\xff", "x" * 300, "\\", "tmp", "dir/f", "?", "%"]), max_size=5
).map("/".join)
FORMATS = st.sampled_from(
    ["a", "l", "L", "n", "*a", "q", "", "set", "cur", "end", "no", "full", "line", "r", "w", "r+"]
)
NUMBERS = st.sampled_from(
    [0, 1, -1, 7, 2**31, 2**62, 2**63 - 1, -(2**63), 0.5, 1e300, -0.0, float("inf"), float("nan"), 1e18]
)
DATES = st.text(st.sampled_from("%EOabcYyGgVzZ!*t\0q"), max_size=6)
DATE_TABLES = st.dictionaries(
    st.sampled_from(["year", "month", "day", "hour", "min", "sec", "isdst"]), NUMBERS | st.booleans() | LUA_STRINGS
).map(LuaTable)
ARGUMENTS = st.one_of(
    st.none(), st.booleans(), NUMBERS, LUA_STRINGS, PATHS, FORMATS, DATES, DATE_TABLES, st.just(ABSENT), st.just("FILE")
)
LUA_TYPES = (type(None), bool, int, float, str, LuaTable)


def functions(state):
    for name in ("io", "os", "package"):
        for key, value in state.globals.get(name).items():
            if callable(value):
                yield f"{name}.{key}", value
    for name in ("require", "loadfile", "dofile"):
        yield name, state.globals.get(name)
    for key, value in state.globals.get("io").get("stdout").meta.items():
        if callable(value):
            yield f"file:{key}", value


def session():
    state = State()
    room = Room({"a": "1 0x2\nline\n", "dir/f": "return ...", "f.lua": "x ="}, stdin="in\n", stdout=io.BytesIO())
    open_room_libraries(state, room)
    return state, room


NAMES = sorted(name for name, _ in functions(session()[0]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.lists(ARGUMENTS, max_size=4)), min_size=1, max_size=12))
def test_only_lua_errors_leave(calls):
    state, room = session()
    known = dict(functions(state))
    files = [state.globals.get("io").get("stdin")]
    with state.entry():
        for name, args in calls:
            args = [files[-1] if value == "FILE" else value for value in args]
            if name.startswith("file:") and args[:1] != files[-1:]:
                args.insert(0, files[-1])
            try:
                result = known[name](*args)
            except (LuaError, ExitRequest):
                continue
            for value in result if isinstance(result, tuple) else (result,):
                assert value is not ABSENT
                if type(value).__name__ == "LuaFile":
                    files.append(value)
                else:
                    assert isinstance(value, LUA_TYPES) or callable(value)
                if isinstance(value, str):
                    assert all(ord(character) < 256 for character in value)
    room.close()
