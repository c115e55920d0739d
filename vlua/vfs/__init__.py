"""The virtual machine room: filesystems, file handles, and the Lua libraries that reach outside of the language.

In: what the host lends to one runtime. Out: ``Room``, and its libraries installed in a state. The filesystems are
imported when they are first named: PyFilesystem2 takes 0.1 s.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vlua.vfs.clock import Clock
from vlua.vfs.debugging import open_debugging
from vlua.vfs.filesystem import Room
from vlua.vfs.io_library import open_io
from vlua.vfs.lfs_library import preload_lfs
from vlua.vfs.loading import open_loading
from vlua.vfs.os_library import open_os
from vlua.vfs.package import open_package
from vlua.vfs.standard import Printer

if TYPE_CHECKING:
    from vlua.vfs.apply import Report, apply_changes
    from vlua.vfs.changes import Change, Changes
    from vlua.vfs.directory import HostDirectory
    from vlua.vfs.export import load, save
    from vlua.vfs.journal import JournalFS
    from vlua.vfs.mounts import MountTable
    from vlua.vfs.overlay import OverlayFS
    from vlua.vfs.quota import Quota, QuotaFS
    from vlua.vfs.rules import Rule, RuleFS
    from vlua.vfs.sources import Mount, open_source, parse_mount
    from vlua.vm.state import State

__all__ = [
    "Change",
    "Changes",
    "Clock",
    "HostDirectory",
    "JournalFS",
    "Mount",
    "MountTable",
    "OverlayFS",
    "Quota",
    "QuotaFS",
    "Report",
    "Room",
    "Rule",
    "RuleFS",
    "apply_changes",
    "load",
    "open_room_libraries",
    "open_source",
    "parse_mount",
    "save",
]

HOMES = {
    "Change": "vlua.vfs.changes",
    "Changes": "vlua.vfs.changes",
    "HostDirectory": "vlua.vfs.directory",
    "JournalFS": "vlua.vfs.journal",
    "Mount": "vlua.vfs.sources",
    "MountTable": "vlua.vfs.mounts",
    "OverlayFS": "vlua.vfs.overlay",
    "Quota": "vlua.vfs.quota",
    "QuotaFS": "vlua.vfs.quota",
    "Report": "vlua.vfs.apply",
    "Rule": "vlua.vfs.rules",
    "RuleFS": "vlua.vfs.rules",
    "apply_changes": "vlua.vfs.apply",
    "load": "vlua.vfs.export",
    "open_source": "vlua.vfs.sources",
    "parse_mount": "vlua.vfs.sources",
    "save": "vlua.vfs.export",
}


def __getattr__(name: str) -> Any:
    home = HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'vlua.vfs' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def open_room_libraries(state: State, room: Room) -> None:
    """Install ``io``, ``os``, ``package``, ``require``, ``loadfile`` and ``dofile`` (manual §6.1, §6.3, §6.8, §6.9),
    and let ``require`` find ``lfs``.

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
    preload_lfs(state, room)
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
