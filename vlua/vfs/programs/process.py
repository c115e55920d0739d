"""Processes of a machine room: what a command runs as, how it ends, and the signals between them.

In: a room of its own for each process, and a program. Out: its ``Status``. Nothing here is a process of the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from weakref import WeakValueDictionary

from vlua.vfs.failure import Failure
from vlua.vfs.judge import Judge
from vlua.vm.frames import lib_error

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vfs.programs.pipe import Job
    from vlua.vm.state import State

__all__ = ["SIGINT", "SIGKILL", "SIGPIPE", "SIGTERM", "Killed", "Process", "Processes", "Program", "Status", "run"]

SIGINT = 2
SIGKILL = 9
SIGPIPE = 13
SIGTERM = 15

FIRST_PID = 100
NOT_EXECUTABLE = 126  # the exit code for a program that there is, but may not be run
BIN = ("/bin/", "/usr/bin/", "/usr/local/bin/")  # where the programs are for those who name them by their paths

# A program takes its room (streams, environment, files) and its arguments, the first being its name, as Lua strings;
# what it returns is the exit code.
Program = Callable[["Room", list[str]], int]


class Status(NamedTuple):
    """How a command ended: ``"exit"`` and its code, or ``"signal"`` and the number of what killed it."""

    what: Literal["exit", "signal"]
    code: int

    def result(self) -> tuple[Any, ...]:
        """The three results of ``os.execute`` and of closing a handle of ``io.popen`` (manual §6.9)."""
        return True if self == (Status("exit", 0)) else None, self.what, self.code

    def exit_code(self) -> int:
        """What a shell makes of it: the code, or 128 and the signal's number."""
        return self.code if self.what == "exit" else 128 + self.code


class Killed(BaseException):
    """Unwinds a process that a signal ends; like a limit, no script can catch it."""

    def __init__(self, process: Process, signal: int) -> None:
        super().__init__(signal)
        self.process = process
        self.signal = signal


class Process:
    """The identity of a running command: its number, and the signals sent to it.

    ``job`` is set when it runs beside its parent. ``handles_interrupt`` is true while an interrupt becomes a Lua error.
    """

    def __init__(self, processes: Processes, job: Job | None = None) -> None:
        self.processes = processes
        self.job = job
        self.handles_interrupt = False
        self.pending: list[int] = []
        self.pid = processes.next_pid
        processes.next_pid += 1
        processes.living[self.pid] = self

    def signal(self, number: int) -> None:
        """Send a signal. One that is asleep beside us ends now, any other at its next ``deliver``."""
        caught = number == SIGINT and self.handles_interrupt and SIGINT not in self.pending
        if caught or self.job is None or self.job.running:
            self.pending.append(number)
        else:
            self.job.kill(Killed(self, number))

    def deliver(self) -> None:
        """Take the signals sent so far. Raises Killed, or LuaError for an interrupt that the program handles."""
        while self.pending:
            number = self.pending.pop(0)
            if number == SIGINT and self.handles_interrupt:
                self.handles_interrupt = False
                raise lib_error("interrupted!")
            raise Killed(self, number)

    def end(self) -> None:
        """Its number belongs to nobody from now on."""
        self.processes.living.pop(self.pid, None)


class Processes:
    """What all processes of one runtime share: the table of the living, the programs, the way to a fresh Lua state.

    ``programs`` maps names to programs. ``make_state`` opens a state with all libraries under the runtime's policy in
    a room; without it there is no program ``lua``. ``judge`` says which programs may run.
    """

    def __init__(
        self,
        programs: dict[str, Program] | None = None,
        make_state: Callable[[Room], State] | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.programs = programs if programs is not None else {}
        self.make_state = make_state
        self.judge = judge if judge is not None else Judge()
        self.living: WeakValueDictionary[int, Process] = WeakValueDictionary()
        self.next_pid = FIRST_PID
        self.current: Process | None = None

    def find(self, name: str) -> Program | None:
        """The program of that name, or of that path in a directory for programs."""
        for directory in BIN:
            if name.startswith(directory):
                name = name[len(directory) :]
                break
        program = self.programs.get(name)
        return program if program is None or self.judge.runs(name) else refuse


def refuse(room: Room, args: list[str]) -> int:
    """What runs in place of a program that may not."""
    room.stderr.write(f"sh: 1: {args[0]}: Permission denied\n")
    return NOT_EXECUTABLE


def run(room: Room, program: Program, args: list[str]) -> Status:
    """Run ``program`` as the process that ``room`` belongs to, here and now; how it ended.

    Raises only what ends the whole runtime (LimitReached), and Killed when it is a process around this one that dies.
    """
    process = room.process
    assert process is not None
    processes = process.processes
    before = processes.current
    processes.current = process
    try:
        code = program(room, args)
        room.flush()
        return Status("exit", code & 0xFF)
    except Killed as killed:
        if killed.process is not process:
            raise
        return Status("signal", killed.signal)
    except Failure:
        return Status("exit", 1)  # not even its own messages could be written
    finally:
        processes.current = before
        process.end()
