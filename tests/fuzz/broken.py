"""A target whose runtime is broken on purpose, to see that the hunt notices: ``python -m tests.fuzz.broken``."""

from __future__ import annotations

import ctypes
import os
import time
from types import FunctionType
from typing import Any, cast

from tests.fuzz import target
from vlua.runtime import LuaRuntime
from vlua.vm.frames import mark_native

__all__ = ["BrokenRuntime"]


def _crash(*_: Any) -> None:
    ctypes.string_at(0)


def _exit(*_: Any) -> None:
    os._exit(5)


def _hang(*_: Any) -> None:
    time.sleep(300)


def _broken(*_: Any) -> Any:
    return 1 // 0


def _wide(*_: Any) -> Any:
    return 1 << 70


class BrokenRuntime(LuaRuntime):
    """A runtime with library functions that do what none may."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for function in (_crash, _exit, _hang, _broken, _wide):
            mark_native(cast(FunctionType, function))
            self._state.globals.set(function.__name__[1:], function)


if __name__ == "__main__":
    target.LuaRuntime = BrokenRuntime  # type: ignore[misc]
    target.main()
