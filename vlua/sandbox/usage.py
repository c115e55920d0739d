"""What a runtime has used so far.

In: its meter, its memory watch, its room. Out: frozen ``Usage``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from vlua.sandbox.memory import MemoryWatch
    from vlua.vfs import Room
    from vlua.vm.meter import Meter

__all__ = ["Usage", "usage_of"]


@attrs.frozen
class Usage:
    """What scripts have used: over the runtime's whole life, or at this moment.

    * ``instructions``: calls and loop rounds so far, and what library functions have charged.
    * ``seconds``, ``cpu_seconds``: the time of all calls from the host so far, on the clock and of the processor.
    * ``memory``: bytes that the script's values take now; ``peak``: the most that was seen. Both as of the last look
      while a script runs; see ``vlua.sandbox.memory``.
    * ``output``: bytes written to standard output and standard error so far.
    * ``open_files``: files open now.
    * ``file_bytes``, ``files``: bytes, and number of files and directories, that the room keeps, as a quota counts
      them: what was there at the start counts, mounts that cannot be written to do not. The limits of these names are
      on what is added.
    * ``coroutines``: coroutines that have begun and not ended.
    """

    instructions: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory: int = 0
    peak: int = 0
    output: int = 0
    open_files: int = 0
    file_bytes: int = 0
    files: int = 0
    coroutines: int = 0


def usage_of(meter: Meter, memory: MemoryWatch, room: Room, idle: bool) -> Usage:
    """The figures as they stand; ``idle``: nobody else runs the script's code, so that its values can be looked at."""
    if idle:
        memory.look()
    file_bytes, files = room.added()
    return Usage(
        instructions=meter.used,
        seconds=meter.wall_seconds,
        cpu_seconds=meter.cpu_seconds,
        memory=memory.bytes,
        peak=memory.peak,
        output=meter.written,
        open_files=room.open_files,
        file_bytes=file_bytes,
        files=files,
        coroutines=sum(len(state.coroutines.alive) for state in list(meter.states) if hasattr(state, "coroutines")),
    )
