"""``vlua fs ls|cat|tree``: looking into what ``vlua run --save`` exported.

In: an export (a ZIP archive or a directory) and paths in it. Out: listings on stdout, in which no name can hide or
drive a terminal, or the bytes of files; an exit status.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from vlua.cli.report import LUA_ERROR, OK, as_bytes, complain

if TYPE_CHECKING:
    from vlua.vfs.apply import Report
    from vlua.vfs.changes import Changes

__all__ = ["filesystem", "show_changes", "show_report"]

COLOURS = {"A": "green", "D": "red", "M": "yellow", "R": "cyan", "+": "green", "-": "red", "@": "cyan"}


@click.group("fs")
def filesystem() -> None:
    """Look into EXPORT, a ZIP archive or directory that a room was saved to."""


@filesystem.command("ls")
@click.option("-l", "--long", is_flag=True, help="Kind, size in bytes and time of each.")
@click.argument("export")
@click.argument("path", default="/")
def list_directory(export: str, path: str, long: bool) -> int:
    """List the directory PATH of EXPORT, by default its root; directories end in a slash."""

    def work(fs: Any, path: str) -> None:
        from vlua.vfs.changes import printable

        infos = list(fs.scandir(path, namespaces=["details"])) if fs.isdir(path) else [fs.getinfo(path, ["details"])]
        infos.sort(key=lambda info: info.name)
        width = max((len(str(info.size)) for info in infos), default=0)
        for info in infos:
            name = printable(info.name + "/" if info.is_dir else info.name)
            if long:
                kind = "d" if info.is_dir else "-"
                click.echo(f"{kind} {info.size:>{width}} {shown_time(info.raw['details'].get('modified'))} {name}")
            else:
                click.echo(name)

    return within_export(export, [path], work)


@filesystem.command("cat")
@click.argument("export")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
def concatenate(export: str, paths: tuple[str, ...]) -> int:
    """Write the files PATH of EXPORT to stdout, byte for byte."""

    def work(fs: Any, path: str) -> None:
        sys.stdout.flush()
        output = sys.stdout.buffer
        with fs.openbin(path, "r") as file:
            while chunk := file.read(1 << 18):
                output.write(chunk)
        output.flush()

    return within_export(export, paths, work)


@filesystem.command("tree")
@click.argument("export")
@click.argument("path", default="/")
def tree(export: str, path: str) -> int:
    """Show the directory PATH of EXPORT, by default its root, with everything below."""

    def work(fs: Any, path: str) -> None:
        from vlua.vfs.changes import printable

        for line in [printable(path), *tree_lines(fs, path)]:
            click.echo(line)

    return within_export(export, [path], work)


def tree_lines(fs: Any, path: str, indent: str = "") -> Iterator[str]:
    """What is below a directory, one line each; ``indent`` stands before them."""
    from vlua.vfs.changes import printable

    infos = sorted(fs.scandir(path), key=lambda info: info.name)
    for index, info in enumerate(infos):
        last = index == len(infos) - 1
        yield f"{indent}{'└── ' if last else '├── '}{printable(info.name + '/' if info.is_dir else info.name)}"
        if info.is_dir:
            yield from tree_lines(fs, f"{path.rstrip('/')}/{info.name}", indent + ("    " if last else "│   "))


def shown_time(modified: float | None) -> str:
    """A time as listings show it, of 16 characters."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(modified or 0))
    except (OverflowError, ValueError, OSError):
        return "????-??-?? ??:??"


def within_export(export: str, paths: Any, work: Callable[[Any, str], None]) -> int:
    """Open an export and let ``work`` see to each path; an exit status."""
    from vlua.vfs.changes import printable
    from vlua.vfs.export import ExportError, load
    from vlua.vfs.failure import failure_of
    from vlua.vfs.pyfilesystem import abspath, errors, normpath
    from vlua.vfs.text import from_lua

    try:
        fs = load(export)
    except ExportError as error:
        complain(str(error))
        return LUA_ERROR
    except OSError as error:
        complain(f"cannot open {printable(export)}: {error.strerror or 'not a file name'}")
        return LUA_ERROR
    status = OK
    for given in paths:
        try:
            work(fs, abspath(normpath(from_lua(as_bytes(given).decode("latin-1")))))
        except (errors.FSError, errors.IllegalBackReference) as error:
            complain(f"{printable(given)}: {failure_of(error).message}")
            status = LUA_ERROR
    return status


def show_changes(changes: Changes, *, diff: bool = True) -> None:
    """Print what changed, with diffs unless told otherwise; in colour when stdout is a terminal."""
    for line in changes.report().splitlines():
        click.secho(line, fg=COLOURS.get(line[:1]))
    if diff:
        for line in changes.diff().split("\n")[:-1]:
            click.secho(visible(line), fg=COLOURS.get(line[:1]), bold=line.startswith(("--- ", "+++ ")))


def show_report(report: Report) -> None:
    """Print what ``apply_changes`` did, and on stderr what it did not."""
    for outcome in report.applied:
        click.echo(f"{'would ' if report.dry_run else ''}{outcome}")
    for outcome in report.refused:
        complain(f"refused to {outcome}")
    for outcome in report.failed:
        complain(f"could not {outcome}")
    if report.interrupted:
        complain("interrupted: what is not listed was not done")


def visible(line: str) -> str:
    """A line of a text file with control characters replaced by pictures of them, so that none drives a terminal."""
    if line.isprintable():
        return line
    return "".join(
        character
        if character.isprintable() or character == "\t"
        else chr(0x2400 + ord(character))
        if character < " "
        else f"<U+{ord(character):04X}>"
        for character in line
    )
