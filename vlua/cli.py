"""The command line: ``vlua run``, ``vlua eval``, ``vlua check``.

In: arguments, files of the host and the standard streams. Out: an exit status (0 fine, 1 Lua error, 2 usage, 3 limit
exceeded, 130 interrupted, else what the script gave to ``os.exit``) and never a Python traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from vlua import __version__

if TYPE_CHECKING:
    from vlua.errors import LuaError
    from vlua.runtime import LuaRuntime, Mount
    from vlua.sandbox.policy import Policy

__all__ = ["main"]

OK, LUA_ERROR, USAGE, LIMIT, INTERRUPTED = 0, 1, 2, 3, 130


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line with ``args`` (default: the process's) and exit with its status."""
    status = status_of(args)
    try:
        sys.stdout.flush()
    except OSError:
        # nobody reads us any more: keep Python from complaining about it when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = status or LUA_ERROR
    sys.exit(status)


def status_of(args: Sequence[str] | None) -> int:
    """Run the command line; its exit status."""
    try:
        return int(commands.main(args=args, prog_name="vlua", standalone_mode=False) or OK)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted!")
        return INTERRUPTED
    except Exception as error:
        complain(f"internal error: {type(error).__name__}: {error}")
        return LUA_ERROR


class Commands(click.Group):
    """The commands; one that is interrupted ends with a status, before click writes about it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            complain("interrupted!")
            return INTERRUPTED


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="vlua %(version)s (Lua 5.3)")
def commands() -> None:
    """Run Lua 5.3 scripts that you do not trust, in a virtual machine room."""


def parse_mounts(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[Mount, ...]:
    """``HOSTDIR:/PATH`` or ``HOSTDIR:/PATH:ro`` as mounts."""
    mounts = []
    for text in texts:
        directory, colon, path = text.removesuffix(":ro").rpartition(":/")
        if not colon or not directory:
            raise click.BadParameter(f"{text!r} is not of the form HOSTDIR:/PATH or HOSTDIR:/PATH:ro")
        if not os.path.isdir(directory):
            raise click.BadParameter(f"{directory!r} is not a directory")
        mounts.append((directory, "/" + path, text.endswith(":ro")))
    return tuple(mounts)


def parse_variables(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` as names and values."""
    for text in texts:
        if text.find("=") < 1:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return dict(text.split("=", 1) for text in texts)


def room_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a script may do and where; ``run`` and ``eval`` share them."""
    options = [
        click.option("--policy", metavar="NAME|FILE", help="Policy: refuse, virtual or a TOML file."),
        click.option("--mode", type=click.Choice(["refuse", "virtual"]), help="Refuse the host-touching functions?"),
        click.option(
            "--mount",
            "mounts",
            multiple=True,
            metavar="HOSTDIR:/PATH[:ro]",
            callback=parse_mounts,
            help="Show a directory; what is written there stays in memory, or with :ro is refused (repeatable).",
        ),
        click.option(
            "--env",
            multiple=True,
            metavar="NAME=VALUE",
            callback=parse_variables,
            help="Set a variable for os.getenv (repeatable).",
        ),
        click.option("--instructions", type=click.IntRange(min=1), help="Allow so many calls and loop rounds."),
        click.option("--timeout", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True), help="Time limit."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@commands.command(context_settings={"allow_interspersed_args": False})
@room_options
@click.argument("script")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def run(script: str, args: tuple[str, ...], mounts: tuple[Mount, ...], **options: Any) -> int:
    """Run SCRIPT with ARGS; its folder appears at /, and what it writes there stays in memory.

    "-" reads the script from standard input.
    """
    source = read_source(script)
    if source is None:
        return LUA_ERROR
    if script == "-":
        name, shown = "stdin", "=stdin"
    else:
        name = os.path.basename(script)
        shown = f"@{name}"
        mounts = ((os.path.dirname(script) or ".", "/", False), *mounts)

    def work(lua: LuaRuntime) -> None:
        lua.globals()["arg"] = lua.table_from(
            {-1: "vlua", 0: as_bytes(name), **dict(enumerate(map(as_bytes, args), 1))}
        )
        lua.execute(source, *map(as_bytes, args), name=shown)

    return within_room(work, mounts=mounts, **options)


@commands.command("eval")
@room_options
@click.argument("code")
def evaluate(code: str, **options: Any) -> int:
    """Run CODE, a chunk or an expression, and print its results if it has any."""

    def work(lua: LuaRuntime) -> None:
        from vlua.errors import LuaSyntaxError

        source = as_bytes(code)
        try:
            function = lua.compile(b"return " + source, name="=(command line)")
        except LuaSyntaxError:
            function = lua.compile(source, name="=(command line)")
        results = function()
        if results is not None:
            lua.globals()["print"](*(results if isinstance(results, tuple) else (results,)))

    return within_room(work, **options)


@commands.command()
@click.argument("files", nargs=-1, required=True)
def check(files: tuple[str, ...]) -> int:
    """Check the syntax of FILES without running them ("-" is standard input)."""
    from vlua.errors import LuaError
    from vlua.runtime import LuaRuntime

    status = OK
    lua = LuaRuntime("refuse")
    for path in files:
        source = read_source(path)
        if source is None:
            status = LUA_ERROR
            continue
        try:
            lua.compile(source, name="=stdin" if path == "-" else b"@" + os.fsencode(path))
        except LuaError as error:
            complain(str(error))
            status = LUA_ERROR
    return status


def within_room(work: Callable[[LuaRuntime], None], mounts: Sequence[Mount] = (), **options: Any) -> int:
    """Build a runtime as the options say, let ``work`` use it, and report how that went as an exit status."""
    from vlua.errors import LimitExceeded, LuaError, LuaExit
    from vlua.runtime import LuaRuntime

    try:
        lua = LuaRuntime(
            chosen_policy(options),
            mounts=mounts,
            env=options["env"],
            stdin=sys.stdin,
            stdout=sys.stdout,
            stderr=sys.stderr,
        )
    except ValueError as error:  # PolicyError, or a mount that cannot be made
        complain(str(error))
        return USAGE
    status = OK
    # After an error too, the state is closed as `lua` does: finalizers run.
    steps: tuple[Callable[[], None], ...] = (lambda: work(lua), lua.close)
    for step in steps:
        try:
            step()
        except LuaExit as request:
            return request.status
        except LimitExceeded as error:
            complain(str(error))
            return LIMIT
        except LuaError as error:
            report(error)
            status = LUA_ERROR
    return status


def chosen_policy(options: dict[str, Any]) -> Policy:
    """The policy that ``--policy`` names, with what the other options change. Raises PolicyError."""
    from vlua.sandbox.policy import DEFAULT_POLICY, Policy

    policy = Policy.load(DEFAULT_POLICY if options["policy"] is None else options["policy"])
    changes = {"mode": options["mode"], "instructions": options["instructions"], "wall_seconds": options["timeout"]}
    return policy.evolve(**{field: value for field, value in changes.items() if value is not None})


def read_source(path: str) -> bytes | None:
    """The Lua source in a file of the host, without a first line that begins with ``#``; complains if there is none."""
    try:
        if path == "-":
            source = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                source = file.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
        complain(f"cannot open {path}: {reason}")
        return None
    source = source.removeprefix(b"\xef\xbb\xbf")
    if source.startswith(b"#"):
        end = source.find(b"\n")
        return source[end:] if end >= 0 else b""
    return source


def report(error: LuaError) -> None:
    """Print a Lua error as ``lua`` does: the message, and the stack when there is one to show."""
    complain(str(error))
    if error.traceback and isinstance(error.value, str | bytes):
        click.echo(error.traceback, err=True)


def complain(message: str) -> None:
    """Print a message on stderr, after everything that is on its way to stdout."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        pass  # stdout is gone; stderr may still be there
    click.echo(f"vlua: {message}", err=True)


def as_bytes(argument: str) -> bytes:
    """A command line argument as the bytes that the user gave."""
    return os.fsencode(argument)
