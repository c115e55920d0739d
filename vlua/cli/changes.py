"""``vlua run --diff --apply --save --load``: what becomes of the room when the script has ended.

In: a runtime whose script has run, options. Out: a diff on stdout, changed files of the host, an export; a status.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import click

from vlua.cli.filesystem import show_changes, show_report
from vlua.cli.report import LUA_ERROR, OK, complain

if TYPE_CHECKING:
    from vlua.runtime import LuaRuntime
    from vlua.vfs.pyfilesystem import FS
    from vlua.vfs.sources import Mount

__all__ = ["Aftermath", "change_options", "loaded"]


def change_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what becomes of the files, gathered in one ``Aftermath``."""
    for option in (
        click.option("--apply", is_flag=True, help="Write the changes to the host directories of overlay mounts."),
        click.option("--diff", is_flag=True, help="Show what changed; at a terminal, ask whether to apply it."),
        click.option("--save", metavar="ZIP|DIR", help="Export all files of the room when the script has ended."),
        click.option("--load", metavar="ZIP|DIR", help="Start with the files of an export."),
    ):
        command = option(command)
    return command


def loaded(export: str | None) -> FS | None:
    """The files of an export, ``None`` for none. Raises ValueError that says why not."""
    if export is None:
        return None
    from vlua.vfs.export import load

    try:
        return load(export)
    except OSError as error:
        raise ValueError(f"cannot load {export}: {error.strerror or 'not a file name'}") from None


@attrs.frozen
class Aftermath:
    """What to do when the script has ended: ``diff``, ``apply``, and where to ``save`` the room, if anywhere."""

    diff: bool = False
    apply: bool = False
    save: str | None = None

    def __bool__(self) -> bool:
        return self.diff or self.apply or self.save is not None

    def work(self, lua: LuaRuntime, mounts: tuple[Mount, ...], ended_well: bool) -> int:
        """Do it; an exit status. What a script that failed has changed is applied only when somebody says so."""
        status = OK
        if self.diff:
            show_changes(lua.changes())
        if self.save is not None:
            status = save_room(lua, self.save)
        if self.apply and not ended_well:
            complain("nothing is applied, because the script failed")
        elif self.apply or self.diff and sys.stdin.isatty() and sys.stdout.isatty():
            for mount in mounts:
                if mount.access == "overlay" and os.path.isdir(mount.source):
                    status = self.apply_to(lua, mount) or status
        return status

    def apply_to(self, lua: LuaRuntime, mount: Mount) -> int:
        """Write what changed below one overlay to its directory, asking first unless told to; an exit status."""
        plan = lua.apply(mount.path, dry_run=True)
        if not (plan.applied or plan.refused or plan.failed):
            return OK
        if not self.apply and not click.confirm(f"Apply the changes to {mount.source}?"):
            return OK
        from vlua.vfs.apply import ApplyInterrupted

        try:
            report = lua.apply(mount.path)
        except ApplyInterrupted as interrupt:
            show_report(interrupt.report)
            raise
        show_report(report)
        return OK if report else LUA_ERROR


def save_room(lua: LuaRuntime, target: str) -> int:
    """Export all files of a room; an exit status."""
    from vlua.vfs.export import ExportError, save
    from vlua.vfs.failure import failure_of
    from vlua.vfs.pyfilesystem import errors

    try:
        export = save(lua.fs, target)
    except ExportError as error:
        complain(f"cannot save: {error}")
        return LUA_ERROR
    except errors.FSError as error:
        complain(f"cannot save: a directory cannot be read: {failure_of(error).message}")
        return LUA_ERROR
    except OSError as error:
        complain(f"cannot save to {target}: {error.strerror}")
        return LUA_ERROR
    for line in export.text().splitlines():
        complain(line)
    return LUA_ERROR if export.skipped else OK
