"""Where a filesystem made of others keeps what is written to it.

In: overlays, mounts and layers. Out: the plain filesystems that hold their contents, by path.
"""

from __future__ import annotations

import attrs

from vlua.vfs.layer import LayerFS
from vlua.vfs.mounts import MountTable
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import FS, join
from vlua.vfs.seeded import SeededFS

__all__ = ["Part", "kept_parts", "seeds_of"]


@attrs.frozen(eq=False)
class Part:
    """A filesystem that keeps what is written at ``path`` and below; ``fs`` is ``None`` where nothing is counted.

    With ``above``, directories appear in it as they are needed to hold what is below them.
    """

    path: str
    fs: FS | None
    above: bool = False


def kept_parts(fs: FS, path: str = "/", above: bool = False) -> list[Part]:
    """Where ``fs``, which appears at ``path``, keeps what is written to it; the first that holds a path has it."""
    if isinstance(fs, OverlayFS):
        return kept_parts(fs.upper, path, True)
    if isinstance(fs, MountTable):
        parts = []
        for point, mounted in fs.mounts:
            parts += kept_parts(mounted, join(path, point.strip("/")), True)
        return parts + kept_parts(fs.default_fs, path, True)
    if fs.getmeta().get("read_only"):
        return [Part(path, None)]
    if isinstance(fs, LayerFS):
        return kept_parts(fs.below, path, above)
    return [Part(path, fs, above)]


def seeds_of(fs: FS) -> list[SeededFS]:
    """The filesystems in ``fs`` whose contents are fetched when they are first needed."""
    if isinstance(fs, OverlayFS):
        return seeds_of(fs.upper)
    if isinstance(fs, MountTable):
        return [seeds for inner in (fs.default_fs, *(mounted for _, mounted in fs.mounts)) for seeds in seeds_of(inner)]
    if isinstance(fs, LayerFS):
        return [*([fs] if isinstance(fs, SeededFS) else []), *seeds_of(fs.below)]
    return []
