"""``vlua run``, ``vlua eval``, ``vlua check``: scripts in a room of their own.

In: a script or code, options. Out: an exit status.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from vlua.cli.audit import recording
from vlua.cli.changes import Aftermath, change_options, loaded
from vlua.cli.options import chosen_policy, room_options
from vlua.cli.report import LIMIT, LUA_ERROR, OK, USAGE, as_bytes, complain, read_source, report

if TYPE_CHECKING:
    from vlua.runtime import LuaRuntime
    from vlua.vfs.sources import Mount

__all__ = ["check", "evaluate", "run"]


@click.command(context_settings={"allow_interspersed_args": False})
@room_options
@change_options
@click.option("--isolate", is_flag=True, help="Run the script in a process of its own, which the system limits too.")
@click.argument("script")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def run(
    script: str,
    args: tuple[str, ...],
    mounts: tuple[Mount, ...],
    isolate: bool,
    diff: bool,
    apply: bool,
    save: str | None,
    **options: Any,
) -> int:
    """Run SCRIPT with ARGS; its folder appears at /, and what it writes there stays in memory unless applied.

    "-" reads the script from standard input.
    """
    from vlua.vfs.sources import Mount

    source = read_source(script)
    if source is None:
        return LUA_ERROR
    if script == "-":
        name, shown = "stdin", "=stdin"
    else:
        name = os.path.basename(script)
        shown = f"@{name}"
        mounts = (Mount(os.path.dirname(script) or "."), *mounts)

    aftermath = Aftermath(diff, apply, save)
    if isolate:
        if aftermath or options["load"] or options["audit"]:
            complain("--isolate goes with none of --diff, --apply, --save, --load and --audit")
            return USAGE
        from vlua.cli.isolated import run_isolated

        try:
            policy = chosen_policy(options)
        except ValueError as error:
            complain(str(error))
            return USAGE
        return run_isolated(source, name, shown, args, policy, mounts, options["env"])

    def work(lua: LuaRuntime) -> None:
        lua.globals()["arg"] = lua.table_from(
            {-1: "vlua", 0: as_bytes(name), **dict(enumerate(map(as_bytes, args), 1))}
        )
        lua.execute(source, *map(as_bytes, args), name=shown)

    return within_room(work, mounts=mounts, aftermath=aftermath, **options)


@click.command("eval")
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


@click.command()
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


def within_room(
    work: Callable[[LuaRuntime], None],
    mounts: tuple[Mount, ...] = (),
    aftermath: Aftermath | None = None,
    **options: Any,
) -> int:
    """Build a runtime as the options say, let ``work`` use it, and report how that went as an exit status."""
    from vlua.runtime import LuaRuntime

    try:
        with recording(options.get("audit")) as audit:
            try:
                lua = LuaRuntime(
                    chosen_policy(options),
                    files=loaded(options.get("load")),
                    mounts=mounts,
                    env=options["env"],
                    stdin=sys.stdin,
                    stdout=sys.stdout,
                    stderr=sys.stderr,
                    audit=audit,
                )
            except (OSError, ValueError) as error:  # PolicyError, or a mount that cannot be made
                complain(str(error))
                return USAGE
            status = ended(lua, work)
            if aftermath:
                status = aftermath.work(lua, mounts, status == OK) or status
            return status
    except OSError as error:
        complain(f"cannot write the record {options['audit']}: {error.strerror or error}")
        return USAGE


def ended(lua: LuaRuntime, work: Callable[[LuaRuntime], None]) -> int:
    """Let ``work`` use a runtime; how that went, as an exit status."""
    from vlua.errors import LimitExceeded, LuaError, LuaExit

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
