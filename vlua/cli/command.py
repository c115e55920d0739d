"""The command line: the group of commands and how it ends.

In: arguments, files of the host and the standard streams. Out: an exit status (0 fine, 1 Lua error, 2 usage, 3 limit
exceeded, 130 interrupted, else what the script gave to ``os.exit``) and never a Python traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from vlua import __version__
from vlua.cli.filesystem import filesystem
from vlua.cli.policy import policy
from vlua.cli.report import INTERRUPTED, LUA_ERROR, OK, complain
from vlua.cli.run import check, evaluate, run

__all__ = ["main"]


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


for command in (run, evaluate, check, policy, filesystem):
    commands.add_command(command)
