"""Streams behave as C's FILE does over a file of a filesystem."""

from __future__ import annotations

import random

import pytest

from vlua.vfs import Room
from vlua.vfs.failure import Failure


@pytest.fixture
def room():
    return Room({"lines": "one\ntwo\r\n\nlast", "big": "x" * 100_000 + "\n" + "y" * 50_000})


def content(room, path):
    return room.filesystem.readbytes(path)


def test_lines(room):
    stream = room.open("lines", "r")
    assert [stream.read_line(0) for _ in range(5)] == ["one", "two\r", "", "last", None]
    stream.seek("set", 0)
    assert [stream.read_line(1) for _ in range(5)] == ["one\n", "two\r\n", "\n", "last", None]


def test_long_lines_and_blocks(room):
    stream = room.open("big", "r")
    assert stream.read_line(1) == "x" * 100_000 + "\n"
    assert stream.read_bytes(40_000) == "y" * 40_000
    assert stream.read_bytes(40_000) == "y" * 10_000
    assert stream.read_bytes(1) is None
    assert stream.read_all() == ""


def test_a_reader_at_the_end_sees_what_is_added(room):
    reader = room.open("lines", "r")
    reader.read_all()
    writer = room.open("lines", "a")
    writer.write("\nmore")
    assert reader.read_all() == ""
    writer.flush()
    assert reader.read_all() == "\nmore"


def test_positions(room):
    stream = room.open("lines", "r+")
    assert stream.read_line(0) == "one"
    assert stream.seek("cur", 0) == 4
    stream.write("TWO")
    assert stream.seek("cur", 0) == 7
    assert stream.seek("cur", -3) == 4
    assert stream.read_line(0) == "TWO\r"
    assert stream.seek("end", -4) == 10
    assert stream.read_all() == "last"
    for whence, offset in (("set", -1), ("cur", -100), ("end", -100), ("set", 1 << 62), ("cur", (1 << 63) - 1)):
        with pytest.raises(Failure, match="Invalid argument"):
            stream.seek(whence, offset)
    assert stream.seek("cur", 0) == 14


def test_append_writes_at_the_end(room):
    stream = room.open("lines", "a+")
    assert stream.seek("cur", 0) == 0
    stream.seek("set", 0)
    assert stream.read_line(0) == "one"
    stream.write("!")
    stream.flush()
    assert content(room, "lines").endswith(b"last!")
    other = room.open("lines", "a")
    other.write("2")
    other.flush()
    stream.write("3")
    stream.flush()
    assert content(room, "lines").endswith(b"last!23")


def test_modes_refuse(room):
    for mode, action in (
        ("w", lambda s: s.read_all()),
        ("a", lambda s: s.read_line(0)),
        ("w", lambda s: s.peek()),
        ("r", lambda s: s.write("x")),
    ):
        with pytest.raises(Failure) as caught:
            action(room.open("x" if mode != "r" else "lines", mode))
        assert caught.value.errno == 9


@pytest.mark.parametrize(
    ("policy", "seen"),
    [("full", [b"", b"", b"x\ny"]), ("line", [b"", b"x\n", b"x\ny"]), ("no", [b"x", b"x\n", b"x\ny"])],
)
def test_buffering(room, policy, seen):
    stream = room.open("out", "w")
    stream.set_buffering(policy)
    stream.write("x")
    assert content(room, "out") == seen[0]
    stream.write("\n")
    assert content(room, "out") == seen[1]
    stream.write("y")
    stream.close()
    assert content(room, "out") == seen[2]


def test_holes_are_charged_before_they_are_filled(room):
    charged = []
    room.set_charge(charged.append)
    stream = room.open("hole", "w")
    stream.seek("set", 1_000_000)
    stream.write("x")
    stream.flush()
    assert sum(charged) >= 1_000_000
    assert len(content(room, "hole")) == 1_000_001
    stream.seek("set", 1 << 40)
    stream.write("x")
    with pytest.raises(Failure, match="File too large"):
        stream.flush()
    stream.close()
    assert len(content(room, "hole")) == 1_000_001


@pytest.mark.parametrize(
    ("text", "numeral", "rest"),
    [
        ("  12 x", "12", " x"),
        ("-0x1F.8p-1z", "-0x1F.8p-1", "z"),
        ("1e+", "1e+", ""),
        ("+ 1", "+", " 1"),
        ("0x", "0x", ""),
        (".5.", ".5", "."),
        ("..5", ".", ".5"),
        ("nan", "", "nan"),
        ("1" * 200 + "2", "", "2"),
        ("\v\f\r\n\t 7", "7", ""),
        ("\xa07", "", "\xa07"),
        ("0e12e", "0e12", "e"),
        ("0xep1", "0xep1", ""),
        ("", "", ""),
    ],
)
def test_numerals(text, numeral, rest):
    stream = Room({"n": text.encode("latin-1")}).open("n", "r")
    assert stream.read_numeral() == numeral
    assert stream.read_all() == rest
    ahead = Room({"n": b"\n" + text.encode("latin-1")}).open("n", "r")
    ahead.read_line(0)
    assert ahead.read_numeral() == numeral
    assert ahead.read_all() == rest


def test_as_python_does():
    """Random operations on a stream and on Python's own file model agree."""
    generator = random.Random(7)
    for _ in range(30):
        data = bytes(generator.choice(b"ab\n") for _ in range(generator.choice([0, 10, 40_000])))
        room = Room({"f": data})
        stream, model, position = room.open("f", "r+"), bytearray(data), 0
        for _ in range(40):
            choice = generator.randrange(5)
            if choice == 0:
                count = generator.choice([1, 7, 20_000])
                assert (stream.read_bytes(count) or "") == model[position : position + count].decode("latin-1")
                position = min(position + count, max(len(model), position))
            elif choice == 1:
                end = model.find(b"\n", position)
                end = len(model) if end < 0 else end + 1
                assert (stream.read_line(1) or "") == model[position:end].decode("latin-1")
                position = max(end, position)
            elif choice == 2:
                piece = "w" * generator.choice([1, 5, 9_000])
                stream.write(piece)
                model.extend(b"\0" * (position - len(model)))
                model[position : position + len(piece)] = piece.encode()
                position += len(piece)
            elif choice == 3:
                position = generator.randrange(len(model) + 5)
                assert stream.seek("set", position) == position
            else:
                assert stream.seek("cur", 0) == position
        stream.close()
        assert content(room, "f") == model
