"""``LuaRuntime.usage`` and ``LuaRuntime.cancel``, from the runtime's thread and from others; Ctrl-C."""

from __future__ import annotations

import io
import threading

import pytest

from vlua import LimitExceeded, Limits, LuaError, LuaRuntime, Policy


def test_usage_tells_what_was_used() -> None:
    lua = LuaRuntime(stdout=io.BytesIO())
    before = lua.usage
    lua.execute(
        """
        T = {} for i = 1, 10000 do T[i] = {i} end
        io.write('12345')
        F = io.open('f', 'w') F:write('1234567') F:flush()
        CO = coroutine.wrap(function() coroutine.yield() end) CO()
        """
    )
    usage = lua.usage
    assert usage.instructions - before.instructions >= 10_000
    assert usage.seconds > before.seconds
    assert usage.cpu_seconds > before.cpu_seconds
    assert usage.memory - before.memory > 1_000_000
    assert usage.peak >= usage.memory
    assert (usage.output, usage.open_files, usage.files, usage.file_bytes, usage.coroutines) == (5, 1, 1, 7, 1)
    lua.execute("T, CO = nil F:close() collectgarbage()")
    assert lua.usage.memory < usage.memory - 1_000_000
    assert (lua.usage.open_files, lua.usage.coroutines) == (0, 0)


def test_usage_after_an_error_and_a_limit() -> None:
    lua = LuaRuntime(Policy(limits=Limits(instructions=5_000)))
    with pytest.raises(LuaError):
        lua.execute("for i = 1, 1000 do end error('x')")
    assert 1_000 <= lua.usage.instructions < 1_100
    with pytest.raises(LimitExceeded):
        lua.execute("while true do end")
    assert lua.usage.instructions == 5_000


def test_usage_and_cancel_from_another_thread() -> None:
    lua = LuaRuntime()
    seen = []

    def watch() -> None:
        while lua.usage.instructions < 100_000:
            pass
        seen.append(lua.usage)
        lua.cancel()

    thread = threading.Thread(target=watch)
    thread.start()
    with pytest.raises(LimitExceeded) as caught:
        lua.execute("while true do pcall(function() while true do end end) end")
    thread.join()
    assert caught.value.limit == "cancelled"
    assert str(caught.value) == "the script was cancelled"
    assert seen[0].seconds > 0
    assert lua.execute("return 'still there'") == "still there"


def test_cancelling_before_a_call_ends_that_call() -> None:
    lua = LuaRuntime()
    lua.cancel()
    with pytest.raises(LimitExceeded):
        lua.execute("return 1")
    assert lua.execute("return 1") == 1


@pytest.mark.parametrize("catch", ["pcall(interrupt)", "coroutine.wrap(interrupt)()", "xpcall(interrupt, print)"])
def test_ctrl_c_cannot_be_caught(catch: str) -> None:
    lua = LuaRuntime()

    def interrupt() -> None:
        raise KeyboardInterrupt

    lua.globals().interrupt = interrupt
    with pytest.raises(KeyboardInterrupt):
        lua.execute(f"{catch} caught = true")
    assert lua.execute("return caught") is None
