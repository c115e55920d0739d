"""Several filesystems as one tree.

In: a root filesystem and others with the paths they appear at. Out: one ``fs`` filesystem. Mounting changes nothing
in the filesystem that is mounted upon: directories on the way that it lacks are shown as long as nobody needs them.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from vlua.vfs.entries import EntriesFS
from vlua.vfs.pyfilesystem import (
    FS,
    Info,
    Mode,
    Permissions,
    ResourceType,
    SubFS,
    abspath,
    basename,
    dirname,
    errors,
    isbase,
    join,
    normpath,
)
from vlua.vfs.transfer import copy_contents, copy_metadata

__all__ = ["MountTable"]

EBUSY = 16
EINVAL = 22


class MountTable(EntriesFS):
    """``root`` with other filesystems mounted in it, also inside one another; the innermost one has a path.

    Moves inside one filesystem stay inside it, others copy and then remove. A mount point and the directories above
    it can be neither removed nor renamed: that raises ResourceLocked. Closing it closes every filesystem in it.
    """

    def __init__(self, root: FS) -> None:
        super().__init__()
        # Replaced as a whole, so that readers need no lock: longest path first, "/" last.
        self._mounts: tuple[tuple[str, FS], ...] = (("/", root),)
        self._replaced: list[FS] = []

    def __del__(self) -> None:
        """Close nothing, unlike other filesystems when they are collected: what is mounted may be in use elsewhere."""

    def __repr__(self) -> str:
        return f"MountTable({', '.join(f'{path}: {fs!r}' for path, fs in reversed(self._mounts))})"

    @property
    def mounts(self) -> tuple[tuple[str, FS], ...]:
        """Each mount point but the root with its filesystem, inner ones first."""
        return self._mounts[:-1]

    @property
    def default_fs(self) -> FS:
        """The filesystem at the root, by the name it has in ``MountFS``."""
        return self._mounts[-1][1]

    def mount(self, path: str, fs: FS) -> None:
        """Let ``fs`` appear at ``path``, in place of what was there; also of an earlier mount.

        Raises ValueError when something on the way is a file, TypeError when ``fs`` is no filesystem.
        """
        if not isinstance(fs, FS):
            raise TypeError(f"a filesystem can be mounted, not {type(fs).__name__}")
        if fs is self:
            raise ValueError("a table cannot be mounted in itself")
        point = self._normal(path)
        with self._lock:
            for above in _ancestors(point):
                if self.isfile(above):
                    raise ValueError(f"cannot mount at {path!r}: {above!r} is a file")
            self._replaced += [old for at, old in self._mounts if at == point]
            kept = [entry for entry in self._mounts if entry[0] != point]
            self._mounts = tuple(sorted([*kept, (point, fs)], key=lambda entry: len(entry[0]), reverse=True))

    def is_mount_point(self, path: str) -> bool:
        """Whether a filesystem, or the root, appears exactly at ``path``."""
        point = self._normal(path)
        return point == "/" or any(at == point for at, _ in self._mounts)

    def filesystem_at(self, path: str) -> tuple[FS, str]:
        """The filesystem that has ``path``, and the path in it."""
        return self._delegate(self._normal(path))

    # Where things are

    def _normal(self, path: str) -> str:
        self.check()
        return str(abspath(normpath(self.validatepath(path))))

    def _delegate(self, path: str) -> tuple[FS, str]:
        for point, fs in self._mounts:
            if isbase(point, path):
                return fs, "/" + path[len(point) :].lstrip("/")
        raise AssertionError("there is always a root")

    def _holds_mount(self, path: str) -> bool:
        """Whether a filesystem is mounted at or below ``path``."""
        return any(isbase(path, point) for point, _ in self._mounts if point != "/") or path == "/"

    def _require_unlocked(self, path: str, name: str) -> None:
        if self._holds_mount(path):
            busy = OSError(EBUSY, "Device or resource busy")
            raise errors.ResourceLocked(name, exc=busy, msg="resource '{path}' is, or holds, a mount point")

    def _require_parent(self, path: str) -> None:
        """Make a directory that is only shown because of a mount below it exist, for a new entry to lie in."""
        parent = dirname(path)
        if self._holds_mount(parent):
            fs, inner = self._delegate(parent)
            if not fs.isdir(inner):
                with self._told("", parent):
                    fs.makedirs(inner, recreate=True)

    @contextlib.contextmanager
    def _told(self, name: str, other: str | None = None) -> Iterator[None]:
        """Errors name the path that was given here, not the one inside the mounted filesystem."""
        try:
            yield
        except errors.FSError as error:
            if hasattr(error, "path") and (name or other):
                error.path = name or other
            raise

    def _point_above(self, path: str, namespaces: Collection[str]) -> Info:
        """The information of a directory that is only there because of a mount below it."""
        raw: dict[str, dict[str, object]] = {"basic": {"name": basename(path), "is_dir": True}}
        if "details" in namespaces:
            raw["details"] = {"size": 0, "type": int(ResourceType.directory)}
        return Info(raw)

    # The filesystem

    def getmeta(self, namespace: str = "standard") -> dict[str, object]:
        """What holds for all filesystems in the table."""
        if namespace != "standard":
            return {}
        metas = [fs.getmeta() for _, fs in self._mounts]
        return {
            "case_insensitive": any(bool(meta.get("case_insensitive")) for meta in metas),
            "invalid_path_chars": "\0",
            "network": any(bool(meta.get("network")) for meta in metas),
            "read_only": all(bool(meta.get("read_only")) for meta in metas),
            "supports_rename": False,
            "thread_safe": all(bool(meta.get("thread_safe", True)) for meta in metas),
            "unicode_paths": all(bool(meta.get("unicode_paths", True)) for meta in metas),
            "virtual": True,
        }

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """The information that the filesystem of ``path`` has."""
        name, path = path, self._normal(path)
        fs, inner = self._delegate(path)
        try:
            with self._told(name):
                info: Info = fs.getinfo(inner, namespaces)
        except errors.ResourceNotFound:
            if not self._holds_mount(path):
                raise
            return self._point_above(path, namespaces or ())
        if inner == "/" and path != "/":
            return Info({**info.raw, "basic": {**info.raw["basic"], "name": basename(path)}})
        return info

    def _entries(self, path: str, namespaces: Collection[str] | None) -> list[Info]:
        name, path = path, self._normal(path)
        fs, inner = self._delegate(path)
        entries: dict[str, Info] = {}
        try:
            with self._told(name):
                entries = {info.name: info for info in fs.scandir(inner, namespaces=namespaces)}
        except errors.ResourceNotFound:
            if not self._holds_mount(path):
                raise
        for point, _ in reversed(self._mounts):
            if point != path and isbase(path, point):
                step = point[len(path) :].lstrip("/").partition("/")[0]
                entries[step] = self.getinfo(join(path, step), namespaces)
        return list(entries.values())

    def geturl(self, path: str, purpose: str = "download") -> str:
        """The URL that the filesystem of ``path`` has for it."""
        name, path = path, self._normal(path)
        fs, inner = self._delegate(path)
        try:
            return str(fs.geturl(inner, purpose))
        except errors.FSError:
            raise errors.NoURL(name, purpose) from None

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory."""
        name, path = path, self._normal(path)
        with self._lock:
            if self._holds_mount(path):
                if not recreate:
                    raise errors.DirectoryExists(name)
                return self.opendir(path)
            self._require_parent(path)
            fs, inner = self._delegate(path)
            with self._told(name):
                fs.makedir(inner, permissions=permissions, recreate=recreate)
            return self.opendir(path)

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file."""
        wanted = Mode(mode)
        wanted.validate_bin()
        name, path = path, self._normal(path)
        if self._holds_mount(path):
            raise errors.FileExpected(name)
        if wanted.create:
            with self._lock:
                self._require_parent(path)
        fs, inner = self._delegate(path)
        with self._told(name):
            file: BinaryIO = fs.openbin(inner, mode, buffering, **options)
        return file

    def remove(self, path: str) -> None:
        """Remove a file."""
        name, path = path, self._normal(path)
        if self._holds_mount(path):
            raise errors.FileExpected(name)
        fs, inner = self._delegate(path)
        with self._told(name):
            fs.remove(inner)

    def removedir(self, path: str) -> None:
        """Remove an empty directory, but no mount point."""
        name, path = path, self._normal(path)
        if path == "/":
            raise errors.RemoveRootError(name)
        self._require_unlocked(path, name)
        fs, inner = self._delegate(path)
        with self._told(name):
            fs.removedir(inner)

    def removetree(self, dir_path: str) -> None:
        """Remove a directory with all it holds; nothing of it when a filesystem is mounted in it.

        The root is emptied, mount points stay and are emptied too.
        """
        name, path = dir_path, self._normal(dir_path)
        with self._lock:
            if path == "/":
                self._empty(path)
                return
            self._require_unlocked(path, name)
            fs, inner = self._delegate(path)
            with self._told(name):
                fs.removetree(inner)

    def _empty(self, path: str) -> None:
        """Remove all that a directory holds but mount points, and what those hold."""
        for info in self._entries(path, None):
            inner = join(path, info.name)
            if self._holds_mount(inner):
                self._empty(inner)
            elif info.is_dir:
                self.removetree(inner)
            else:
                self.remove(inner)

    def setinfo(self, path: str, info: Any) -> None:
        """Change what can be changed of a file or directory."""
        name, path = path, self._normal(path)
        fs, inner = self._delegate(path)
        try:
            with self._told(name):
                fs.setinfo(inner, info)
        except errors.ResourceNotFound:
            if not self._holds_mount(path):
                raise

    def copy(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Copy a file. Copying a file onto itself leaves it alone."""
        source, target = self._normal(src_path), self._normal(dst_path)
        with self._lock:
            self._check_pair(source, target, src_path, dst_path, overwrite)
            if source == target:
                return
            self._require_parent(target)
            old, old_path = self._delegate(source)
            new, new_path = self._delegate(target)
            with self._told(dst_path):
                if old is new:
                    old.copy(old_path, new_path, overwrite=overwrite, preserve_time=preserve_time)
                else:
                    _copy_across(old, old_path, new, new_path, metadata=preserve_time)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file, by copying with its times only when it changes filesystems."""
        source, target = self._normal(src_path), self._normal(dst_path)
        with self._lock:
            self._check_pair(source, target, src_path, dst_path, overwrite)
            old, old_path = self._delegate(source)
            if source == target:
                return
            self._require_parent(target)
            new, new_path = self._delegate(target)
            if old is not new:
                self._require_writable(old, src_path)
                with self._told(dst_path):
                    _copy_across(old, old_path, new, new_path)
                with self._told(src_path):
                    old.remove(old_path)
                return
            with self._told(dst_path):
                old.move(old_path, new_path, overwrite=overwrite, preserve_time=preserve_time)

    def _check_pair(self, source: str, target: str, src_path: str, dst_path: str, overwrite: bool) -> None:
        """What ``fs`` demands of a source and a target, told by the names given."""
        if self.exists(target) and not overwrite:
            raise errors.DestinationExists(dst_path)
        if self.getinfo(src_path).is_dir:
            raise errors.FileExpected(src_path)
        if self.isdir(target):
            raise errors.FileExpected(dst_path)
        if not self.isdir(dirname(target)):
            raise errors.ResourceNotFound(dst_path)

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Move a directory, by copying only when it changes filesystems; not one that holds a mount point.

        Raises OperationFailed (EINVAL) when the target lies in the directory.
        """
        source, target = self._normal(src_path), self._normal(dst_path)
        with self._lock:
            if not self.getinfo(src_path).is_dir:
                raise errors.DirectoryExpected(src_path)
            there = self.exists(target)
            if not there and not create:
                raise errors.ResourceNotFound(dst_path)
            if there and not self.isdir(target):
                raise errors.DirectoryExpected(dst_path)
            if source == target:
                return
            self._require_unlocked(source, src_path)
            if isbase(source, target):
                raise errors.OperationFailed(dst_path, exc=OSError(EINVAL, "a directory cannot move into itself"))
            if not there:
                if not self.isdir(dirname(target)):
                    raise errors.ResourceNotFound(dst_path)
                self._require_parent(target)
            old, old_path = self._delegate(source)
            new, new_path = self._delegate(target)
            if old is new and not self._holds_mount(target):
                with self._told(src_path):
                    old.movedir(old_path, new_path, create=create, preserve_time=preserve_time)
                return
            self._require_writable(old, src_path)
            self._merge(source, target, there)

    def _merge(self, source: str, target: str, there: bool) -> None:
        """Move what one directory holds into another one, made when it is not ``there``, then remove the first."""
        if not there:
            self.makedir(target)
        for info in self._entries(source, None):
            old, new = join(source, info.name), join(target, info.name)
            if not info.is_dir:
                self.move(old, new, overwrite=True)
            elif not self.exists(new) or self.isdir(new):
                self._merge(old, new, self.exists(new))
            else:
                raise errors.DirectoryExpected(new)
        if not there:
            (old_fs, old_path), (new_fs, new_path) = self._delegate(source), self._delegate(target)
            copy_metadata(old_fs, old_path, new_fs, new_path)
        self.removedir(source)

    @staticmethod
    def _require_writable(source: FS, path: str) -> None:
        """Refuse a move that would copy and then fail to remove what it copied."""
        if source.getmeta().get("read_only"):
            raise errors.ResourceReadOnly(path)

    def close(self) -> None:
        """Close every filesystem in the table, also those that others took the place of."""
        if not self.isclosed():
            for fs in [*(fs for _, fs in self._mounts), *self._replaced]:
                fs.close()
        super().close()


def _ancestors(path: str) -> list[str]:
    """The directories above ``path``, outermost first."""
    steps = path.strip("/").split("/")[:-1]
    return ["/" + "/".join(steps[: count + 1]) for count in range(len(steps))]


def _copy_across(source: FS, path: str, target: FS, target_path: str, metadata: bool = True) -> None:
    """Copy a file into another filesystem: the target is there as a whole, or as it was."""
    folder = dirname(target_path)
    partial = next(
        name for number in itertools.count() if not target.exists(name := join(folder, f".vlua-partial-{number}"))
    )
    try:
        copy_contents(source, path, target, partial)
        if metadata:
            copy_metadata(source, path, target, partial)
        target.move(partial, target_path, overwrite=True)
    except BaseException:
        with contextlib.suppress(Exception):
            target.remove(partial)
        raise
