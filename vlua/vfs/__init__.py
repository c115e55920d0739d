"""The virtual machine room: filesystems, file handles, and the Lua libraries that reach outside of the language.

In: what the host lends to one runtime. Out: ``Room``, and its libraries installed in a state.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from vlua.vfs.clock import Clock
from vlua.vfs.debugging import open_debugging
from vlua.vfs.filesystem import Room
from vlua.vfs.io_library import open_io
from vlua.vfs.loading import open_loading
from vlua.vfs.os_library import open_os
from vlua.vfs.package import open_package
from vlua.vfs.standard import Printer

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["Clock", "Room", "open_room_libraries"]


def open_room_libraries(state: State, room: Room) -> None:
    """Install ``io``, ``os``, ``package``, ``require``, ``loadfile`` and ``dofile`` (manual §6.1, §6.3, §6.8, §6.9).

    From here on the bytes that ``room`` moves are charged to ``state``, and ``print`` writes to the room's ``stdout``.
    """
    room.set_charge(weak_charge(state))
    room.meter = state.meter
    state.stdout = Printer(room.stdout)
    loaded = state.registry.get("_LOADED")
    for name, library in (
        ("package", open_package(state, room)),
        ("io", open_io(state, room)),
        ("os", open_os(state, room)),
    ):
        state.globals.set(name, library)
        loaded.set(name, library)
    open_loading(state, room)
    open_debugging(state, room)


def weak_charge(state: State) -> Callable[[int], None]:
    """``state.charge_bytes``, for as long as there is the state: a command that sleeps must not keep it alive."""
    reference = weakref.ref(state)

    def charge(count: int) -> None:
        living = reference()
        if living is not None:
            living.charge_bytes(count)

    return charge
