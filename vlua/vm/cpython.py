"""What CPython lets only its C API do: assign a running frame's variables, and exchange a function's cells.

In: frames and functions of compiled Lua code, for ``debug.setlocal`` and ``debug.upvaluejoin`` (manual §6.10).
Out: the same, changed. The one module that knows ``ctypes``, which it imports when a script first uses one of the two.
"""

from __future__ import annotations

import sys
from types import CellType, FrameType, FunctionType
from typing import Any

__all__ = ["assign_variables", "set_closure"]


def assign_variables(frame: FrameType, changes: dict[str, Any]) -> None:
    """Assign variables of a running frame by their Python names, as a debugger's trace function does."""
    seen = frame.f_locals
    seen.update(changes)
    if sys.version_info < (3, 13):
        # Until then the dict is a copy, to be written back.
        from ctypes import c_int, py_object, pythonapi

        pythonapi.PyFrame_LocalsToFast(py_object(frame), c_int(0))


def set_closure(function: FunctionType, closure: tuple[CellType, ...]) -> None:
    """Give a function other cells, as many as it has, for the calls to come."""
    assert len(closure) == len(function.__code__.co_freevars)
    from ctypes import py_object, pythonapi

    pythonapi.PyFunction_SetClosure(py_object(function), py_object(closure))
