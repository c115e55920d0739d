"""File handles as Lua sees them: the userdata and its methods (manual §6.8).

In: open streams. Out: ``LuaFile`` values whose metatable is per runtime; results as PUC gives them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import Failure
from vlua.vfs.stream import Stream
from vlua.vm.arguments import ABSENT, arg_check, check_integer, check_option, check_string, opt_integer, type_error
from vlua.vm.frames import arg_error, lib_error, mark_native
from vlua.vm.number import number_text, parse_number
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State

__all__ = [
    "LuaFile",
    "check_open",
    "close_file",
    "file_metatable",
    "flush_stream",
    "line_iterator",
    "read_values",
    "write_values",
]

MOST_FORMATS = 250  # arguments of `lines`, as liolib.c limits them
LARGEST_BLOCK = 0x7FFFFFFF  # bytes in one read: what asks for more gets PUC's memory error
BUFFER_SIZE = 8192  # LUAL_BUFFERSIZE; the size given to `setvbuf` is checked and ignored, as glibc does


class LuaFile(Userdata):
    """A file handle: ``stream`` is ``None`` once closed; ``standard`` handles refuse to be closed."""

    __slots__ = ("standard", "stream")

    def __init__(self, meta: LuaTable, stream: Stream, standard: bool = False) -> None:
        super().__init__(meta)
        self.stream: Stream | None = stream
        self.standard = standard

    def __del__(self) -> None:
        stream = getattr(self, "stream", None)
        if stream is not None and not self.standard:
            try:
                stream.abandon()
            except BaseException:  # nobody is left to tell; a limit reached here is reached again at the next tick
                return


def check_file(value: Any, position: int = 1) -> LuaFile:
    """The value, which must be a file handle."""
    if type(value) is LuaFile:
        return value
    raise type_error(value, position, "FILE*")


def check_open(value: Any) -> Stream:
    """The stream of the file handle in argument 1, which must not be closed."""
    stream = check_file(value).stream
    if stream is None:
        raise lib_error("attempt to use a closed file")
    return stream


def close_file(room: Room, file: Any) -> Any:
    """``file:close()``: true, ``nil, message[, errno]``, or for a command of ``io.popen`` how it ended."""
    stream = check_open(file)
    if file.standard:
        return None, "cannot close standard file"
    file.stream = None
    try:
        room.release(stream)
    except Failure as failure:
        return failure.result()
    return stream.result()


def flush_stream(stream: Stream) -> Any:
    """``file:flush()``: true, or ``nil, message, errno``."""
    try:
        stream.flush()
    except Failure as failure:
        return failure.result()
    return True


def read_values(stream: Stream, formats: tuple[Any, ...], first: int) -> Any:
    """``file:read(...)``; ``first`` is the argument position of the first format in error messages."""
    try:
        if not formats:
            return stream.read_line(0)
        if len(formats) == 1:
            return _read(stream, formats[0], first)
        results = []
        for position, format in enumerate(formats, first):
            value = _read(stream, format, position)
            results.append(value)
            if value is None:
                break
        return tuple(results)
    except Failure as failure:
        return failure.result()


def _read(stream: Stream, format: Any, position: int) -> Any:
    """One format of ``read``."""
    if type(format) is int or type(format) is float:
        count = check_integer(format, position)
        if count == 0:
            return "" if stream.peek() else None
        if not 0 < count <= LARGEST_BLOCK:
            raise lib_error("not enough memory for buffer allocation")
        return stream.read_bytes(count)
    text = check_string(format, position)
    letter = text[1:2] if text[:1] == "*" else text[:1]
    if letter == "l":
        return stream.read_line(0)
    if letter == "n":
        return parse_number(stream.read_numeral())
    if letter == "L":
        return stream.read_line(1)
    if letter == "a":
        return stream.read_all()
    raise arg_error(position, "invalid format")


def write_values(stream: Stream, values: tuple[Any, ...], first: int, file: Any) -> Any:
    """``file:write(...)``: ``file``, or ``nil, message, errno``."""
    try:
        if len(values) == 1 and type(values[0]) is str:
            stream.write(values[0])
            return file
        texts = []
        for position, value in enumerate(values, first):
            kind = type(value)
            if kind is str:
                texts.append(value)
            elif kind is int or kind is float:
                texts.append(number_text(value).removesuffix(".0"))
            else:
                if texts:
                    stream.write("".join(texts))
                check_string(value, position)
        stream.write("".join(texts))
    except Failure as failure:
        return failure.result()
    return file


def line_iterator(room: Room, file: LuaFile, formats: tuple[Any, ...], closing: bool) -> Callable[..., Any]:
    """What ``file:lines(...)`` and ``io.lines(...)`` return; with ``closing`` the file is closed at its end."""
    arg_check(len(formats) <= MOST_FORMATS, MOST_FORMATS + 2, "too many arguments")

    def next_line(*_: Any) -> Any:
        stream = file.stream
        if stream is None:
            raise lib_error("file is already closed")
        if formats:
            result = read_values(stream, formats, 2)
        else:
            try:
                result = stream.read_line(0)
            except Failure as failure:
                raise lib_error(failure.message) from None
        head = result[0] if type(result) is tuple else result
        if head is not None and head is not False:
            return result
        if type(result) is tuple and len(result) > 1:
            raise lib_error(result[1])
        if closing:
            close_file(room, file)
        return ()

    mark_native(next_line)  # type: ignore[arg-type]
    return next_line


def file_metatable(state: State, room: Room) -> LuaTable:
    """The metatable of one runtime's file handles, with ``read``, ``lines``, ``write`` and the rest."""

    def close(file: Any = ABSENT, *_: Any) -> Any:
        return close_file(room, file)

    def flush(file: Any = ABSENT, *_: Any) -> Any:
        return flush_stream(check_open(file))

    def lines(file: Any = ABSENT, *formats: Any) -> Any:
        check_open(file)
        return line_iterator(room, file, formats, False)

    def read(file: Any = ABSENT, *formats: Any) -> Any:
        stream = file.stream if type(file) is LuaFile else None
        return read_values(stream if stream is not None else check_open(file), formats, 2)

    def seek(file: Any = ABSENT, whence: Any = ABSENT, offset: Any = ABSENT, *_: Any) -> Any:
        stream = check_open(file)
        origin = check_option(whence, 2, "cur", ("set", "cur", "end"))
        try:
            return stream.seek(origin, opt_integer(offset, 3, 0))
        except Failure as failure:
            return failure.result()

    def setvbuf(file: Any = ABSENT, mode: Any = ABSENT, size: Any = ABSENT, *_: Any) -> Any:
        stream = check_open(file)
        policy = check_option(mode, 2, None, ("no", "full", "line"))
        opt_integer(size, 3, BUFFER_SIZE)
        stream.set_buffering(policy)
        return True

    def write(file: Any = ABSENT, *values: Any) -> Any:
        stream = file.stream if type(file) is LuaFile else None
        return write_values(stream if stream is not None else check_open(file), values, 2, file)

    def collect(file: Any = ABSENT, *_: Any) -> Any:
        if check_file(file).stream is not None:
            close_file(room, file)
        return ()

    def describe(file: Any = ABSENT, *_: Any) -> Any:
        return "file (closed)" if check_file(file).stream is None else f"file ({state.address(file)})"

    meta = LuaTable()
    for name, function in {
        "close": close,
        "flush": flush,
        "lines": lines,
        "read": read,
        "seek": seek,
        "setvbuf": setvbuf,
        "write": write,
        "__gc": collect,
        "__tostring": describe,
    }.items():
        mark_native(function)  # type: ignore[arg-type]
        meta.set(name, function)
    meta.set("__index", meta)
    meta.set("__name", "FILE*")
    return meta
