"""A filesystem above another one: reads come from below, writes stay above.

In: a ``lower`` filesystem, never written to, and a writable ``upper`` one. Out: an ``fs`` filesystem that looks like
``lower`` with every change kept in ``upper``: a file is copied up when it is first written to. What was removed can
be kept in ``upper`` too, in a folder at its root that nobody sees here, so that the overlay can be opened again.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Collection
from typing import Any, BinaryIO

from vlua.vfs.entries import EntriesFS
from vlua.vfs.layer import LayerFS
from vlua.vfs.pyfilesystem import (
    FS,
    Info,
    MemoryFS,
    Mode,
    Permissions,
    SubFS,
    abspath,
    dirname,
    errors,
    isbase,
    normpath,
    recursepath,
)
from vlua.vfs.read_only import ReadingFile
from vlua.vfs.transfer import copy_contents, copy_metadata, metadata_of
from vlua.vfs.whiteouts import Whiteouts

__all__ = ["OverlayFS"]

RESERVED = "/.vlua-overlay"  # in upper: the record of what is hidden, and the file being copied
EINVAL = 22


class OverlayFS(EntriesFS):
    """Copy-on-write: ``lower`` shows through wherever ``upper`` has nothing and nothing was removed.

    Without ``upper`` what is written lies in memory. A given ``upper`` may hold files already. With ``persistent``
    what is removed is recorded in it, so that another overlay over the same ``lower`` shows the same; a record that is
    there is used and continued in any case. While this filesystem is open nobody else should write to either.
    A file is copied up as a whole or not at all; a handle open for reading goes on with the copy. One name at the
    root, ``.vlua-overlay``, does not exist here and cannot be made.
    """

    def __init__(self, lower: FS, upper: FS | None = None, *, persistent: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper: FS = MemoryFS() if upper is None else upper
        metas = (lower.getmeta(), self.upper.getmeta())
        self._meta = {
            "case_insensitive": any(bool(meta.get("case_insensitive")) for meta in metas),
            "invalid_path_chars": "".join(
                sorted({"\0"}.union(*(str(meta.get("invalid_path_chars") or "") for meta in metas)))
            ),
            "network": any(bool(meta.get("network")) for meta in metas),
            "read_only": False,
            "supports_rename": False,
            "thread_safe": True,
            "unicode_paths": True,
            "virtual": True,
        }
        self._reserved = _reserved_above(self.upper)
        recorded = persistent or self.upper.isdir(self._reserved)
        self._hidden = Whiteouts(self.upper, self._reserved) if recorded else Whiteouts()
        self._partial = f"{self._reserved}/partial" if recorded else self._reserved
        # Handles that read lower files: they follow when the file is copied up.
        self._readers: dict[str, weakref.WeakSet[ReadingFile]] = {}
        if upper is not None:
            self._hide_shadowed("/")

    def __del__(self) -> None:
        """Close nothing, unlike other filesystems when they are collected: both layers may be in use elsewhere."""

    def __repr__(self) -> str:
        return f"OverlayFS({self.lower!r}, {self.upper!r})"

    # For those who apply or show what changed

    def changed_paths(self) -> list[str]:
        """The files that were written to, made or moved here, sorted: all files of ``upper``."""
        with self._lock:
            return sorted(path for path in self.upper.walk.files("/") if not self._is_reserved(path))

    def added_directories(self) -> list[str]:
        """The directories that ``lower`` does not have, sorted."""
        with self._lock:
            return sorted(
                path
                for path in self.upper.walk.dirs("/")
                if not self._is_reserved(path) and not (self.lower.isdir(path) and not self._hidden.hide(path))
            )

    def removed_paths(self) -> list[str]:
        """The files and directories of ``lower`` that are gone and not replaced, sorted; none below another one."""
        with self._lock:
            return [path for path in self._outermost_hidden() if not self.upper.exists(path)]

    def opaque_paths(self) -> list[str]:
        """The directories of ``upper`` in place of something removed from ``lower``, none of whose entries show."""
        with self._lock:
            return [path for path in self._outermost_hidden() if self.upper.isdir(path)]

    def _outermost_hidden(self) -> list[str]:
        return [path for path in self._hidden if not self._hidden.hide(dirname(path)) and self.lower.exists(path)]

    # Where things are

    def _normal(self, path: str) -> str:
        self.check()
        return str(abspath(normpath(self.validatepath(path))))

    def _is_reserved(self, path: str) -> bool:
        if self._meta["case_insensitive"]:
            path = path.casefold()
        return path.startswith(self._reserved) and path[len(self._reserved) :][:1] in ("", "/")

    def _below(self, path: str) -> bool:
        """Whether ``lower`` has something at ``path`` that is not hidden."""
        return not self._hidden.hide(path) and bool(self.lower.exists(path))

    def _look(self, path: str, name: str, namespaces: Collection[str] | None = None) -> tuple[FS, Info]:
        """The filesystem that has ``path``, and what it tells of it.

        Raises ResourceNotFound for ``name``, the path as it was given.
        """
        if not self._is_reserved(path):
            for layer in (self.upper, self.lower):
                if layer is self.upper or not self._hidden.hide(path):
                    with contextlib.suppress(errors.ResourceNotFound):
                        return layer, layer.getinfo(path, namespaces)
        raise errors.ResourceNotFound(name)

    def _hide_shadowed(self, path: str) -> None:
        """Hide directories of ``lower`` that files of ``upper`` stand in for: nothing below a file exists."""
        for entry in list(self.upper.scandir(path)):
            inner = path.rstrip("/") + "/" + entry.name
            if not self._is_reserved(inner) and not self._hidden.hide(inner) and self.lower.isdir(inner):
                if entry.is_dir:
                    self._hide_shadowed(inner)
                else:
                    self._hidden.add(inner)

    def _require_parent(self, path: str, name: str) -> None:
        """Make the parent directory of a new entry exist in ``upper``, if it does here; else ResourceNotFound."""
        if self._is_reserved(path):
            raise errors.PermissionDenied(name)
        parent = dirname(path)
        try:
            is_directory = self._look(parent, parent)[1].is_dir
        except errors.ResourceNotFound:
            is_directory = False
        if not is_directory:
            raise errors.ResourceNotFound(name)
        self._make_directories(parent)

    def _make_directories(self, path: str) -> None:
        """Have a directory that exists here in ``upper`` too, with the times and permissions of the lower ones."""
        if self.upper.isdir(path):
            return
        for step in recursepath(path):
            if not self.upper.isdir(step):
                self.upper.makedir(step)
                copy_metadata(self.lower, step, self.upper, step)

    # Copying up

    def _bring(self, layer: FS, path: str, target: str, metadata: bool = True) -> None:
        """Have ``target`` in ``upper`` with the contents of a file of ``layer``: all of it, or nothing changes."""
        self._hidden.make_folder()
        partial = self._partial
        try:
            digest = copy_contents(layer, path, self.upper, partial)
            if metadata:
                copy_metadata(layer, path, self.upper, partial)
            self.upper.move(partial, target, overwrite=True)
        except BaseException:
            with contextlib.suppress(Exception):
                self.upper.remove(partial)
            raise
        if layer is self.lower:
            self._note(path, digest)

    def _copy_up(self, path: str, target: str | None = None) -> None:
        """Bring a lower file into ``upper``, at ``target`` when it moves there."""
        target = path if target is None else target
        self._make_directories(dirname(target))
        self._bring(self.lower, path, target)
        self._follow(path, target)

    def _follow(self, path: str, target: str) -> None:
        """Have the open handles on a lower file read its copy."""
        for reader in self._readers.pop(path, ()):
            reader.switch(self.upper.openbin(target, "r", buffering=0))

    def _note(self, path: str, digest: str | None = None) -> None:
        """Have a lower host directory remember what the file was when it was copied, replaced or removed."""
        note = getattr(self.lower, "note", None)
        if note is not None:
            note(path, digest)

    def _hide(self, path: str) -> None:
        if self._below(path):
            self._note(path)
            self._hidden.add(path)

    # The filesystem

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """The information of the layer that has ``path``."""
        name, path = path, self._normal(path)
        with self._lock:
            return _changeable(self._look(path, name, namespaces)[1])

    def _entries(self, path: str, namespaces: Collection[str] | None) -> list[Info]:
        name, path = path, self._normal(path)
        with self._lock:
            layer, found = self._look(path, name)
            if not found.is_dir:
                raise errors.DirectoryExpected(name)
            entries: dict[str, Info] = {}
            prefix = path.rstrip("/") + "/"
            if layer is self.lower or (not self._hidden.hide(path) and self.lower.isdir(path)):
                for info in self.lower.scandir(path, namespaces=namespaces):
                    if prefix + info.name not in self._hidden:
                        entries[info.name] = _changeable(info)
            if layer is self.upper:
                entries.update((info.name, info) for info in self.upper.scandir(path, namespaces=namespaces))
            return [info for name, info in entries.items() if not self._is_reserved(prefix + name)]

    def geturl(self, path: str, purpose: str = "download") -> str:
        """Where the contents of a file can be had, if its layer has a URL for that; changes go through here only."""
        name, path = path, self._normal(path)
        try:
            layer, _ = self._look(path, name)
        except errors.ResourceNotFound:
            raise errors.NoURL(name, purpose) from None
        if purpose != "download":
            raise errors.NoURL(name, purpose)
        return str(layer.geturl(path, purpose))

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory in ``upper``."""
        name, path = path, self._normal(path)
        with self._lock:
            if path == "/" or self.exists(path):
                if not recreate or not self.isdir(path):
                    raise errors.DirectoryExists(name)
                return self.opendir(path)
            self._require_parent(path, name)
            self.upper.makedir(path, permissions=permissions)
            return self.opendir(path)

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open the upper file, or the lower one for reading; opening for writing copies up what must be kept."""
        wanted = Mode(mode)
        wanted.validate_bin()
        name, path = path, self._normal(path)
        with self._lock:
            try:
                layer, info = self._look(path, name)
            except errors.ResourceNotFound:
                if not wanted.create:
                    raise
                self._require_parent(path, name)
                return self.upper.openbin(path, mode, buffering, **options)
            if info.is_dir:
                raise errors.FileExpected(name)
            if wanted.exclusive:
                raise errors.FileExists(name)
            if layer is self.lower:
                if not wanted.writing:
                    return self._reading(path, buffering, options)
                if wanted.truncate:
                    return self._truncated(path, mode, buffering, options)
                self._copy_up(path)
            return self.upper.openbin(path, mode, buffering, **options)

    def _reading(self, path: str, buffering: int, options: dict[str, Any]) -> BinaryIO:
        """A handle on a lower file."""
        reader = ReadingFile(self.lower.openbin(path, "r", 0, **options), path)
        self._readers.setdefault(path, weakref.WeakSet()).add(reader)
        if len(self._readers) > 2 * MANY_READERS:
            self._readers = {path: readers for path, readers in self._readers.items() if readers}
        return reader.buffered(buffering)

    def _truncated(self, path: str, mode: str, buffering: int, options: dict[str, Any]) -> BinaryIO:
        """A handle on an empty upper file in place of a lower one, whose permissions it keeps."""
        kept = {key: value for key, value in metadata_of(self.lower, path).items() if key == "access"}
        self._make_directories(dirname(path))
        file: BinaryIO = self.upper.openbin(path, mode, buffering, **options)
        try:
            self._note(path)
            if kept:
                self.upper.setinfo(path, kept)
            self._follow(path, path)
        except BaseException:
            file.close()
            raise
        return file

    def remove(self, path: str) -> None:
        """Remove a file: from ``upper``, and from sight what ``lower`` has."""
        name, path = path, self._normal(path)
        with self._lock:
            layer, info = self._look(path, name)
            if info.is_dir:
                raise errors.FileExpected(name)
            self._hide(path)
            if layer is self.upper:
                self.upper.remove(path)

    def removedir(self, path: str) -> None:
        """Remove an empty directory, in the same way."""
        name, path = path, self._normal(path)
        if path == "/":
            raise errors.RemoveRootError(name)
        with self._lock:
            if self._entries(name, None):
                raise errors.DirectoryNotEmpty(name)
            self._hide(path)
            if self.upper.isdir(path):
                self.upper.removedir(path)

    def removetree(self, dir_path: str) -> None:
        """Remove a directory with all it holds: what ``lower`` has goes out of sight at once."""
        name, path = dir_path, self._normal(dir_path)
        with self._lock:
            entries = self._entries(name, None)
            if path == "/":
                for info in entries:
                    if info.is_dir:
                        self.removetree("/" + info.name)
                    else:
                        self.remove("/" + info.name)
                return
            if self._below(path) and getattr(self.lower, "note", None) is not None:
                for file in self.lower.walk.files(path):
                    if not self._hidden.hide(file):
                        self._note(file)
            self._hide(path)
            if self.upper.isdir(path):
                self.upper.removetree(path)

    def setinfo(self, path: str, info: Any) -> None:
        """Change the times or permissions of a file or directory, after copying it up."""
        name, path = path, self._normal(path)
        with self._lock:
            layer, found = self._look(path, name)
            if layer is self.lower:
                if found.is_dir:
                    self._make_directories(path)
                else:
                    self._copy_up(path)
            try:
                self.upper.setinfo(path, info)
            except errors.ResourceNotFound:
                if path != "/":  # MemoryFS knows no times of its root
                    raise

    def copy(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Copy a file; the target is replaced as a whole or not at all. Copying a file onto itself leaves it alone."""
        source, target = self._normal(src_path), self._normal(dst_path)
        with self._lock:
            layer = self._source_and_target(source, target, src_path, dst_path, overwrite)
            if source != target:
                self._require_parent(target, dst_path)
                self._bring(layer, source, target, metadata=preserve_time)
                self._follow(target, target)

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file, with its times; open handles follow it. Moving a file onto itself leaves it alone."""
        source, target = self._normal(src_path), self._normal(dst_path)
        with self._lock:
            layer = self._source_and_target(source, target, src_path, dst_path, overwrite)
            if source == target:
                return
            self._require_parent(target, dst_path)
            replaced = self._below(target)
            if layer is self.lower:
                # Hidden only once the copy is in place: a failure must lose neither.
                self._copy_up(source, target)
                self._hide(source)
            else:
                self._hide(source)
                times = metadata_of(self.upper, source)
                self.upper.move(source, target, overwrite=True)
                with contextlib.suppress(errors.FSError):
                    self.upper.setinfo(target, times)
            if replaced:
                self._note(target)

    def _source_and_target(self, source: str, target: str, src_path: str, dst_path: str, overwrite: bool) -> FS:
        """The layer of the file to copy or move, after what ``fs`` demands of both."""
        if self.exists(target) and not overwrite:
            raise errors.DestinationExists(dst_path)
        layer, info = self._look(source, src_path)
        if info.is_dir:
            raise errors.FileExpected(src_path)
        if self.isdir(target):
            raise errors.FileExpected(dst_path)
        return layer

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Move a directory, into ``dst_path`` when that exists. A failure leaves each file in one of the two places.

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
            if isbase(source, target):
                raise errors.OperationFailed(dst_path, exc=OSError(EINVAL, "a directory cannot move into itself"))
            if not there:
                self._require_parent(target, dst_path)
                if not self._below(source) and source != "/":
                    self.upper.movedir(source, target, create=True)
                    return
            self._merge(source, target, there)

    def _merge(self, source: str, target: str, there: bool) -> None:
        """Move what one directory holds into another one, made when it is not ``there``, then remove the first."""
        if not there:
            self.makedir(target)
        for info in self._entries(source, None):
            old, new = (path.rstrip("/") + "/" + info.name for path in (source, target))
            if not info.is_dir:
                self.move(old, new, overwrite=True)
            elif not self.exists(new) or self.isdir(new):
                self._merge(old, new, self.exists(new))
            else:
                raise errors.DirectoryExpected(new)
        if not there:
            copy_metadata(self, source, self, target)
        if source != "/":
            self.removedir(source)

    def close(self) -> None:
        """Close both layers."""
        if not self.isclosed():
            self.lower.close()
            self.upper.close()
        super().close()


MANY_READERS = 512  # paths of which handles may be remembered before those closed are forgotten


def _reserved_above(upper: FS) -> str:
    """The folder to keep the record in: another one than an overlay that serves as ``upper`` keeps its own in."""
    while isinstance(upper, LayerFS):
        upper = upper.below
    return f"{upper._reserved}-above" if isinstance(upper, OverlayFS) else RESERVED


def _changeable(info: Info) -> Info:
    """Information of a lower file: its times can be changed here, whatever ``lower`` says."""
    details = info.raw.get("details")
    if details is None or "_write" in details:
        return info
    return Info({**info.raw, "details": {**details, "_write": ["accessed", "modified"]}})
