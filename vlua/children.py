"""The states of the program ``lua``, which scripts start with ``os.execute`` and ``io.popen``.

In: what the runtime is made of. Out: states with the same policy on the same meter, and with the host's modules where
the policy shares them.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vlua.entry import Entry
from vlua.marshalling import Marshaller
from vlua.modules import preload_module
from vlua.vfs import open_room_libraries
from vlua.vm.lib import open_libraries
from vlua.vm.state import State

if TYPE_CHECKING:
    from vlua.sandbox.gate import Gate
    from vlua.vfs import Room
    from vlua.vm.meter import Meter

__all__ = ["Children", "open_state"]


def open_state(gate: Gate, meter: Meter, room: Room) -> State:
    """A state in a room with all that the policy allows: a runtime's own, or one for its program ``lua``."""
    state = State(meter, room.stdout)
    open_libraries(state)
    open_room_libraries(state, room)
    gate.close(state, room)
    return state


class Children:
    """Opens states for the program ``lua``; ``modules`` are those that they share with the runtime's own."""

    def __init__(self, gate: Gate, meter: Meter, modules: Mapping[str, Any], encoding: str | None) -> None:
        self.gate = gate
        self.meter = meter
        self.modules = modules
        self.encoding = encoding
        self.parent: weakref.ref[Entry] | None = None

    def __call__(self, room: Room) -> State:
        """A state in ``room``."""
        state = open_state(self.gate, self.meter, room)
        parent = self.parent() if self.parent is not None else None
        if self.modules and parent is not None:
            entry = ChildEntry(state, room, parent)
            entry.marshaller = Marshaller(state, entry, self.encoding)
            for name, module in self.modules.items():
                try:
                    preload_module(state, entry.marshaller, name, module)
                except ValueError:
                    continue  # it has values of the runtime's own state, which no other can use
        return state


class ChildEntry(Entry):
    """The door into a child: it is open as long as the one into the runtime's own state is."""

    def __init__(self, state: State, room: Room, parent: Entry) -> None:
        self.parent = parent
        super().__init__(state, room)  # whose depth is the parent's already
        self.lock = parent.lock

    def __del__(self) -> None:
        """Nothing: the program itself ends what it has begun."""

    @property
    def depth(self) -> int:
        """How many calls from the host are running inside one another."""
        return self.parent.depth

    @depth.setter
    def depth(self, depth: int) -> None:
        if hasattr(self, "lock"):  # it is made already
            self.parent.depth = depth
