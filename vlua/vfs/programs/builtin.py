"""The small programs of a machine room: ``echo``, ``cat``, ``ls``, ``rm``, ``mkdir`` and their like.

In: the room of the process and its arguments. Out: an exit code. Files are reached through the room, as scripts do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vlua.vfs.failure import EEXIST, EISDIR, ENOENT, ENOTDIR, Failure
from vlua.vfs.programs.process import SIGINT, SIGKILL, SIGPIPE, SIGTERM, Process, Processes, Program
from vlua.vfs.programs.shell import NOT_FOUND, sh

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vfs.stream import Stream

__all__ = ["PROGRAMS"]

ENTRY_COST = 2048  # bytes charged for each file that is looked at or removed
SLEEP_STEP = 0.02  # seconds between two looks at the limits
STEP_UNITS = 20_000  # instruction units charged for such a step: about as much as a script could do in that time
LONGEST_SLEEP = 9_999_999  # seconds
USAGE = 2
SIGNALS = {
    "HUP": 1,
    "INT": SIGINT,
    "QUIT": 3,
    "KILL": SIGKILL,
    "USR1": 10,
    "USR2": 12,
    "PIPE": SIGPIPE,
    "TERM": SIGTERM,
}
NUMERAL = re.compile(r"[0-9]{1,7}(?:\.[0-9]{0,9})?")
NAMED = re.compile(r"([^=]+)=(.*)", re.DOTALL)


class UsageError(Exception):
    """A program was called in a way that it does not understand."""


def options(args: list[str], known: str) -> tuple[set[str], list[str]]:
    """The one-letter options before the first operand, and the operands. Raises UsageError."""
    found: set[str] = set()
    for position, arg in enumerate(args[1:], 1):
        if arg == "--":
            return found, args[position + 1 :]
        if arg[:1] != "-" or arg == "-":
            return found, args[position:]
        for letter in arg[1:]:
            if letter not in known:
                raise UsageError(f"invalid option -- '{letter}'")
            found.add(letter)
    return found, []


def complain(room: Room, name: str, message: str) -> int:
    """Write a message on stderr; the exit code 1."""
    room.stderr.write(f"{name}: {message}\n")
    return 1


def true(room: Room, args: list[str]) -> int:
    """``true``: nothing, well done."""
    return 0


def false(room: Room, args: list[str]) -> int:
    """``false``: nothing, badly done."""
    return 1


def echo(room: Room, args: list[str]) -> int:
    """``echo [-n] [WORD…]``: the words with blanks between and, without ``-n``, a newline behind."""
    words = args[1:]
    end = "\n"
    if words[:1] == ["-n"]:
        words, end = words[1:], ""
    room.stdout.write(" ".join(words) + end)
    return 0


def cat(room: Room, args: list[str]) -> int:
    """``cat [FILE…]``: the files, or stdin, one after the other."""
    _, files = options(args, "")
    code = 0
    for name in files or ["-"]:
        try:
            stream = room.stdin if name == "-" else room.open(name, "r")
        except Failure as failure:
            code = complain(room, "cat", f"{name}: {failure.message}")
            continue
        try:
            copy(stream, room.stdout)
        except Failure as failure:
            code = complain(room, "cat", f"{name}: {failure.message}")
        finally:
            if name != "-":
                room.release(stream)
    return code


def copy(source: Stream, target: Stream) -> None:
    """Write everything that ``source`` has to ``target``."""
    while source.peek():
        block = source.ahead[source.position :]
        source.position = len(source.ahead)
        target.write(block)


def ls(room: Room, args: list[str]) -> int:
    """``ls [-1a] [PATH…]``: the names in directories, in order, one on each line."""
    flags, paths = options(args, "1a")
    code = 0
    files: list[str] = []
    directories: list[tuple[str, list[str]]] = []
    for path in paths or ["."]:
        try:
            if room.kind(path) == "file":
                files.append(path)
            else:
                names = sorted(room.names_in(path))
                directories.append((path, names if "a" in flags else [name for name in names if name[:1] != "."]))
        except Failure as failure:
            complain(room, "ls", f"cannot access '{path}': {failure.message}")
            code = USAGE
    room.stdout.write("".join(f"{name}\n" for name in sorted(files)))
    for number, (path, names) in enumerate(directories):
        room.charge(ENTRY_COST * len(names))
        if len(paths) > 1:
            room.stdout.write(f"{'' if number == 0 and not files else chr(10)}{path}:\n")
        room.stdout.write("".join(f"{name}\n" for name in names))
    return code


def mkdir(room: Room, args: list[str]) -> int:
    """``mkdir [-p] DIRECTORY…``: makes directories, with ``-p`` those above as well."""
    flags, paths = options(args, "p")
    if not paths:
        raise UsageError("missing operand")
    code = 0
    for path in paths:
        steps = [path]
        if "p" in flags:
            names = path.split("/")
            steps = ["/".join(names[:count]) for count in range(1, len(names) + 1) if names[count - 1]]
        for step in steps:
            room.charge(ENTRY_COST)
            try:
                room.make_directory(step)
            except Failure as failure:
                if "p" in flags and failure.errno == EEXIST:
                    if room.kind(step) == "directory":
                        continue
                    if step != steps[-1]:
                        failure = Failure(ENOTDIR)
                code = complain(room, "mkdir", f"cannot create directory '{path}': {failure.message}")
                break
    return code


def rm(room: Room, args: list[str]) -> int:
    """``rm [-rf] PATH…``: removes files, with ``-r`` directories and what is in them; ``-f`` asks for no more."""
    flags, paths = options(args, "rRf")
    if not paths and "f" not in flags:
        raise UsageError("missing operand")
    code = 0
    for path in paths:
        try:
            if room.kind(path) != "directory":
                room.remove(path)
            elif flags & {"r", "R"}:
                remove_tree(room, path)
            else:
                raise Failure(EISDIR)
        except Failure as failure:
            if "f" not in flags or failure.errno not in (ENOENT, ENOTDIR):
                code = complain(room, "rm", f"cannot remove '{path}': {failure.message}")
    return code


def remove_tree(room: Room, path: str) -> None:
    """Remove a directory, what is deepest first. Raises Failure."""
    pending = [(path.rstrip("/") or "/", False)]
    while pending:
        name, emptied = pending.pop()
        room.charge(ENTRY_COST)
        if emptied or room.kind(name) != "directory":
            room.remove(name)
        else:
            pending.append((name, True))
            pending.extend((f"{name.rstrip('/')}/{inner}", False) for inner in room.names_in(name))


def env(room: Room, args: list[str]) -> int:
    """``env [-i] [NAME=VALUE…] [COMMAND [ARG…]]``: a command with other variables, or the variables there are."""
    position = 0
    program: Program | None = None
    while position < len(args) and program in (None, PROGRAMS["env"]):  # `env env …` takes turns here, not on the stack
        position += 1
        if args[position : position + 1] == ["-i"]:
            position += 1
            room.environment = {}
        while position < len(args) and (named := NAMED.fullmatch(args[position])) is not None:
            room.environment[named[1]] = named[2]
            position += 1
        if position < len(args):
            program = room.processes.find(args[position])
            if program is None:
                complain(room, "env", f"'{args[position]}': No such file or directory")
                return NOT_FOUND
    if program is None or position >= len(args):
        room.stdout.write("".join(f"{name}={value}\n" for name, value in room.environment.items()))
        return 0
    return program(room, args[position:])  # it takes this process over, as `exec` does


def kill(room: Room, args: list[str]) -> int:
    """``kill [-s NAME | -NAME | -NUMBER] PID…``: sends a signal, TERM if none is given; 0 only asks for the process."""
    words = args[1:]
    name = "TERM"
    if words[:1] == ["-s"]:
        name, words = words[1] if len(words) > 1 else "", words[2:]
    elif words and words[0][:1] == "-" and len(words[0]) > 1:
        name, words = words[0][1:], words[1:]
    number = SIGNALS.get(name.removeprefix("SIG"), -1)
    if name in ("0", *map(str, SIGNALS.values())):
        number = int(name)
    if number < 0 or not words:
        raise UsageError(f"invalid signal '{name}'" if number < 0 else "missing operand")
    code = 0
    for word in words:
        process = living(room.processes, word)
        if process is None:
            code = complain(room, "kill", f"({word}) - No such process")
        elif number:
            process.signal(number)
    return code


def living(processes: Processes, word: str) -> Process | None:
    """The process that a word gives the number of."""
    return processes.living.get(int(word)) if NUMERAL.fullmatch(word) and "." not in word else None


def sleep(room: Room, args: list[str]) -> int:
    """``sleep SECONDS``: waits, within the limits of the runtime."""
    if len(args) < 2:
        raise UsageError("missing operand")
    seconds = 0.0
    for word in args[1:]:
        if not NUMERAL.fullmatch(word):
            raise UsageError(f"invalid time interval '{word}'")
        seconds += float(word)
    seconds = min(seconds, LONGEST_SLEEP)
    while seconds > 0:
        if room.meter is not None:
            room.meter.charge(STEP_UNITS)
            room.meter.check()
        room.clock.sleep(min(seconds, SLEEP_STEP))
        seconds -= SLEEP_STEP
        if room.process is not None:
            room.process.deliver()
    return 0


def checked(program: Program) -> Program:
    """A program whose failures become a message and an exit code."""

    def main(room: Room, args: list[str]) -> int:
        try:
            return program(room, args)
        except UsageError as error:
            complain(room, args[0], str(error))
            return USAGE
        except Failure as failure:
            try:
                return complain(room, args[0], failure.message)
            except Failure:
                return 1

    return main


PROGRAMS: dict[str, Program] = {
    name: checked(program)
    for name, program in {
        "cat": cat,
        "echo": echo,
        "env": env,
        "false": false,
        "kill": kill,
        "ls": ls,
        "mkdir": mkdir,
        "rm": rm,
        "sh": sh,
        "sleep": sleep,
        "true": true,
    }.items()
}
