"""Several filesystems as one tree.

In: a root filesystem and others with the paths they appear at. Out: one ``fs`` filesystem.
"""

from __future__ import annotations

from vlua.vfs.pyfilesystem import FS, MountFS, abspath, errors, forcedir, normpath

__all__ = ["MountTable"]


class MountTable(MountFS):
    """PyFilesystem2's ``MountFS`` above a root of our own; moves inside one filesystem stay inside it."""

    def __init__(self, root: FS) -> None:
        super().__init__()
        self.default_fs = root

    def mount(self, path: str, fs: FS | str) -> None:
        """Let ``fs`` appear at ``path``; a later mount hides an earlier one at the same place or above it.

        The directory is made when it does not exist. Raises ValueError when it cannot be made.
        """
        if isinstance(fs, str):
            raise TypeError("a filesystem, not a URL, is what can be mounted here")
        point = forcedir(abspath(normpath(path)))
        try:
            self.makedirs(point, recreate=True)
        except errors.FSError:
            if not self.isdir(point):
                raise ValueError(f"cannot mount at {path!r}: there is no such directory, nor can it be made") from None
        self.mounts.insert(0, (point, fs))

    def is_mount_point(self, path: str) -> bool:
        """Whether a filesystem, or the root, appears exactly at ``path``."""
        point = forcedir(abspath(normpath(path)))
        return point == "/" or any(mounted == point for mounted, _ in self.mounts)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file, by copying only when it changes filesystems."""
        source, source_path = self._delegate(src_path)
        target, target_path = self._delegate(dst_path)
        if source is target:
            source.move(source_path, target_path, overwrite=overwrite, preserve_time=preserve_time)
        else:
            self._require_writable(source, src_path)
            super().move(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Move a directory, by copying only when it changes filesystems."""
        source, source_path = self._delegate(src_path)
        target, target_path = self._delegate(dst_path)
        if source is target:
            source.movedir(source_path, target_path, create=create, preserve_time=preserve_time)
        else:
            self._require_writable(source, src_path)
            super().movedir(src_path, dst_path, create=create, preserve_time=preserve_time)

    @staticmethod
    def _require_writable(source: FS, path: str) -> None:
        """Refuse a move that would copy and then fail to remove what it copied."""
        if source.getmeta().get("read_only"):
            raise errors.ResourceReadOnly(path)
