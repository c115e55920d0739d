"""What changed in a filesystem: files and directories added, removed, changed and renamed.

In: what paths held before and what they hold now. Out: ``Changes``, with reports and diffs for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import attrs

from vlua.vfs.difference import split_lines, unified_diff

__all__ = ["Change", "Changes", "State", "compare", "printable"]

LARGEST_DIFF = 1 << 20  # bytes: of larger files a diff tells the sizes only


@attrs.frozen
class State:
    """What a path held: ``contents`` in bytes, ``None`` for a directory, and its times in seconds since 1970."""

    contents: bytes | None = attrs.field(repr=False)
    modified: float | None = None
    accessed: float | None = None

    @property
    def kind(self) -> Literal["file", "directory"]:
        """``"file"`` or ``"directory"``."""
        return "directory" if self.contents is None else "file"


@attrs.frozen
class Change:
    """One file or directory that changed.

    * ``path``: where it is, or was when it is gone; absolute in the filesystem.
    * ``kind``: ``"file"`` or ``"directory"``.
    * ``old_size``, ``new_size``: bytes before and now; ``None`` where there was or is no file.
    * ``old_path``: where it was before a rename.
    * ``before``, ``after``: the contents; ``None`` where there was or is no file.
    """

    path: str
    kind: Literal["file", "directory"] = "file"
    old_path: str | None = None
    before: bytes | None = attrs.field(default=None, repr=False)
    after: bytes | None = attrs.field(default=None, repr=False)

    @property
    def old_size(self) -> int | None:
        """Bytes before."""
        return None if self.before is None else len(self.before)

    @property
    def new_size(self) -> int | None:
        """Bytes now."""
        return None if self.after is None else len(self.after)

    def diff(self, largest: int = LARGEST_DIFF) -> str:
        """The unified diff of a text file; a line that says so for others and those over ``largest`` bytes."""
        if self.kind == "directory" or self.before == self.after:
            return ""
        old = "/dev/null" if self.before is None else printable("a" + (self.old_path or self.path))
        new = "/dev/null" if self.after is None else printable("b" + self.path)
        sizes = f"({count(self.old_size)} -> {count(self.new_size)})"
        if max(self.old_size or 0, self.new_size or 0) > largest:
            return f"Large files {old} and {new} differ {sizes}\n"
        before, after = as_text(self.before), as_text(self.after)
        if before is None or after is None:
            return f"Binary files {old} and {new} differ {sizes}\n"
        if not before and not after:
            return f"Empty file {old if self.after is None else new} {'removed' if self.after is None else 'added'}\n"
        hunks = "".join(unified_diff(split_lines(before), split_lines(after)))
        return f"--- {old}\n+++ {new}\n{hunks}"


@attrs.frozen
class Changes:
    """What changed: tuples of ``Change``, sorted by path. A path appears once; it is false when nothing changed.

    A rename is a file that a move carried, whatever was written to it since, or one added file and one removed file
    with the same contents (empty ones do not count). A file moved over another one is a change of that one, and what
    only changed its times did not change.
    """

    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    renamed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.renamed)

    def __len__(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed) + len(self.renamed)

    def __iter__(self) -> Iterator[Change]:
        """All of them by path; what was removed comes before what took its place."""
        return (change for _, change in self.lettered())

    def lettered(self) -> list[tuple[str, Change]]:
        """Each with ``A``, ``D``, ``M`` or ``R`` as git has them, in the order of iteration."""
        groups = (("D", self.removed), ("M", self.changed), ("R", self.renamed), ("A", self.added))
        pairs = [(letter, change) for letter, group in groups for change in group]
        return sorted(pairs, key=lambda pair: pair[1].path)

    def diff(self, largest: int = LARGEST_DIFF) -> str:
        """Unified diffs of the text files, and a line for each of the others; of those over ``largest`` bytes too."""
        return "".join(change.diff(largest) for change in self)

    def report(self) -> str:
        """One line for each change: ``A /path (12 bytes)``."""
        return "".join(report_line(letter, change) + "\n" for letter, change in self.lettered())


def report_line(letter: str, change: Change) -> str:
    """A change as a line of the report."""
    slash = "/" if change.kind == "directory" else ""
    name = printable(change.path + slash)
    if letter == "R":
        name = f"{printable(f'{change.old_path}{slash}')} -> {name}"
    if change.kind == "directory":
        return f"{letter} {name}"
    if letter == "M" or change.before is not None and change.after is not None and change.before != change.after:
        return f"{letter} {name} ({count(change.old_size)} -> {count(change.new_size)})"
    return f"{letter} {name} ({count(change.old_size if letter == 'D' else change.new_size)})"


def count(size: int | None) -> str:
    """A size in words."""
    return "none" if size is None else "1 byte" if size == 1 else f"{size} bytes"


def as_text(contents: bytes | None) -> str | None:
    """``contents`` as text, ``None`` when it is no UTF-8 or holds NUL."""
    if contents is None:
        return ""
    if b"\0" in contents:
        return None
    try:
        return contents.decode("utf-8")
    except UnicodeDecodeError:
        return None


def printable(name: str) -> str:
    """A name that is safe to print: in quotes, with octal escapes of its bytes as git has them, when it has to be.

    Control characters, those that turn the direction of writing, bytes that are no UTF-8, quotes and backslashes.
    """
    if name.isprintable() and '"' not in name and "\\" not in name:
        return name
    pieces = []
    for character in name:
        if character in '"\\':
            pieces.append("\\" + character)
        elif character.isprintable():
            pieces.append(character)
        else:
            escape = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
            pieces.extend(f"\\{byte:03o}" for byte in character.encode("utf-8", escape))
    return '"' + "".join(pieces) + '"'


def compare(
    before: Mapping[str, State | None], after: Mapping[str, State | None], origins: Mapping[str, str] | None = None
) -> Changes:
    """What changed from ``before`` to ``after``; ``None`` is a path without anything, and both have the same paths.

    ``origins`` tells of paths that exist now where what they hold was before.
    """
    added: dict[str, State] = {}
    removed: dict[str, State] = {}
    changed = []
    for path, old in before.items():
        new = after[path]
        if old is not None and new is not None and old.kind == new.kind:
            if old.contents != new.contents:
                changed.append(Change(path, "file", None, old.contents, new.contents))
            continue
        if old is not None:
            removed[path] = old
        if new is not None:
            added[path] = new
    renamed = []
    for path, old_path in paired(added, removed, origins or {}):
        new, old = added.pop(path), removed.pop(old_path)
        renamed.append(Change(path, new.kind, old_path, old.contents, new.contents))
    return Changes(
        added=in_order(Change(path, new.kind, after=new.contents) for path, new in added.items()),
        removed=in_order(Change(path, old.kind, before=old.contents) for path, old in removed.items()),
        changed=in_order(changed),
        renamed=in_order(renamed),
    )


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """``changes`` by path."""
    return tuple(sorted(changes, key=lambda change: change.path))


def paired(
    added: Mapping[str, State], removed: Mapping[str, State], origins: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Which added path is which removed one: first what was moved, then what has the same contents."""
    left = dict(removed)
    pairs = []
    for path in sorted(added):
        origin = origins.get(path)
        # a path that changed its kind was removed and added; it is not renamed onto itself
        if origin is not None and origin != path and origin in left and left[origin].kind == added[path].kind:
            del left[origin]
            pairs.append((path, origin))
    taken = {path for path, _ in pairs}
    same: dict[bytes, list[str]] = {}
    for path in sorted(left, reverse=True):
        contents = left[path].contents
        if contents:
            same.setdefault(contents, []).append(path)
    for path in sorted(added):
        contents = added[path].contents
        if path not in taken and contents and same.get(contents):
            candidates = same[contents]
            name = path.rpartition("/")[2]
            named = [old for old in candidates if old.rpartition("/")[2] == name]
            origin = named[-1] if named else candidates[-1]
            candidates.remove(origin)
            pairs.append((path, origin))
    return iter(pairs)
