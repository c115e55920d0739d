"""The filesystems of a room, one above the other.

In: the room's own files, mounts, a quota, rules. Out: what scripts see, and below it what the host sees.

    files, with sources mounted among them -> journal -> quota -> rules -> the room
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from vlua.vfs.journal import JournalFS
from vlua.vfs.pyfilesystem import FS, errors

if TYPE_CHECKING:
    from vlua.vfs.overlay import OverlayFS
    from vlua.vfs.quota import Quota, QuotaFS
    from vlua.vfs.rules import Rule
    from vlua.vfs.sources import Mount

__all__ = ["Stack", "build_stack"]


@attrs.frozen(eq=False)
class Stack:
    """The filesystem that scripts see (``top``); the one that the host sees (``host``), without the rules.

    ``quota`` is there when there is one. Nothing can be moved away from ``mount_points``. ``overlays`` are those that
    were mounted, by their mount points.
    """

    top: FS
    host: FS
    journal: JournalFS
    quota: QuotaFS | None
    mount_points: frozenset[str]
    overlays: Mapping[str, OverlayFS]

    def used(self) -> tuple[int, int]:
        """The bytes and the number of the files that count."""
        quota = self.quota
        if quota is None:
            from vlua.vfs.quota import QuotaFS

            quota = QuotaFS(self.journal)
        return quota.used_bytes, quota.used_files

    def recount(self) -> None:
        """Have quota and limits count what there is, after it was changed below them."""
        layer: Any = self.host
        while layer is not self.journal:
            layer.recount()
            layer = layer.below


def build_stack(
    files: FS,
    mounts: Sequence[Mount] = (),
    *,
    directory: str = "/",
    quota: Quota | None = None,
    limits: Any = None,
    rules: Sequence[Rule] = (),
    on_event: Callable[..., None] | None = None,
) -> Stack:
    """Put the filesystems of a room together; ``directory``, where scripts start, is made if it is missing.

    Raises ValueError or NotADirectoryError for a mount that cannot be made.
    """
    tree, overlays = mounted(files, mounts)
    if not tree.isdir(directory):
        try:
            tree.makedirs(directory)
        except errors.FSError:
            raise ValueError(f"cannot work in {directory!r}: there is no such directory, nor can it be made") from None
    journal = JournalFS(tree)
    limited = None
    host: FS = journal
    if limits is not None and (limits.file_bytes is not None or limits.files is not None):
        from vlua.vfs.limited import LimitFS

        host = LimitFS(journal, file_bytes=limits.file_bytes, files=limits.files)
    if quota is not None:
        from vlua.vfs.quota import QuotaFS

        host = limited = QuotaFS(host, **attrs.asdict(quota))
    top = host
    if rules or on_event is not None:
        from vlua.vfs.rules import RuleFS

        top = RuleFS(host, rules, on_event)
    return Stack(top, host, journal, limited, frozenset({"/", *(mount.path for mount in mounts)}), overlays)


def mounted(files: FS, mounts: Iterable[Mount]) -> tuple[FS, dict[str, OverlayFS]]:
    """``files`` with sources mounted among them, and the overlays by path; those at the root lie below ``files``."""
    from vlua.vfs.mounts import MountTable
    from vlua.vfs.overlay import OverlayFS
    from vlua.vfs.sources import open_source

    tree = files
    table = None
    overlays: dict[str, OverlayFS] = {}
    for mount in sorted(mounts, key=lambda mount: mount.path != "/"):
        if mount.path != "/":
            if table is None:
                table = tree = MountTable(tree)
            opened = mount.open()
            table.mount(mount.path, opened)
            if isinstance(opened, OverlayFS):
                overlays[mount.path] = opened
        elif mount.access == "overlay":
            tree = overlays["/"] = OverlayFS(open_source(mount.source, access="read-only"), tree)
        else:
            tree = mount.open()
    return tree, overlays
