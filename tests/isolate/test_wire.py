"""The wire format: what was sent arrives, and bytes that nobody sent are refused."""

from __future__ import annotations

import math
import struct
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from vlua.isolate.answer import checked_answer
from vlua.isolate.job import JobError
from vlua.isolate.wire import MAX_DEPTH, WireError, decode, encode, frame, frame_length

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=())),
    st.binary(),
)
KEYS = st.one_of(st.text(), st.binary(), st.integers(-(2**63), 2**63 - 1))
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(KEYS, inner)), max_leaves=20)


def _exact(value: Any) -> Any:
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return [(_exact(key), _exact(item)) for key, item in value.items()]
    return type(value), str(value) if isinstance(value, float) else value


@given(VALUES)
def test_values_arrive_as_they_were(value: Any) -> None:
    assert _exact(decode(encode(value))) == _exact(value)


def test_nan_arrives() -> None:
    assert math.isnan(decode(encode(math.nan)))


@given(
    st.one_of(st.binary(max_size=60), st.text("NTFISBDLM\0\1\2\xff", max_size=40).map(lambda s: s.encode("latin-1")))
)
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except WireError:
        return
    assert isinstance(encode(value), bytes)


@given(VALUES, st.data())
def test_damaged_values_are_a_value_or_refused(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(encoded))
    except WireError:
        pass
    with pytest.raises(WireError):
        decode(encode(value)[:-1])


@pytest.mark.parametrize("value", [object(), 2**63, -(2**63) - 1, {1, 2}, [print], 1j, bytearray(b"x")])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(WireError):
        encode(value)


def test_nesting_is_limited_on_both_sides() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert decode(encode(deep)) == deep
    with pytest.raises(WireError):
        encode([deep])
    with pytest.raises(WireError):
        decode(b"L\0\0\0\1" + encode(deep))
    with pytest.raises(WireError):
        decode(b"L\0\0\0\1" * 100_000 + b"N")


def test_counts_beyond_the_message_are_refused_before_anything_is_made() -> None:
    for tag in b"SBLM":
        with pytest.raises(WireError):
            decode(bytes([tag]) + struct.pack(">I", 0xFFFFFFFF))


def test_keys_are_scalars_and_appear_once() -> None:
    for key in (b"L\0\0\0\0", b"M\0\0\0\0"):
        with pytest.raises(WireError):
            decode(b"M\0\0\0\1" + key + b"N")
    with pytest.raises(WireError):
        decode(b"M\0\0\0\2" + b"TN" + b"TF")
    with pytest.raises(WireError):
        decode(b"M\0\0\0\2" + b"TN" + encode(1) + b"F")


def test_headers_are_checked() -> None:
    assert frame_length(frame(b"A", b"xyz")[:5], {b"A": 3}) == (b"A", 3)
    for most in ({b"A": 2}, {b"B": 10}):
        with pytest.raises(WireError):
            frame_length(frame(b"A", b"xyz")[:5], most)


GOOD: dict[str, Any] = {
    "values": [1],
    "changes": {"/a/b": b"x", "/gone": None},
    "usage": {"instructions": 1},
    "error": {"kind": "limit", "message": "m", "limit": "instructions", "allowed": 1.0},
}


def test_an_answer_is_read() -> None:
    fields = checked_answer(GOOD)
    assert fields["values"] == (1,)
    assert fields["error"] == JobError("limit", "m", limit="instructions", allowed=1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": {}},
        {"values": None},
        {"changes": []},
        *(
            {"changes": {path: b""}}
            for path in ("", "a", "/", "//a", "/a/", "/a//b", "/./a", "/../a", "/a/..", "/\0", 1)
        ),
        {"changes": {"/a": "text"}},
        {"usage": {"x": "y"}},
        {"usage": {1: 1}},
        {"usage": {"x": True}},
        {"error": 1},
        {"error": {}},
        {"error": {"kind": "limit"}},
        {"error": {"kind": "deadline", "message": ""}},
        {"error": {"kind": "nonsense", "message": ""}},
        {"error": {"kind": [], "message": ""}},
        {"error": {"kind": "exit", "message": "", "status": 256}},
        {"error": {"kind": "exit", "message": "", "status": True}},
        {"error": {"kind": "error", "message": b""}},
        {"error": {"kind": "error", "message": "", "more": 1}},
        {"more": 1},
    ],
)
def test_wrong_answers_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        checked_answer({**GOOD, **wrong})


@given(st.dictionaries(st.sampled_from([*GOOD, "x"]), VALUES))
def test_random_answers_are_read_or_refused(fields: dict[str, Any]) -> None:
    try:
        checked_answer({**GOOD, **fields})
    except WireError:
        pass
