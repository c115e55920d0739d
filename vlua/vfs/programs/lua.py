"""The program ``lua``: a fresh state in the room of its process (manual §7).

In: the room and the command line. Out: an exit code. The state has the libraries and the policy of the runtime and
counts on its meter; its stack is its own, so that ``debug`` sees nothing of the script that started it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from greenlet import getcurrent, greenlet

from vlua.vfs.loading import load_file
from vlua.vfs.standard import is_terminal
from vlua.vm.arguments import ABSENT
from vlua.vm.errors import ExitRequest, LuaError, LuaSyntaxError
from vlua.vm.frames import mark_native, translate
from vlua.vm.lib.base import load_chunk
from vlua.vm.lib.traceback import function_names, stack_of, traceback_text
from vlua.vm.number import number_text
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State

__all__ = ["lua"]

COPYRIGHT = "Lua 5.3.6  Copyright (C) 1994-2020 Lua.org, PUC-Rio"  # what `lua -v` prints, and scripts look for
PROMPT, PROMPT2 = "> ", ">> "
INIT = ("LUA_INIT_5_3", "LUA_INIT")
STATE_COST = 65536  # bytes charged for a state, which stand for the time it takes to open its libraries
INCOMPLETE = "<eof>"  # ends the message about source text that may go on in the next line

USAGE = """usage: {0} [options] [script [args]]
Available options are:
  -e stat  execute string 'stat'
  -i       enter interactive mode after executing 'script'
  -l name  require library 'name' into global 'name'
  -v       show version information
  -E       ignore environment variables
  --       stop handling options
  -        stop handling options and execute stdin
"""


class BadOption(Exception):
    """An option that there is not, or that lacks its argument."""


class Options:
    """The options before the script: ``flags`` by letter, ``statements`` of -e and -l, the script's position.

    Raises BadOption.
    """

    def __init__(self, args: list[str]) -> None:
        self.flags: set[str] = set()
        self.statements: list[tuple[str, str]] = []
        position = 1
        while position < len(args) and args[position][:1] == "-" and args[position] != "-":
            arg = args[position]
            letter, rest = arg[1], arg[2:]
            if letter == "-" and not rest:
                position += 1
                break
            if letter in "Eiv" and not rest:
                self.flags.add(letter)
                if letter == "i":
                    self.flags.add("v")
            elif letter in "el":
                if not rest:
                    position += 1
                    rest = args[position] if position < len(args) else "-"
                    if rest[:1] == "-":
                        raise BadOption(f"'{arg}' needs argument")
                self.flags.add(letter)
                self.statements.append((letter, rest))
            else:
                raise BadOption(f"unrecognized option '{arg}'")
            position += 1
        self.script = position


def lua(room: Room, args: list[str]) -> int:
    """``lua [options] [script [args]]``, without a terminal unless the runtime's own stdin is one."""
    processes = room.processes
    if processes.make_state is None:
        room.stderr.write(f"{args[0]}: cannot create state\n")
        return 1
    name = args[0]
    try:
        options = Options(args)
    except BadOption as error:
        room.stderr.write(f"{name}: {error}\n{USAGE.format(name)}")
        return 1
    if "v" in options.flags:
        room.stdout.write(COPYRIGHT + "\n")
    room.charge(STATE_COST)
    room.reads_lua_variables = "E" not in options.flags
    state = processes.make_state(room)
    state.c_depth = room.depth
    interpreter = Interpreter(state, room, args, options)
    try:
        # Its greenlet's parent is ours, so that limits and signals that end it arrive here.
        return cast(int, greenlet(interpreter.main, getcurrent()).switch())
    except BaseException:
        state.garbage.abandon()
        raise


class Interpreter:
    """One run of the program."""

    def __init__(self, state: State, room: Room, args: list[str], options: Options) -> None:
        self.state = state
        self.room = room
        self.args = args
        self.options = options
        self.name: str | None = args[0]

    def main(self) -> int:
        """Everything, as one native level at the bottom of the stack; the exit code."""
        result: list[bool] = []

        def run(*_: Any) -> Any:
            result.append(self.run())
            return ()

        mark_native(cast(FunctionType, run))
        closing = True
        with self.state.entry():
            try:
                run()
                code = 0 if result == [True] else 1
            except ExitRequest as request:
                code, closing = request.status, request.closing
            except Exception as exception:
                self.report(self.text(translate(exception).value))
                code = 1
            if closing:
                self.close()
            self.state.garbage.abandon()
            self.room.close_files()
        return code

    def close(self) -> None:
        """Run the finalizers; one of them may exit once more, to no effect."""
        try:
            self.state.close()
        except ExitRequest:
            return

    def run(self) -> bool:
        """The command line's parts in their order; false once one has failed."""
        args, options = self.args, self.options
        self.set_arg()
        if "E" not in options.flags and not self.initialize():
            return False
        for letter, text in options.statements:
            if not (self.string(text, "=(command line)") if letter == "e" else self.library(text)):
                return False
        if options.script < len(args) and not self.script():
            return False
        if "i" in options.flags:
            self.converse()
        elif options.script >= len(args) and not options.flags & {"e", "v"}:
            if not is_terminal(self.room.stdin):
                return self.file(None)
            self.room.stdout.write(COPYRIGHT + "\n")
            self.converse()
        return True

    def set_arg(self) -> None:
        """The global ``arg``: the script at 0, its arguments behind, everything else before."""
        table = LuaTable()
        script = self.options.script if self.options.script < len(self.args) else 0
        for position, arg in enumerate(self.args):
            table.set(position - script, arg)
        self.state.globals.set("arg", table)

    def initialize(self) -> bool:
        """Run LUA_INIT."""
        for variable in INIT:
            text = self.room.environment.get(variable)
            if text is not None:
                return self.file(text[1:]) if text[:1] == "@" else self.string(text, f"={variable}")
        return True

    # What can be run

    def string(self, source: str, name: str) -> bool:
        """Run source text."""
        return self.chunk(lambda: load_chunk(self.state, source, name, "bt", self.state.globals))

    def file(self, path: str | None) -> bool:
        """Run a file, stdin for ``None``."""
        if path is not None and not self.room.judge.allows("loadfile", path):
            return self.report(f"cannot open {path}: Permission denied")
        return self.chunk(lambda: load_file(self.state, self.room, path, "bt", self.state.globals))

    def chunk(self, load: Callable[[], Any], *args: Any) -> bool:
        """Run what ``load`` makes; whether it went well."""
        try:
            function = load()
        except LuaError as error:
            return self.report(self.text(error.value))
        return self.call(function, *args) is not None

    def library(self, name: str) -> bool:
        """``require`` a library into a global of its name."""
        results = self.call(self.state.globals.get("require"), name)
        if results is None:
            return False
        self.state.globals.set(name, results[0] if results else None)
        return True

    def script(self) -> bool:
        """Run the script with its arguments, which are those in the table ``arg`` by now."""
        args, position = self.args, self.options.script
        path: str | None = args[position]
        if path == "-" and args[position - 1] != "--":
            path = None
        if path is not None and not self.room.judge.allows("loadfile", path):
            return self.report(f"cannot open {path}: Permission denied")
        try:
            function = load_file(self.state, self.room, path, "bt", self.state.globals)
        except LuaError as error:
            return self.report(self.text(error.value))
        table = self.state.globals.get("arg")
        if type(table) is not LuaTable:
            raise LuaError("'arg' is not a table")
        count = self.state.length(table)
        count = count if type(count) is int else 0
        self.state.tick(max(count, 0))
        return self.call(function, *(table.get(number) for number in range(1, count + 1))) is not None

    def call(self, function: Any, *args: Any) -> tuple[Any, ...] | None:
        """Call a function in protected mode; its results, or ``None`` after its error has been reported."""
        state, process = self.state, self.room.process
        depth, non_yieldable = state.c_depth, state.non_yieldable
        if process is not None:
            process.handles_interrupt = True
        try:
            return state.call(function, *args)
        except Exception as exception:
            state.c_depth, state.non_yieldable = depth, non_yieldable
            try:
                results = state.run_handler(self.handler(), exception)
                message = results[0] if results else None
            except Exception as again:
                message = translate(again).value
            finally:
                exception.__traceback__ = None
            self.report(self.text(message))
            return None
        finally:
            if process is not None:
                process.handles_interrupt = False

    def handler(self) -> FunctionType:
        """The message handler: text with a traceback, or what ``__tostring`` makes of other values."""
        state = self.state

        def message_handler(value: Any = ABSENT, *_: Any) -> Any:
            if type(value) is int or type(value) is float:
                value = number_text(value)
            elif type(value) is not str:
                convert = state.metamethod(value, "__tostring")
                if convert is not None:
                    text = state.call1(convert, value)
                    if type(text) is str:
                        return text
                value = f"(error object is a {state.type_name(value)} value)"
            stack = list(stack_of(state, None if state.current is None else state.current, sys._getframe(0)))
            return f"{value}\n{traceback_text(stack, 1, function_names(state))}"

        function = cast(FunctionType, message_handler)
        mark_native(function)
        return function

    # Messages

    def text(self, value: Any) -> str:
        """An error value as text."""
        if type(value) is int or type(value) is float:
            return number_text(value)
        return value if type(value) is str else f"(error object is a {self.state.type_name(value)} value)"

    def report(self, message: str) -> bool:
        """Write a message on stderr, the program's name before it; false."""
        self.room.stdout.flush()
        self.room.stderr.write(f"{self.name}: {message}\n" if self.name is not None else f"{message}\n")
        return False

    # Conversation

    def converse(self) -> None:
        """Read lines, run them, print what they give, until the input ends."""
        name, self.name = self.name, None
        while (line := self.ask(True)) is not None:
            if line[:1] == "=":
                line = f"return {line[1:]}"
            try:
                function = self.compile(line)
            except LuaError as error:
                self.report(self.text(error.value))
                continue
            results = self.call(function)
            if results:
                self.show(results)
        self.room.stdout.write("\n")
        self.room.stdout.flush()
        self.name = name

    def ask(self, first: bool) -> str | None:
        """Prompt for a line and read it; ``None`` at the end of the input."""
        prompt = self.state.index(self.state.globals, "_PROMPT" if first else "_PROMPT2")
        if type(prompt) is int or type(prompt) is float:
            prompt = number_text(prompt)
        self.room.stdout.write(prompt if type(prompt) is str else PROMPT if first else PROMPT2)
        self.room.stdout.flush()
        line = self.room.stdin.read_line(0)
        return line.split("\0", 1)[0] if line is not None else None

    def compile(self, line: str) -> Any:
        """The function of a line, as an expression if it is one, and with further lines as long as it wants them.

        Raises LuaError.
        """
        state = self.state
        try:
            return state.load(f"return {line};", "=stdin", state.globals)
        except LuaSyntaxError:
            pass
        while True:
            try:
                return state.load(line, "=stdin", state.globals)
            except LuaSyntaxError as error:
                if not str(error.value).endswith(INCOMPLETE):
                    raise
                more = self.ask(False)
                if more is None:
                    raise
                state.charge_bytes(len(line) + len(more))
                line = f"{line}\n{more}"

    def show(self, results: tuple[Any, ...]) -> None:
        """Print results with the global ``print``."""
        try:
            self.state.call(self.state.globals.get("print"), *results)
        except Exception as exception:
            self.report(f"error calling 'print' ({self.text(translate(exception).value)})")
