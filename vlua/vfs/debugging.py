"""``debug.debug`` (manual §6.10): the one function of the library ``debug`` that talks to somebody.

In: a state and its room. Out: the function, in the library's table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import Failure
from vlua.vm.frames import mark_native, translate
from vlua.vm.number import number_text
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State

__all__ = ["open_debugging"]


def open_debugging(state: State, room: Room) -> None:
    """Add ``debug.debug`` to the libraries of a runtime that lives in ``room``."""

    def debug(*_: Any) -> Any:
        """Run lines from stdin until one says ``cont``."""
        while True:
            try:
                room.stdout.flush()
                room.stderr.write("lua_debug> ")
                line = room.stdin.read_line(1)
            except Failure:
                return ()
            if line is None or line == "cont\n":
                return ()
            try:
                state.call(state.load(line, "=(debug command)", state.globals))
            except Exception as exception:
                value = translate(exception).value
                text = number_text(value) if type(value) is int or type(value) is float else value
                try:
                    room.stderr.write(f"{text if type(text) is str else '(null)'}\n")
                except Failure:
                    return ()

    library = state.registry.get("_LOADED").get("debug")
    if type(library) is LuaTable:
        mark_native(debug, "debug.debug")  # type: ignore[arg-type]
        library.set("debug", debug)
