"""``os.execute`` and ``io.popen``: from a script to the shell of its room (manual §6.8, §6.9).

In: a room and a command line. Out: a ``Status``, or a stream that is the command's output or input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import EBADF, ESPIPE, Failure
from vlua.vfs.programs.pipe import Job, Pipe, PipeInput, PipeOutput, filled
from vlua.vfs.programs.process import SIGKILL, Process, Status, run
from vlua.vfs.programs.shell import MOST_DEPTH, MOST_PROCESSES, PROCESS_COST, PROCESS_DEPTH, Shell, sh
from vlua.vfs.stream import Stream

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room

__all__ = ["CommandInput", "CommandOutput", "CommandStream", "execute", "open_command"]

CANNOT_FORK = 127  # what C's `system` answers when no process can be made


def execute(room: Room, line: str, depth: int) -> Status:
    """Run a command line to its end, jobs in the background included; ``depth`` is the caller's C nesting.

    Raises LuaError when the calling program is interrupted meanwhile.
    """
    child = fork(room, depth, room.stdin, room.stdout)
    if child is None:
        return Status("exit", CANNOT_FORK)
    status = run(child, sh, ["sh", "-c", line])
    if room.process is not None:
        room.process.deliver()
    return status


def open_command(room: Room, line: str, mode: str, depth: int) -> CommandStream:
    """Start a command line; the stream that reads what it writes (mode "r") or writes what it reads ("w").

    With "r" it runs at once until it has written as much as a pipe holds, then goes on whenever more is read. With
    "w" it runs when the stream is closed, and writes to the room's own output. Raises Failure.
    """
    room.require_room_for_stream()
    processes = room.processes
    if mode == "w":
        command = CommandInput(room, line, depth)
        room.keep(command)
        return command
    pipe = Pipe(processes, room.charge)
    child = fork(room, depth, room.stdin, PipeOutput(pipe))

    def work() -> Status:
        if child is None:
            return Status("exit", CANNOT_FORK)
        shell = Shell(child)
        try:
            return run(child, lambda _, __: shell.line(line), ["sh"])
        finally:
            pipe.writers.extend(shell.jobs)

    job = Job(processes, work)
    if child is not None and child.process is not None:
        child.process.job = job
    pipe.writers.append(job)
    output = CommandOutput(pipe, job, child.process if child is not None else None)
    room.keep(output)
    pipe.run(job, False)
    return output


def fork(room: Room, depth: int, stdin: Stream, stdout: Stream) -> Room | None:
    """A room for a shell, ``None`` when processes are nested too deeply already."""
    room.charge(PROCESS_COST)
    depth = max(depth, room.depth) + PROCESS_DEPTH
    if depth > MOST_DEPTH or len(room.processes.living) >= MOST_PROCESSES:
        room.stderr.write("sh: 0: Cannot fork\n")
        return None
    child = room.fork(Process(room.processes), stdin=stdin, stdout=stdout)
    child.depth = depth
    return child


class CommandStream(Stream):
    """One end of a pipe whose other end is a command; ``status`` tells how that ended, once it is closed."""

    __slots__ = ()

    status: Status

    def result(self) -> Any:
        """The results of closing a handle of it (manual §6.8 ``io.popen``)."""
        return self.status.result()

    def seek(self, whence: str, offset: int) -> int:
        """Pipes have no position: raises Failure (Illegal seek)."""
        raise Failure(ESPIPE)


class CommandOutput(PipeInput, CommandStream):
    """What a command writes, to be read."""

    __slots__ = ("job", "process", "status")

    def __init__(self, pipe: Pipe, job: Job, process: Process | None) -> None:
        super().__init__(pipe)
        self.job = job
        self.process = process
        self.status = Status("exit", 0)

    def close(self) -> None:
        """Let the command run to its end, or to its next write, which kills it."""
        self.pipe.close()
        self.status = self.job.status or Status("signal", SIGKILL)

    def abandon(self) -> None:
        """Kill the command: nobody is left to wait for it."""
        if self.process is not None:
            self.pipe.abandon(self.process)


class CommandInput(CommandStream):
    """What a command shall read; it runs when this is closed."""

    __slots__ = ("chunks", "depth", "line", "room", "status")

    def __init__(self, room: Room, line: str, depth: int) -> None:
        super().__init__(None, "w", room.charge)
        self.room = room
        self.line = line
        self.depth = depth
        self.chunks: list[str] = []
        self.status = Status("exit", 0)

    def flush(self) -> None:
        """Keep what is pending for the command."""
        if self.pending:
            self.charge(self.pending_size)
            self.chunks.append("".join(self.pending))
            self.pending.clear()
            self.pending_size = 0

    def _fetch(self, size: int) -> str:
        raise Failure(EBADF)

    def close(self) -> None:
        """Run the command with everything written so far as its input."""
        self.flush()
        room = self.room
        chunks, self.chunks = self.chunks, []
        stdin = PipeInput(filled(room.processes, room.charge, chunks))
        child = fork(room, self.depth, stdin, room.stdout)
        self.status = Status("exit", CANNOT_FORK) if child is None else run(child, sh, ["sh", "-c", self.line])

    def abandon(self) -> None:
        """Nobody is left to wait for the command: it does not run."""
        self.chunks.clear()
