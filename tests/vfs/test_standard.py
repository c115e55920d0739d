"""Standard streams over whatever the host passes."""

from __future__ import annotations

import io
import sys

import pytest

from vlua.vfs import Room
from vlua.vfs.failure import Failure
from vlua.vfs.standard import Printer

EVERY_BYTE = "".join(map(chr, range(256)))


def test_binary_output_is_unchanged():
    target = io.BytesIO()
    room = Room(stdout=target)
    room.stdout.write(EVERY_BYTE)
    assert target.getvalue() == bytes(range(256))


def test_text_over_bytes_keeps_every_byte_and_the_order():
    raw = io.BytesIO()
    target = io.TextIOWrapper(raw, encoding="ascii")
    room = Room(stdout=target)
    target.write("1")
    room.stdout.write("2")
    room.stdout.write("\xff")
    target.write("3")
    room.stdout.write("4\xc3\xa9")
    room.stdout.flush()
    assert raw.getvalue() == b"12\xff34\xc3\xa9"


def test_pure_text_is_decoded():
    target = io.StringIO()
    room = Room(stdout=target)
    for piece in ("a", "\xc3", "\xa9", "\xff", "z", "\xc3", "z"):
        room.stdout.write(piece)
    assert target.getvalue() == "aé\ufffdz\ufffdz"


def test_short_writes_are_completed():
    class Slow(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data[:3])
            return min(3, len(data))

    target = Slow()
    Room(stdout=target).stdout.write("0123456789")
    assert target.data == b"0123456789"


@pytest.mark.parametrize("error", [OSError(32, "x"), ValueError("closed"), RuntimeError("x"), BrokenPipeError()])
def test_failures_of_the_host_stay_failures(error):
    class Broken:
        def write(self, data):
            raise error

        flush = write

    room = Room(stdout=Broken())
    with pytest.raises(Failure):
        room.stdout.write("x")
    Printer(room.stdout).write("ignored")
    Printer(room.stdout).flush()
    room.close()


def test_no_output():
    room = Room()
    room.stdout.write("x")
    room.stdout.flush()


@pytest.mark.parametrize(
    "source",
    [
        "é1\n2",
        "é1\n2".encode(),
        io.BytesIO("é1\n2".encode()),
        io.StringIO("é1\n2"),
        io.TextIOWrapper(io.BytesIO("é1\n2".encode()), encoding="utf-8"),
        io.BufferedReader(io.BytesIO("é1\n2".encode())),
    ],
)
def test_input(source):
    room = Room(stdin=source)
    assert room.stdin.read_line(0) == "\xc3\xa91"
    assert room.stdin.read_all() == "2"
    assert room.stdin.read_line(0) is None


def test_no_input():
    assert Room().stdin.read_line(0) is None


def test_input_takes_no_more_than_there_is():
    class Terminal(io.TextIOBase):
        lines = ("first\n", "second\n")

        def __init__(self):
            self.asked = 0

        def readline(self, size=-1):
            self.asked += 1
            return self.lines[self.asked - 1]

    terminal = Terminal()
    room = Room(stdin=terminal)
    assert room.stdin.read_line(0) == "first"
    assert terminal.asked == 1


def test_what_cannot_be_input():
    with pytest.raises(TypeError):
        Room(stdin=3)


def test_standard_streams_do_not_seek_nor_turn_around():
    room = Room(stdin="x", stdout=io.StringIO())
    for stream in (room.stdin, room.stdout):
        with pytest.raises(Failure, match="Illegal seek"):
            stream.seek("set", 0)
    with pytest.raises(Failure, match="Bad file descriptor"):
        room.stdin.write("x")
    with pytest.raises(Failure, match="Bad file descriptor"):
        room.stdout.read_all()


def test_a_room_imports_no_filesystem_before_it_needs_one():
    import subprocess

    code = (
        "import sys; from vlua.vfs import Room; r = Room({'a': 'b'}, stdout=sys.stdout); r.stdout.write('x');"
        "assert not any(n == 'fs' or n.startswith('fs.') for n in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
