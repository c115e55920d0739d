"""File handles as Lua sees them: the userdata and its methods (manual §6.8).

In: open streams. Out: ``LuaFile`` values whose metatable is per runtime; results as PUC gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import Failure
from vlua.vfs.stream import CAPACITY, Stream
from vlua.vm.arguments import ABSENT, arg_check, check_integer, check_option, check_string, opt_integer, type_error
from vlua.vm.frames import arg_error, lib_error, mark_native
from vlua.vm.number import number_text
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
            format = formats[0]
            if type(format) is str:
                read = READERS.get(format)
                if read is not None:
                    return read(stream)
            return _read(stream, format, first)
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
    read = READERS.get(text[1:2] if text[:1] == "*" else text[:1])
    if read is None:
        raise arg_error(position, "invalid format")
    return read(stream)


# What the letters of formats read, with a star as of old too.
READERS: dict[str, Callable[[Stream], Any]] = {
    "l": lambda stream: stream.read_line(0),
    "n": lambda stream: stream.read_number(),
    "L": lambda stream: stream.read_line(1),
    "a": lambda stream: stream.read_all(),
}
READERS.update({f"*{letter}": read for letter, read in READERS.items()})


def write_values(stream: Stream, values: tuple[Any, ...], first: int, file: Any) -> Any:
    """``file:write(...)``: ``file``, or ``nil, message, errno``."""
    texts = []
    for value in values:
        if type(value) not in TEXTS:
            break
        texts.append(TEXTS[type(value)](value))
    if len(texts) > 1:
        charge_join(stream, texts)
    try:
        stream.write("".join(texts))
        if len(texts) < len(values):
            check_string(values[len(texts)], first + len(texts))
    except Failure as failure:
        return failure.result()
    return file


def charge_join(stream: Stream, texts: list[str]) -> None:
    """Charge for joining texts before it is done. Raises LimitReached, LuaError."""
    size = sum(map(len, texts))
    if size >= CAPACITY:
        stream.charge(size)


# What `write` makes of the values that it takes.
TEXTS: dict[type, Callable[[Any], str]] = {
    str: lambda text: text,
    int: int.__repr__,
    float: lambda number: number_text(number).removesuffix(".0"),
}


def line_iterator(room: Room, file: LuaFile, formats: tuple[Any, ...], closing: bool) -> Callable[..., Any]:
    """What ``file:lines(...)`` and ``io.lines(...)`` return; with ``closing`` the file is closed at its end."""
    arg_check(len(formats) <= MOST_FORMATS, MOST_FORMATS + 2, "too many arguments")

    def next_values(*_: Any) -> Any:
        stream = file.stream
        if stream is None:
            raise lib_error("file is already closed")
        result = read_values(stream, formats, 2)
        head = result[0] if type(result) is tuple else result
        if head is not None and head is not False:
            return result
        if type(result) is tuple and len(result) > 1:
            raise lib_error(result[1])
        if closing:
            close_file(room, file)
        return ()

    def next_line(_subject: Any = None, _control: Any = None, *_: Any) -> Any:
        stream = file.stream
        if stream is None:
            raise lib_error("file is already closed")
        ahead, start = stream.ahead, stream.position
        end = ahead.find("\n", start)
        if end >= 0:  # as in `read_line`: most lines are there already
            stream.position = end + 1
            return ahead[start : end + keep]
        try:
            line = stream.read_line(keep)
        except Failure as failure:
            raise lib_error(failure.message) from None
        if line is not None:
            return line
        if closing:
            close_file(room, file)
        return ()

    def steps(function: Callable[..., Any], ticks: Iterator[None]) -> Iterator[Any]:
        # what `for line in f:lines()` runs: `function`, which is `next_line`, for all but the lines that are there
        for _ in ticks:
            stream = file.stream
            if stream is not None:
                ahead, start = stream.ahead, stream.position
                end = ahead.find("\n", start)
                if end >= 0:
                    stream.position = end + 1
                    yield ahead[start : end + keep]
                    continue
            line = function()
            if line == ():
                return
            yield line

    keep = 1 if formats in (("L",), ("*L",)) else 0
    if formats and not keep and formats not in (("l",), ("*l",)):
        mark_native(next_values)  # type: ignore[arg-type]
        return next_values
    next_line.steps = steps  # type: ignore[attr-defined]
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
        if stream is None:
            stream = check_open(file)
        if not formats:
            ahead, start = stream.ahead, stream.position
            end = ahead.find("\n", start)
            if end >= 0:  # as in `read_line`: most lines are there already
                stream.position = end + 1
                return ahead[start:end]
        return read_values(stream, formats, 2)

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
        if stream is None:
            stream = check_open(file)
        elif stream.left:
            if len(values) == 1 and type(values[0]) is str:
                text = values[0]
            else:
                try:
                    texts = [value if type(value) is str else TEXTS[type(value)](value) for value in values]
                except KeyError:
                    return write_values(stream, values, 2, file)
                charge_join(stream, texts)
                text = "".join(texts)
            size = len(text)
            if size < stream.left:
                stream.left -= size
                stream.pending.append(text)
                return file
            values = (text,)
        return write_values(stream, values, 2, file)

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
