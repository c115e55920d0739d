"""Calendar arithmetic and date formats, against Python's datetime and against PUC Lua."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlua.vfs import Clock
from vlua.vfs.date import ONE_LETTER, TWO_LETTERS, break_down, format_time, seconds_of

EPOCH = datetime(1970, 1, 1)
lupa = pytest.importorskip("lupa.lua53")


@given(st.integers(-62135596800, 253402300799))
def test_break_down_agrees_with_datetime(moment):
    ours = break_down(moment)
    theirs = EPOCH + timedelta(seconds=moment)
    assert ours is not None
    assert ours[:6] == theirs.timetuple()[:6]
    assert ours.yearday + 1 == theirs.timetuple().tm_yday
    assert ours.weekday == theirs.isoweekday() % 7
    assert seconds_of(*ours[:6]) == moment


@pytest.fixture(scope="module")
def stock():
    return lupa.LuaRuntime(encoding="latin-1").eval("os.date")


# In the last 1,900 years of the range glibc's %G overflows.
@pytest.mark.skipif(sys.platform != "linux", reason="strftime of other systems pads years in its own way")
@given(st.integers(-67768040609740800, 67768036191676799 - 60_000_000_000) | st.integers(-(10**11), 10**11))
def test_formats_agree_with_stock_lua(stock, moment):
    time = break_down(moment)
    for conversion in sorted(ONE_LETTER | TWO_LETTERS):
        assert format_time(conversion, time) == stock(f"!%{conversion}", moment), conversion


@pytest.mark.parametrize("moment", [67768036191676800, -67768040609740801, 1 << 62, -(1 << 63)])
def test_years_beyond_an_int_are_refused(moment):
    assert break_down(moment) is None


def test_the_clock_is_in_utc_unless_told():
    clock = Clock()
    assert clock.local(0) == (0, False, "UTC")
    assert abs(clock.now() - datetime.now(UTC).timestamp()) < 2
    assert 0 <= clock.cpu() < 60


def test_a_clock_of_the_host():
    clock = Clock(now=lambda: 12.9, cpu=iter([5.0, 7.5]).__next__, zone=timezone(timedelta(hours=-3), "ART"))
    assert clock.now() == 12
    assert clock.cpu() == 2.5
    assert clock.local(1 << 62) == (-10800, False, "ART")


def test_daylight_saving_time():
    clock = Clock(zone=ZoneInfo("Europe/Berlin"))
    assert clock.local(1720000000) == (7200, True, "CEST")
    assert clock.local(1700000000) == (3600, False, "CET")
