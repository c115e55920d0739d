"""The library ``io`` (manual §6.8) on the files of a machine room.

In: a state and its room. Out: the library table. No path reaches the filesystem but through the room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import Failure
from vlua.vfs.handle import (
    LuaFile,
    check_open,
    close_file,
    file_metatable,
    flush_stream,
    line_iterator,
    read_values,
    write_values,
)
from vlua.vfs.stream import Stream
from vlua.vm.arguments import ABSENT, arg_check, check_any, check_string, opt_string
from vlua.vm.frames import lib_error
from vlua.vm.number import number_text

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State
    from vlua.vm.table import LuaTable

__all__ = ["open_io"]


def is_mode(mode: str) -> bool:
    """Whether ``mode`` is one of ``[rwa]%+?b*``."""
    return mode[:1] in ("r", "w", "a") and mode[1:].removeprefix("+").strip("b") == ""


def open_io(state: State, room: Room) -> LuaTable:
    """Make the library ``io`` for a runtime whose files are those of ``room``."""
    meta = file_metatable(state, room)
    stdin = LuaFile(meta, room.stdin, standard=True)
    stdout = LuaFile(meta, room.stdout, standard=True)
    stderr = LuaFile(meta, room.stderr, standard=True)
    current = {"input": stdin, "output": stdout}

    def default(which: str) -> Stream:
        stream = current[which].stream
        if stream is None:
            raise lib_error(f"standard {which} file is closed")
        return stream

    def open_or_raise(name: str, mode: str) -> LuaFile:
        try:
            return LuaFile(meta, room.open(name, mode))
        except Failure as failure:
            raise lib_error(f"cannot open file '{name}' ({failure.message})") from None

    def redirect(which: str, mode: str, file: Any) -> Any:
        if file is not ABSENT and file is not None:
            kind = type(file)
            if kind is str:
                current[which] = open_or_raise(file, mode)
            elif kind is int or kind is float:
                current[which] = open_or_raise(number_text(file), mode)
            else:
                check_open(file)
                current[which] = file
        return current[which]

    def close(file: Any = ABSENT, *_: Any) -> Any:
        return close_file(room, current["output"] if file is ABSENT else file)

    def flush(*_: Any) -> Any:
        return flush_stream(default("output"))

    def input(file: Any = ABSENT, *_: Any) -> Any:
        return redirect("input", "r", file)

    def lines(name: Any = ABSENT, *formats: Any) -> Any:
        if name is ABSENT or name is None:
            file = current["input"]
            check_open(file)
            return line_iterator(room, file, formats, False)
        return line_iterator(room, open_or_raise(check_string(name, 1), "r"), formats, True)

    def open(name: Any = ABSENT, mode: Any = ABSENT, *_: Any) -> Any:
        path = check_string(name, 1)
        wanted = opt_string(mode, 2, "r")
        arg_check(is_mode(wanted), 2, "invalid mode")
        try:
            return LuaFile(meta, room.open(path, wanted))
        except Failure as failure:
            return failure.result(path)

    def output(file: Any = ABSENT, *_: Any) -> Any:
        return redirect("output", "w", file)

    def popen(command: Any = ABSENT, mode: Any = ABSENT, *_: Any) -> Any:
        from vlua.vfs.programs.command import open_command

        line = check_string(command, 1)
        wanted = opt_string(mode, 2, "r")
        arg_check(wanted in ("r", "w"), 2, "invalid mode")
        try:
            return LuaFile(meta, open_command(room, line.split("\0", 1)[0], wanted, state.c_depth))
        except Failure as failure:
            return failure.result(line)

    def read(*formats: Any) -> Any:
        return read_values(default("input"), formats, 1)

    def tmpfile(*_: Any) -> Any:
        try:
            return LuaFile(meta, room.temporary_file())
        except Failure as failure:
            return failure.result()

    def type_(value: Any = ABSENT, *_: Any) -> Any:
        check_any(value, 1)
        if type(value) is not LuaFile:
            return None
        return "closed file" if value.stream is None else "file"

    def write(*values: Any) -> Any:
        return write_values(default("output"), values, 1, current["output"])

    library = state.library(
        "io",
        {
            "close": close,
            "flush": flush,
            "input": input,
            "lines": lines,
            "open": open,
            "output": output,
            "popen": popen,
            "read": read,
            "tmpfile": tmpfile,
            "type": type_,
            "write": write,
        },
    )
    library.set("stdin", stdin)
    library.set("stdout", stdout)
    library.set("stderr", stderr)
    return library
