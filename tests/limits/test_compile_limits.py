"""What compiling is allowed to take: sources too large for the memory or the time that is left are refused."""

from __future__ import annotations

import pytest

from vlua import LimitExceeded, Limits, LuaRuntime, Policy
from vlua.vm.errors import LimitReached
from vlua.vm.meter import LEAST_TREES, MOMENT, TREE_BYTES, TREE_PARTS, Meter


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("memory", [1 << 20, 64 << 20, 1 << 30])
def test_the_largest_source_for_a_memory(memory: int) -> None:
    meter = Meter(limits=Limits(memory=memory))
    largest = max(TREE_PARTS * memory, LEAST_TREES) // TREE_BYTES
    meter.require_source(largest)
    with pytest.raises(LimitReached) as caught:
        meter.require_source(largest + 1)
    assert (caught.value.limit, caught.value.allowed) == ("memory", memory)


def test_without_limits_every_source_is_welcome() -> None:
    meter = Meter()
    meter.require_source(1 << 40)
    meter.require_time(1e9)


def test_the_time_that_must_be_left() -> None:
    clock = Clock()
    meter = Meter(limits=Limits(wall_time=10), clock=clock)
    meter.start()
    clock.now = 4.0
    meter.require_time(5.9)
    with pytest.raises(LimitReached) as caught:
        meter.require_time(6.1)
    assert (caught.value.limit, caught.value.allowed) == ("wall_time", 10)
    clock.now = 9.99
    meter.require_time(MOMENT - 0.001)


def test_a_source_too_large_for_the_memory() -> None:
    lua = LuaRuntime(Policy(limits=Limits(memory="8 MiB", wall_time=60)))
    size = LEAST_TREES // TREE_BYTES + 100
    script = "local source = ('-'):rep((...)) local ok = pcall(load, source) return ok"
    with pytest.raises(LimitExceeded, match="memory") as caught:
        lua.execute(script, size)
    assert caught.value.limit == "memory"
    assert lua.execute("return (load(('-'):rep((...))))", size - 200) is not None
    with pytest.raises(LimitExceeded):
        lua.compile("-" * size)


def test_a_source_that_would_take_longer_than_is_left() -> None:
    lua = LuaRuntime(Policy(limits=Limits(wall_time=1)))
    clock = Clock()
    meter = lua._state.meter
    meter.clock = clock
    reads = [0]

    def hurried() -> float:
        reads[0] += 1
        clock.now += 0.2
        return clock.now

    meter.clock = hurried
    with pytest.raises(LimitExceeded) as caught:
        lua.execute("return load('x = 1 ' .. ('y = 2 '):rep(1000))")
    assert caught.value.limit == "wall_time"


def test_a_usual_chunk_is_never_refused() -> None:
    lines = "\n".join(f"local function f{i}(a, b) local t = {{a, b, x = {i}}} return t.x + #t end" if i % 12 == 0
                      else f"G{i} = (G{i - 1} or 0) + {i} * 2 -- and a comment" for i in range(2_000))  # fmt: skip
    lua = LuaRuntime(Policy(limits=Limits(memory="16 MiB", wall_time=120, cpu_time=120)))
    assert lua.execute("return type(assert(load((...))))", lines) == "function"
    assert lua.compile(lines) is not None
