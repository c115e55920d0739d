"""The shell of a machine room: runs the command lines of ``os.execute``, ``io.popen`` and ``sh -c``.

In: a line and the room of the process that runs it. Out: an exit code; messages are those of Debian's ``sh``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vlua.vfs.failure import EACCES, Failure
from vlua.vfs.programs.command_line import (
    Command,
    CommandSyntaxError,
    Item,
    Redirection,
    Variable,
    Word,
    parse,
)
from vlua.vfs.programs.pipe import Job, Pipe, PipeInput, PipeOutput
from vlua.vfs.programs.process import Process, Processes, Status, run
from vlua.vfs.stream import NullStream

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vfs.stream import Stream

__all__ = ["Shell", "ShellExit", "sh"]

SYNTAX_ERROR = 2
REDIRECTION_FAILED = 2
NOT_EXECUTABLE = 126
NOT_FOUND = 127

PROCESS_COST = 16384  # bytes charged for starting a process, which stand for the time it takes
PROCESS_DEPTH = 8  # nested calls through C code that a process counts for
MOST_DEPTH = 190  # of those: a process begun deeper could not do anything
MOST_PROCESSES = 256  # living at the same time
MODES = {"<": "r", ">": "w", ">|": "w", ">>": "a"}


class ShellExit(Exception):
    """``exit`` was called; ``code`` is the shell's exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Shell:
    """Runs lines in the process that ``room`` belongs to; variables that a line sets are those of ``room``."""

    def __init__(self, room: Room) -> None:
        assert room.process is not None
        self.room = room
        self.process: Process = room.process
        self.processes: Processes = room.process.processes
        self.code = 0
        self.last_job: Process | None = None
        self.jobs: list[Job] = []

    def line(self, text: str) -> int:
        """Run a line; its exit code. Jobs in the background are left in ``jobs``."""
        self.room.charge(16 * len(text))
        try:
            items = parse(text)
        except CommandSyntaxError as error:
            self.complain(str(error))
            return SYNTAX_ERROR
        try:
            for item in items:
                if item.background:
                    self.code = self.start(item)
                else:
                    self.code = self.item(item)
        except ShellExit as request:
            self.code = request.code
        return self.code

    def complain(self, message: str) -> None:
        """Write a message on stderr."""
        try:
            self.room.stderr.write(f"sh: 1: {message}\n")
        except Failure:
            return

    # Items and pipelines

    def item(self, item: Item) -> int:
        """Run pipelines as far as ``&&`` and ``||`` let them."""
        code = 0
        for operator, commands in item.pipelines:
            if operator == "" or (code == 0) == (operator == "&&"):
                code = self.pipeline(commands)
                self.code = code
        return code

    def pipeline(self, commands: tuple[Command, ...]) -> int:
        """Run commands that read what the one before them writes; the exit code of the last."""
        if len(commands) == 1:
            code = self.command(commands[0], self.room.stdin, self.room.stdout)
            self.process.deliver()
            return code
        # Each command waits for the one before it, nested on the C stack: the first is the deepest.
        depth = PROCESS_DEPTH * (len(commands) - 1)
        if self.room.depth + depth > MOST_DEPTH:
            self.complain("Cannot fork")
            return SYNTAX_ERROR
        pipes: list[Pipe] = []
        source: Stream = self.room.stdin
        for command in commands[:-1]:
            pipe = Pipe(self.processes, self.room.charge)
            pipe.writers.append(self.beside(command, source, PipeOutput(pipe), depth))
            depth -= PROCESS_DEPTH
            pipes.append(pipe)
            source = PipeInput(pipe)
        try:
            code = self.guarded(lambda: self.command(commands[-1], source, self.room.stdout))
            for pipe in reversed(pipes):
                pipe.close()
        except BaseException:
            for pipe in pipes:
                pipe.abandon(self.process)  # nothing else would ever end what sleeps there
            raise
        self.process.deliver()
        return code

    def beside(self, command: Command, stdin: Stream, stdout: Stream, depth: int) -> Job:
        """A job that runs one command of a pipeline, ``depth`` C levels further down."""

        def work() -> Status:
            code = self.guarded(lambda: self.command(command, stdin, stdout, depth=depth))
            try:
                stdout.flush()
            finally:
                if isinstance(stdin, PipeInput):
                    stdin.close()
            return Status("exit", code)

        return Job(self.processes, work)

    def start(self, item: Item) -> int:
        """Begin a job in the background, with nothing to read; it has its turn when somebody waits for it."""
        self.room.charge(PROCESS_COST)
        if len(self.processes.living) >= MOST_PROCESSES:
            self.complain("Cannot fork")
            return SYNTAX_ERROR
        process = Process(self.processes)
        inner = Shell(self.room.fork(process, stdin=NullStream("r")))

        def work() -> Status:
            if len(item.pipelines) == 1 and len(item.pipelines[0][1]) == 1:
                # The command itself is the process that `$!` names.
                room = inner.room
                inner.guarded(lambda: inner.command(item.pipelines[0][1][0], room.stdin, room.stdout, process))
                process.end()
                return Status("exit", 0)
            return run(inner.room, lambda _, __: inner.guarded(lambda: inner.item(item)), [])

        process.job = Job(self.processes, work)
        self.jobs.append(process.job)
        self.last_job = process
        return 0

    def guarded(self, work: Callable[[], int]) -> int:
        """Let ``exit`` end only the part of the line that is a process of its own."""
        try:
            return work()
        except ShellExit as request:
            return request.code

    # One command

    def command(
        self, command: Command, stdin: Stream, stdout: Stream, process: Process | None = None, depth: int = 0
    ) -> int:
        """Run a simple command, as ``process`` if there is one already; its exit code."""
        words = [text for word in command.words if (text := self.expand(word)) or word.quoted]
        values = {name: self.expand(value) for name, value in command.assignments}
        opened: list[Stream] = []
        streams = {0: stdin, 1: stdout, 2: self.room.stderr}
        try:
            for redirection in command.redirections:
                if not self.redirect(redirection, streams, opened):
                    return REDIRECTION_FAILED
            if not words:
                self.room.environment.update(values)
                return 0
            return self.program(words, values, streams, process, depth + PROCESS_DEPTH)
        finally:
            for stream in opened:
                try:
                    self.room.release(stream)
                except Failure:
                    continue  # what could not be written is lost, as in C

    def program(
        self,
        words: list[str],
        values: dict[str, str],
        streams: dict[int, Stream],
        process: Process | None,
        depth: int,
    ) -> int:
        """Find and run a program; its exit code."""
        name = words[0]
        if name == "exit":
            raise ShellExit(exit_code(words[1]) if len(words) > 1 else self.code)
        if name == "wait":
            for job in self.jobs:
                job.finish()
            return 0
        program = self.processes.find(name)
        if program is None:
            code, reason = NOT_FOUND, "not found"
            if "/" in name and self.exists(name):
                code, reason = NOT_EXECUTABLE, "Permission denied"
            self.tell(streams[2], f"{name}: {reason}")
            return code
        self.room.charge(PROCESS_COST)
        if self.room.depth + depth > MOST_DEPTH or len(self.processes.living) >= MOST_PROCESSES:
            self.tell(streams[2], "Cannot fork")
            return SYNTAX_ERROR
        room = self.room.fork(
            process if process is not None else Process(self.processes),
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            variables=values,
            depth=depth,
        )
        return run(room, program, words).exit_code()

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory of that name."""
        try:
            return bool(self.room.kind(path))
        except Failure:
            return False

    def tell(self, stream: Stream, message: str) -> None:
        """A message about a command, on the stream that it would have written its own to."""
        try:
            stream.write(f"sh: 1: {message}\n")
        except Failure:
            return

    def expand(self, word: Word) -> str:
        """The text of a word."""
        pieces = [part if isinstance(part, str) else self.variable(part) for part in word.parts]
        self.room.charge(sum(map(len, pieces)))
        return "".join(pieces)

    def variable(self, variable: Variable) -> str:
        """The value of a variable, "" when it has none."""
        match variable.name:
            case "$":
                return str(self.process.pid)
            case "!":
                return str(self.last_job.pid) if self.last_job is not None else ""
            case "?":
                return str(self.code)
            case name:
                return self.room.environment.get(name, "")

    def redirect(self, redirection: Redirection, streams: dict[int, Stream], opened: list[Stream]) -> bool:
        """Change ``streams`` as a redirection says; whether that was possible."""
        target = self.expand(redirection.target)
        if redirection.operator in (">&", "<&"):
            source = streams.get(int(target)) if len(target) == 1 and target in "0123456789" else None
            if source is None:
                self.complain(f"{target}: Bad file descriptor")
                return False
            streams[redirection.number] = source
            return True
        try:
            if not self.room.judge.allows("io.open", target):
                raise Failure(EACCES)
            stream = self.room.open(target, MODES[redirection.operator])
        except Failure as failure:
            doing = "open" if redirection.operator == "<" else "create"
            self.complain(f"cannot {doing} {target}: {failure.message}")
            return False
        opened.append(stream)
        streams[redirection.number] = stream
        return True


def exit_code(text: str) -> int:
    """The argument of ``exit`` as a code."""
    return int(text) & 0xFF if text.isascii() and text.isdigit() and len(text) < 10 else SYNTAX_ERROR


def sh(room: Room, args: list[str]) -> int:
    """The program ``sh``: ``sh -c LINE``, or lines from a file or from stdin."""
    shell = Shell(room)
    if args[1:2] == ["-c"]:
        if len(args) < 3:
            shell.complain("-c requires an argument")
            return SYNTAX_ERROR
        code = shell.line(args[2].split("\0", 1)[0])
    else:
        try:
            if len(args) > 1 and not room.judge.allows("io.open", args[1]):
                raise Failure(EACCES)
            stream = room.open(args[1], "r") if len(args) > 1 else room.stdin
            code = shell.line(stream.read_all())
        except Failure as failure:
            shell.complain(f"cannot open {args[1] if len(args) > 1 else 'stdin'}: {failure.message}")
            return NOT_FOUND
    for job in shell.jobs:
        job.finish()
    return code
