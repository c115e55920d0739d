"""What is remembered about compiled functions lasts no longer than they do."""

from __future__ import annotations

import gc
import sys
import warnings

import pytest

from vlua import LuaError, LuaRuntime
from vlua.vm import chunk
from vlua.vm.frames import FunctionInfo


def _functions_known() -> int:
    gc.collect()
    return sum(type(thing) is FunctionInfo for thing in gc.get_objects())


def test_chunks_that_have_failed_are_freed() -> None:
    lua = LuaRuntime()
    lua.execute("return 1")
    chunk.CACHE.clear()
    before = _functions_known()
    for number in range(20):
        with pytest.raises(LuaError):
            lua.execute(f"local function f() local x = nil + {number} end f()")
    chunk.CACHE.clear()
    # The last error may still be on its way out.
    assert _functions_known() <= before + 4


@pytest.mark.parametrize(
    "source",
    [
        "return pcall(function() (not nil)() end)",
        "return pcall(function() (-1)() end)",
        "return pcall(function() (2 + 3)() end)",
        "return pcall(function() ('a')() end)",
        "return pcall(function(...) (1)(...) end)",
        "return pcall(function(x) ('a' .. x)() end, 1)",
        "return (-7 + 3.0) ~= false, (1 + 2) == nil, (-1) == true, 1 == nil, 'x' ~= nil, (not nil) == nil",
        "return ('x'):rep(3)[1], (1 + 2) .. 'x'",
    ],
)
def test_python_warns_of_nothing(source: str, capfd: pytest.CaptureFixture[str]) -> None:
    chunk.CACHE.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LuaRuntime().execute(source)
    sys.stderr.flush()
    assert capfd.readouterr().err == ""
