"""How deep the running script's calls are.

In: Python's stack, and the stacks of the coroutines that wait for the running one. Out: the number of Lua functions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from vlua.vm.frames import information

__all__ = ["call_depth", "running_frames"]


def running_frames() -> Iterator[FrameType]:
    """The frames of the running thread from the caller outwards, through the coroutines that wait for it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
    greenlets = sys.modules.get("greenlet")
    waiting = greenlets.getcurrent().parent if greenlets is not None else None
    while waiting is not None:
        frame = waiting.gr_frame
        while frame is not None:
            yield frame
            frame = frame.f_back
        waiting = waiting.parent


def call_depth(ticks: Any) -> int:
    """Lua functions running inside one another that pull on ``ticks``; those replaced by tail calls do not count."""
    depth = 0
    innermost = True
    for frame in running_frames():
        code = frame.f_code
        info = information(code)
        if info is None or info.outlined or frame.f_globals.get("meter") is not ticks:
            continue
        if not innermost:
            operation = info.locate(code, frame.f_lasti)[1]
            if operation is not None and operation.kind == "tail":
                continue
        innermost = False
        depth += 1
    return depth
