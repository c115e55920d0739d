"""A filesystem that obeys rules about paths.

In: a filesystem and rules. Out: the same one, on which every operation is judged before it touches what is below.

* ``read``: the contents of a file; and to know of a file or directory whether it is there, its size and times.
* ``write``: to change the contents or the times of what is there.
* ``create``: to make a file or directory, to move or copy something to a new name.
* ``delete``: to remove, to move away.
* ``list``: the names in a directory. They include those that must not be read, with nothing but their kind; what may
  be neither read nor listed is left out.

Where ``read`` is denied a path looks the same whether or not something is there: writing to it takes both ``write`` and
``create``, and what would tell by failing (making a directory, exclusive creation, removing, moving) is refused too. A
file moved elsewhere could be read there, so that needs ``read`` besides ``delete``. What a script may write to can
still tell it, by success, whether the directory is there. Handles are judged when they are
opened, whole directories before anything in them is moved or removed. What is refused raises PermissionDenied.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, BinaryIO

from vlua.vfs.entries import EntriesFS
from vlua.vfs.layer import LayerFile, LayerFS
from vlua.vfs.pyfilesystem import FS, Info, Mode, Permissions, SubFS, errors, join
from vlua.vfs.rules import Operation, Rule, Rules

__all__ = ["RuleFS"]

OnEvent = Callable[[Operation, str, bool, Rule | None], object]


class RuleFS(EntriesFS, LayerFS):
    """``fs`` as far as ``rules`` allow: the last one that matches a path and mentions the operation decides.

    Without such a rule it is allowed. ``on_event(operation, path, allowed, rule)`` is called with each decision, before
    the operation; what it raises prevents it. Where ``fs`` ignores case, so do the rules.
    """

    def __init__(self, fs: FS, rules: Iterable[Rule], on_event: OnEvent | None = None) -> None:
        super().__init__(fs)
        self._rules = Rules(rules, ignore_case=bool(fs.getmeta().get("case_insensitive")))
        self._on_event = on_event

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in their order."""
        return self._rules.rules

    # Decisions

    def _may(self, operation: Operation, normal: str) -> bool:
        """Whether the rules allow it; nobody is told."""
        return self._rules.decide(operation, normal)[0]

    def _require(self, normal: str, path: str, *operations: Operation) -> None:
        """Raise PermissionDenied for ``path``, as ``normal`` was given, unless all ``operations`` are allowed."""
        for operation in operations:
            allowed, rule = self._rules.decide(operation, normal)
            if self._on_event is not None:
                self._on_event(operation, normal, allowed, rule)
            if not allowed:
                raise errors.PermissionDenied(path)

    def _require_writing(self, normal: str, path: str) -> None:
        """Raise unless there may be a file with new contents at ``path``."""
        if not self._may("read", normal):
            self._require(normal, path, "create", "write")
        else:
            self._require(normal, path, "write" if self.below.exists(normal) else "create")

    # Looking

    def getinfo(self, path: str, namespaces: Collection[str] | None = None) -> Info:
        """The information that ``below`` has. Needs ``read``."""
        self._require(self.normal(path), path, "read")
        return super().getinfo(path, namespaces)

    def exists(self, path: str) -> bool:
        """Whether there is something that may be read."""
        return self._kind(path) is not None

    def isdir(self, path: str) -> bool:
        """Whether there is a directory that may be read."""
        return self._kind(path) is True

    def isfile(self, path: str) -> bool:
        """Whether there is a file that may be read."""
        return self._kind(path) is False

    def _kind(self, path: str) -> bool | None:
        """Whether ``path`` is a directory, ``None`` when nothing is to be seen."""
        try:
            is_directory: bool = self.getinfo(path).is_dir
        except (errors.ResourceNotFound, errors.PermissionDenied):
            return None
        return is_directory

    def _entries(self, path: str, namespaces: Collection[str] | None) -> list[Info]:
        normal = self.normal(path)
        self._require(normal, path, "list")
        entries = []
        for info in self._scanned(normal, path, namespaces):
            inner = join(normal, info.name)
            if self._may("read", inner):
                entries.append(info)
            elif self._may("list", inner):
                entries.append(Info({"basic": {"name": info.name, "is_dir": info.is_dir}}))
        return entries

    def _scanned(self, normal: str, path: str, namespaces: Collection[str] | None) -> list[Info]:
        try:
            return list(self.below.scandir(path, namespaces=namespaces))
        except (errors.ResourceNotFound, errors.DirectoryExpected):
            if self._may("read", normal):
                raise
            raise errors.PermissionDenied(path) from None

    # Files and directories

    def openbin(self, path: str, mode: str = "r", buffering: int = -1, **options: Any) -> BinaryIO:
        """Open a file. Reading needs ``read``, writing ``write`` if it is there and ``create`` if not."""
        wanted = Mode(mode)
        wanted.validate_bin()
        normal = self.normal(path)
        with self._lock:
            if wanted.reading or wanted.exclusive:
                self._require(normal, path, "read")
            if wanted.exclusive:
                self._require(normal, path, "create")
            elif wanted.create:
                self._require_writing(normal, path)
            elif wanted.writing:
                self._require(normal, path, "write")
            file = self.below.openbin(path, mode, buffering, **options)
        if isinstance(file, LayerFile):
            return file
        return LayerFile(file, wanted, path)  # type: ignore[return-value]

    def makedir(self, path: str, permissions: Permissions | None = None, recreate: bool = False) -> SubFS[FS]:
        """Make a directory. Needs ``create``, and ``read`` since it tells what is there."""
        normal = self.normal(path)
        with self._lock:
            self._require(normal, path, "read")
            if not (recreate and self.below.isdir(normal)):
                self._require(normal, path, "create")
            return super().makedir(path, permissions=permissions, recreate=recreate)

    def remove(self, path: str) -> None:
        """Remove a file. Needs ``delete`` and ``read``."""
        normal = self.normal(path)
        with self._lock:
            self._require(normal, path, "read", "delete")
            super().remove(path)

    def removedir(self, path: str) -> None:
        """Remove an empty directory. Needs ``delete`` and ``read``."""
        normal = self.normal(path)
        with self._lock:
            self._require(normal, path, "read", "delete")
            super().removedir(path)

    def removetree(self, dir_path: str) -> None:
        """Remove a directory with all in it, if all of it may be removed; else nothing is."""
        normal = self.normal(dir_path)
        with self._lock:
            self._require(normal, dir_path, "read", "list")
            if normal != "/":
                self._require(normal, dir_path, "delete")
            for inner, info in self._tree(normal):
                self._require(inner, dir_path, "read", "delete", *(("list",) if info.is_dir else ()))
            self.below.removetree(dir_path)

    def _tree(self, normal: str) -> Iterator[tuple[str, Info]]:
        """All that is below a directory, hidden or not."""
        pending = [normal]
        while pending:
            directory = pending.pop()
            for info in list(self.below.scandir(directory)):
                inner = join(directory, info.name)
                yield inner, info
                if info.is_dir:
                    pending.append(inner)

    def setinfo(self, path: str, info: Any) -> None:
        """Change what can be changed of a file or directory. Needs ``write`` and ``read``."""
        normal = self.normal(path)
        with self._lock:
            self._require(normal, path, "read", "write")
            super().setinfo(path, info)

    # From one place to another

    def move(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Move a file: needs ``read`` and ``delete`` there, ``read`` and ``create`` (to replace: ``write``) here."""
        source, target = self.normal(src_path), self.normal(dst_path)
        with self._lock:
            self._require(source, src_path, "read", "delete")
            self._require_target(target, dst_path)
            super().move(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)

    def _require_target(self, normal: str, path: str) -> None:
        """Raise unless something may take the place of what is, or is not, at ``path``."""
        self._require(normal, path, "read", "write" if self.below.exists(normal) else "create")

    def movedir(self, src_path: str, dst_path: str, create: bool = False, preserve_time: bool = False) -> None:
        """Move a directory, if all of it may be moved; else nothing is."""
        source, target = self.normal(src_path), self.normal(dst_path)
        with self._lock:
            self._require(source, src_path, "read", "list", "delete")
            self._require(target, dst_path, "read")
            if not self.prepare_movedir(src_path, dst_path, create):
                return
            merging = self.below.exists(target)
            if not merging:
                self._require(target, dst_path, "create")
            for inner, info in self._tree(source):
                self._require(inner, src_path, "read", "delete", *(("list",) if info.is_dir else ()))
                new = target + inner[len(source) :]
                if info.is_dir and self.below.isdir(new):
                    self._require(new, dst_path, "read")
                else:
                    self._require_target(new, dst_path)
            if merging:
                super().movedir(src_path, dst_path, create=create, preserve_time=preserve_time)
            else:
                self.below.movedir(src_path, dst_path, create=create, preserve_time=preserve_time)

    def copy(self, src_path: str, dst_path: str, overwrite: bool = False, preserve_time: bool = False) -> None:
        """Copy a file: needs ``read`` there, ``create`` or ``write`` here."""
        source, target = self.normal(src_path), self.normal(dst_path)
        with self._lock:
            self._require(source, src_path, "read")
            if not overwrite or preserve_time:
                self._require(target, dst_path, "read")  # or something that cannot be seen would be replaced
            if source != target:
                self._require_writing(target, dst_path)
                self.below.copy(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)
            else:
                super().copy(src_path, dst_path, overwrite=overwrite, preserve_time=preserve_time)

    def writebytes(self, path: str, contents: bytes) -> None:
        """Replace the contents of a file, as ``below`` does it."""
        normal = self.normal(path)
        with self._lock:
            self._require_writing(normal, path)
            self.below.writebytes(path, contents)

    def create(self, path: str, wipe: bool = False) -> bool:
        """Make an empty file, unless it is there. Without ``wipe`` needs ``read``."""
        with self._lock:
            if not wipe:
                self._require(self.normal(path), path, "read")
            created: bool = super().create(path, wipe=wipe)
            return created
