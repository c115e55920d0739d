"""Commands of the host: Python functions that scripts can run by name.

In: the callable that the host gave. Out: a program. Bytes go in and out; nothing else of the room is within its reach.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import Failure
from vlua.vfs.text import from_lua, to_lua

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vfs.programs.process import Program
    from vlua.vfs.stream import Stream

__all__ = ["HostCommand", "programs_of"]

# Arguments (its own name left out), stdin, stdout, stderr; the exit code, None for 0.
HostCommand = Callable[[list[str], Any, Any, Any], int | None]


class InputFile(io.RawIOBase):
    """A stream of the room as a binary file to read from."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read at most as many bytes as ``buffer`` holds, as soon as there are any."""
        stream = self.stream
        try:
            if not stream.peek():
                return 0
        except Failure as failure:
            raise OSError(failure.errno, failure.message) from None
        text = stream.ahead[stream.position : stream.position + len(buffer)]
        stream.position += len(text)
        buffer[: len(text)] = text.encode("latin-1")
        return len(text)


class OutputFile:
    """A stream of the room to write text (as UTF-8) or bytes to."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def write(self, data: str | bytes) -> int:
        """Write text or bytes; how much that was. Raises OSError when it cannot be written."""
        text = to_lua(data if isinstance(data, str) else bytes(data))
        try:
            self.stream.write(text)
        except Failure as failure:
            raise OSError(failure.errno, failure.message) from None
        return len(data)

    def flush(self) -> None:
        """Hand on what has been written. Raises OSError when it cannot be."""
        try:
            self.stream.flush()
        except Failure as failure:
            raise OSError(failure.errno, failure.message) from None


def program_of(command: HostCommand) -> Program:
    """A program that calls a function of the host; an exception that it raises is a message and the exit code 1."""

    def main(room: Room, args: list[str]) -> int:
        words = [from_lua(arg) for arg in args[1:]]
        try:
            code = command(words, InputFile(room.stdin), OutputFile(room.stdout), OutputFile(room.stderr))
            if code is not None and not isinstance(code, int):
                raise TypeError(f"the command returned {type(code).__name__}, not an exit code")
        except Exception as error:
            room.stderr.write(f"{args[0]}: {message_of(error)}\n")
            return 1
        return 0 if code is None else int(code)

    return main


def message_of(error: Exception) -> str:
    """The text of an exception as a Lua string, without the host's path when it is about a file."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return to_lua(text or type(error).__name__)


def programs_of(commands: Mapping[str, HostCommand | None] | None) -> dict[str, Program]:
    """All programs of a runtime: the built-in ones, and the host's, which win when names are the same."""
    from vlua.vfs.programs.builtin import PROGRAMS
    from vlua.vfs.programs.lua import lua

    programs: dict[str, Program] = {**PROGRAMS, "lua": lua}
    for name, command in (commands or {}).items():
        if command is None:
            programs.pop(to_lua(name), None)
        else:
            programs[to_lua(name)] = program_of(command)
    return programs
