"""Reading Lua source files: ``loadfile`` and ``dofile`` (manual §6.1) and what ``require`` shares with them.

In: paths as Lua strings. Out: functions bound to the runtime, or PUC's messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import Failure
from vlua.vm.arguments import ABSENT, check_string, is_absent_or_nil, opt_string
from vlua.vm.errors import LuaError
from vlua.vm.lexer import skip_shebang
from vlua.vm.lib.base import load_chunk

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State
    from vlua.vm.table import LuaTable

__all__ = ["load_file", "open_loading"]

ESCAPE = "\x1b"  # the first byte of a precompiled chunk


def load_file(state: State, room: Room, path: str | None, mode: str, env: Any) -> Any:
    """The function of the file at ``path`` (of standard input for ``None``), as ``luaL_loadfilex`` makes it.

    Raises LuaError whose value is the message, without a position.
    """
    name = "stdin" if path is None else path
    doing = "open"
    try:
        if path is None:
            doing = "read"
            source = room.stdin.read_all()
        else:
            stream = room.open(path, "r")
            doing = "read"
            try:
                source = stream.read_all()
            finally:
                room.release(stream)
    except Failure as failure:
        raise LuaError(f"cannot {doing} {name}: {failure.message}") from None
    chunkname = "=stdin" if path is None else "@" + path
    text = skip_shebang(source)
    if text is not source and text.startswith("\n" + ESCAPE):
        text = text[1:]  # a precompiled chunk may follow a first line for Unix
    return load_chunk(state, text, chunkname, mode, env)


def open_loading(state: State, room: Room) -> LuaTable:
    """Add ``loadfile`` and ``dofile`` to the globals of a runtime whose files are those of ``room``."""

    def loadfile(name: Any = ABSENT, mode: Any = ABSENT, env: Any = ABSENT, *_: Any) -> Any:
        path = None if is_absent_or_nil(name) else check_string(name, 1)
        wanted = opt_string(mode, 2, "bt")
        try:
            return load_file(state, room, path, wanted, state.globals if env is ABSENT else env)
        except LuaError as error:
            return None, error.value

    def dofile(name: Any = ABSENT, *_: Any) -> Any:
        path = None if is_absent_or_nil(name) else check_string(name, 1)
        return state.call(load_file(state, room, path, "bt", state.globals))

    return state.library("_G", {"loadfile": loadfile, "dofile": dofile})
