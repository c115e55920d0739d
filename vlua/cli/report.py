"""What the commands tell the user: exit statuses, messages on stderr.

In: errors and messages. Out: lines on stderr, never a Python traceback.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vlua.errors import LuaError

__all__ = ["INTERRUPTED", "LIMIT", "LUA_ERROR", "OK", "USAGE", "as_bytes", "complain", "read_source", "report"]

OK, LUA_ERROR, USAGE, LIMIT, INTERRUPTED = 0, 1, 2, 3, 130


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
