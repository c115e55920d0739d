"""Sizes and durations as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlua.sandbox.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (4096, 4096),
        ("10", 10),
        ("64 MiB", 2**26),
        ("64MiB", 2**26),
        (" 1.5 GB ", 1500000000),
        ("2 kB", 2000),
        ("1_000 B", 1000),
        ("0.5 KiB", 512),
        ("1 TiB", 2**40),
    ],
)
def test_sizes(text: object, size: int) -> None:
    assert parse_size(text) == size
    assert type(parse_size(text)) is int


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (2, 2.0),
        (0.5, 0.5),
        ("2 s", 2.0),
        ("500 ms", 0.5),
        ("1 min", 60.0),
        ("1.5h", 5400.0),
        ("250us", 0.00025),
        ("3", 3.0),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("64M", "'64 MiB'"),
        ("64 mb", "'64 MB'"),
        ("1,5 MB", "'1.5 MB'"),
        ("3 bytes", "'3 B'"),
        ("2 gigs", "'2 GiB'"),
        ("9 parsecs", "'9 MiB'"),
        ("0.5 B", "'0 B'"),
    ],
)
def test_wrong_sizes_show_the_nearest_right_one(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean {hint}"):
        parse_size(text)
    parse_size(hint.strip("'"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [("2 sec", "'2 s'"), ("2 minuts", "'2 min'"), ("5m", "'5 min'"), ("10 µs", "'10 us'"), ("1 Hour", "'1 h'")],
)
def test_wrong_durations_show_the_nearest_right_one(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean {hint}"):
        parse_duration(text)
    parse_duration(hint.strip("'"))


@pytest.mark.parametrize(
    "value", ["", "MiB", "-1 MiB", "1e3 B", "1 MB 2", "٣ MB", "9" * 100, True, None, 1.5, [], "1 MB\0"]
)
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_size(value)


@pytest.mark.parametrize("value", ["", "inf", "nan", "-1 s", "1e3 s", "٣ s", True, None, []])
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(value)


@given(st.integers(0, 2**63))
def test_sizes_survive_being_written(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.one_of(st.floats(1e-12, 1e12), st.just(0.0)))
def test_durations_survive_being_written(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


def test_sizes_are_written_as_people_do() -> None:
    assert [format_size(size) for size in (0, 1500, 2**26, 10**9, 1000)] == ["0 B", "1500 B", "64 MiB", "1 GB", "1 kB"]
    assert [format_duration(t) for t in (0, 0.5, 60, 90, 0.1 + 0.2)] == [
        "0 s",
        "500 ms",
        "1 min",
        "90 s",
        "0.30000000000000004 s",
    ]
