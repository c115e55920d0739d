"""Writing to a host directory what happened in an overlay above it.

In: an overlay whose lower filesystem is a ``HostDirectory``. Out: the directory on the host as the overlay shows it,
but for what somebody else changed there in the meantime, and a report.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import signal
import stat
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Literal

import attrs

from vlua.vfs.changes import printable
from vlua.vfs.directory import Fingerprint, HostDirectory
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import FS, dirname, errors, iteratepath, join

__all__ = ["ApplyInterrupted", "Outcome", "Report", "apply_changes"]

CHUNK = 1 << 18  # bytes copied at a time
PERMISSION_BITS = 0o777  # what a script wrote must not come to run as somebody else
BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd  # else by path, as on Windows
STEP_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
WRITE_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
)

Action = Literal["create", "replace", "remove", "make directory", "remove directory"]


@attrs.frozen
class Outcome:
    """One step: what was to be done with a path of the overlay, and why it was not (``""`` when it was)."""

    action: Action
    path: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.action} {printable(self.path)}" + (f": {self.reason}" if self.reason else "")


@attrs.frozen
class Report:
    """What was done, what was not since the host's file is not what the script knew, and what the host did not let.

    ``dry_run``: nothing was written; ``interrupted``: there was more to do. True when everything was done.
    """

    applied: tuple[Outcome, ...] = ()
    refused: tuple[Outcome, ...] = ()
    failed: tuple[Outcome, ...] = ()
    dry_run: bool = False
    interrupted: bool = False

    def __bool__(self) -> bool:
        return not (self.refused or self.failed or self.interrupted)

    def text(self) -> str:
        """One line for each step, those that were not done with the reason."""
        done = "would " if self.dry_run else ""
        lines = [f"{done}{outcome}" for outcome in self.applied]
        lines += [f"refused to {outcome}" for outcome in self.refused]
        lines += [f"could not {outcome}" for outcome in self.failed]
        if self.interrupted:
            lines.append("interrupted: what is not listed was not done")
        return "".join(line + "\n" for line in lines)


class ApplyInterrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of ``apply_changes``. Every file is as it was or as it is to be; ``report`` says which."""

    def __init__(self, report: Report) -> None:
        super().__init__("interrupted")
        self.report = report


def apply_changes(overlay: OverlayFS, *, dry_run: bool = False) -> Report:
    """Make the host directory below ``overlay`` look like ``overlay``; with ``dry_run`` only say what would be done.

    Each file is written beside its place, brought to the disk and then put in place at once; a replaced one keeps its
    permissions. A file is refused when it is not what it was when the overlay read, replaced or removed it, a new one
    when there is one by now; a directory is refused when it is not empty. No symbolic link is followed or replaced.
    When something could not be written, no file is removed: it may have been moved there.
    There is an instant between the last look at a file and its replacement in which a change of it is lost.

    Raises ValueError when there is no host directory below; ApplyInterrupted when Ctrl-C is pressed.
    """
    lower = overlay.lower
    if not isinstance(lower, HostDirectory):
        raise ValueError("changes can be applied only to a directory of the host")
    work = Application(overlay, lower, dry_run)
    try:
        with interrupts_deferred() as check:
            try:
                work.run(check)
            finally:
                work.synchronise()
    except KeyboardInterrupt:
        raise ApplyInterrupted(work.report(interrupted=True)) from None
    return work.report()


class Refusal(Exception):
    """The host's file is not what the script knew."""


class Application:
    """One run of ``apply_changes``."""

    def __init__(self, overlay: OverlayFS, lower: HostDirectory, dry_run: bool) -> None:
        self.overlay = overlay
        self.root = lower.root
        self.known = lower.seen
        self.dry_run = dry_run
        self.outcomes: dict[str, list[Outcome]] = {"applied": [], "refused": [], "failed": []}
        self.touched: set[str] = set()
        # What a dry run would have removed, and where it would have made directories.
        self.gone: set[str] = set()
        self.made: set[str] = set()
        self.unwritten = False

    def report(self, interrupted: bool = False) -> Report:
        """What happened so far."""
        lists = {name: tuple(outcomes) for name, outcomes in self.outcomes.items()}
        return Report(**lists, dry_run=self.dry_run, interrupted=interrupted)

    def run(self, check: Any) -> None:
        """Do everything; ``check`` is called where it may be interrupted."""
        files = self.overlay.changed_paths()
        directories = self.overlay.added_directories()
        modes = self.modes_of_moved()
        hidden = [*self.overlay.removed_paths(), *self.overlay.opaque_paths()]
        # What is in the way of something of another kind goes first, all else that goes goes last: a script that
        # moved a file has it in one place or the other, whatever happens.
        wanted = {**dict.fromkeys(directories, True), **dict.fromkeys(files, False)}
        for path, is_directory in wanted.items():
            status = self.look(path)
            if status is not None and not stat.S_ISLNK(status.st_mode):
                if is_directory and not stat.S_ISDIR(status.st_mode):
                    self.step("remove", path, check, lambda path: self.remove(path))
                elif not is_directory and stat.S_ISDIR(status.st_mode):
                    self.remove_tree(path, check)
        for path in sorted(directories):
            if not self.is_directory(path):
                self.step("make directory", path, check, self.make_directory)
        for path in files:
            self.write(path, modes, check)
        for path in sorted(hidden, reverse=True):
            self.remove_tree(path, check)

    def step(self, action: Action, path: str, check: Any, deed: Any) -> bool:
        """Do one thing and note how it went."""
        check()
        try:
            if deed(path) is False:
                return True  # it was so already
        except Refusal as refusal:
            self.outcomes["refused"].append(Outcome(action, path, str(refusal)))
        except OSError as error:
            self.outcomes["failed"].append(Outcome(action, path, (error.strerror or type(error).__name__).lower()))
        except ValueError:
            self.outcomes["failed"].append(Outcome(action, path, "not a file name on this host"))
        except errors.FSError:
            self.outcomes["failed"].append(Outcome(action, path, "the overlay cannot read it"))
        else:
            self.outcomes["applied"].append(Outcome(action, path))
            return True
        return False

    # Looking

    @contextlib.contextmanager
    def place(self, path: str) -> Iterator[tuple[str, int | None]]:
        """The name of a path and the directory descriptor it is relative to. Raises OSError, Refusal for a link."""
        *folders, name = list(iteratepath(path)) or ["."]
        if os.sep != "/" and any(os.sep in part or ":" in part for part in (*folders, name)):
            raise OSError(0, "not a file name on this host")
        if not BY_DESCRIPTOR:
            host = self.root
            for folder in folders:
                host = os.path.join(host, folder)
                if os.path.islink(host):
                    raise Refusal("there is a symbolic link on the way to it")
            yield os.path.join(host, name), None
            return
        descriptor = os.open(self.root, STEP_FLAGS & ~getattr(os, "O_NOFOLLOW", 0))
        try:
            for folder in folders:
                try:
                    inner = os.open(folder, STEP_FLAGS, dir_fd=descriptor)
                except OSError:
                    if stat.S_ISLNK(os.lstat(folder, dir_fd=descriptor).st_mode):
                        raise Refusal("there is a symbolic link on the way to it") from None
                    raise
                os.close(descriptor)
                descriptor = inner
            yield name, descriptor
        finally:
            os.close(descriptor)

    def look(self, path: str) -> os.stat_result | None:
        """What the host has at ``path``; ``None`` if nothing or nothing that could be reached."""
        if path in self.gone:
            return None
        try:
            with self.place(path) as (name, folder):
                return os.lstat(name, dir_fd=folder)
        except (OSError, ValueError, Refusal):
            return None

    def is_directory(self, path: str) -> bool:
        """Whether the host has a real directory at ``path``."""
        status = self.look(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def modes_of_moved(self) -> dict[str, int]:
        """The permissions of files that are gone, by the SHA-256 of their contents: those that move keep them."""
        modes = {}
        for path in self.overlay.removed_paths():
            known, status = self.known(path), self.look(path)
            if known is not None and known.sha256 is not None and status is not None and stat.S_ISREG(status.st_mode):
                modes[known.sha256] = status.st_mode & PERMISSION_BITS
        return modes

    def require_known(self, path: str, status: os.stat_result, name: str, folder: int | None) -> None:
        """Raise Refusal unless the host's file is the one that the overlay knew."""
        if stat.S_ISLNK(status.st_mode):
            raise Refusal("it is a symbolic link")
        if not stat.S_ISREG(status.st_mode):
            raise Refusal("it is no regular file on the host")
        known = self.known(path)
        if known is None:
            raise Refusal("the host has a file there that the script never knew")
        if known.sha256 is None:
            same = Fingerprint.of(status) == attrs.evolve(known, sha256=None)
        else:
            same = known.size == status.st_size and digest_of_host(name, folder) == known.sha256
        if not same:
            raise Refusal("it changed on the host")

    # Doing

    def make_directory(self, path: str) -> None:
        """Make a directory that the host does not have."""
        if self.dry_run:
            self.require_parent(path)
            if self.look(path) is not None:
                raise Refusal("the host has something else there")
            self.made.add(path)
            return
        with self.place(path) as (name, folder):
            try:
                os.mkdir(name, dir_fd=folder)
            except FileExistsError:
                if not stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
                    raise Refusal("the host has something else there") from None
        self.touched.add(dirname(path))

    def require_parent(self, path: str) -> None:
        """Raise what writing at ``path`` would, for a dry run."""
        if dirname(path) not in self.made:
            with self.place(path):
                pass

    def write(self, path: str, modes: dict[str, int], check: Any) -> None:
        """Bring one file of the overlay to the host."""
        status = self.look(path)
        action: Action = "create" if status is None else "replace"
        if not self.step(action, path, check, lambda path: self.put(path, modes, check)):
            self.unwritten = True

    def put(self, path: str, modes: dict[str, int], check: Any) -> bool:
        """Put a file in place; false when the host has it already."""
        if self.dry_run and (dirname(path) in self.made or path in self.gone):
            return True
        with self.place(path) as (name, folder):
            status = lstat_or_none(name, folder)
            digest = digest_of(self.overlay, path)
            if status is None:
                if self.known(path) is not None and path not in self.gone:
                    raise Refusal("it was removed on the host")
                mode = modes.get(digest)
            else:
                if stat.S_ISREG(status.st_mode) and same_size(self.overlay, path, status):
                    with contextlib.suppress(OSError):
                        if digest_of_host(name, folder) == digest:
                            return False
                self.require_known(path, status, name, folder)
                mode = status.st_mode & PERMISSION_BITS
            if not self.dry_run:
                partial = temporary_beside(name)
                try:
                    self.fill(path, partial, folder, mode, check)
                    exchange(partial, name, folder, status)
                finally:
                    with contextlib.suppress(OSError):
                        os.unlink(partial, dir_fd=folder)
                self.touched.add(dirname(path))
        return True

    def fill(self, path: str, partial: str, folder: int | None, mode: int | None, check: Any) -> None:
        """Write the overlay's file to a new one of the host, down to the disk."""
        descriptor = os.open(partial, WRITE_FLAGS, 0o666 if mode is None else 0o600, dir_fd=folder)
        with os.fdopen(descriptor, "wb", buffering=0) as target, self.overlay.openbin(path, "r") as source:
            while chunk := source.read(CHUNK):
                check()
                rest = memoryview(chunk)
                while rest:
                    rest = rest[target.write(rest) :]
            if mode is not None:
                os.chmod(target.fileno() if os.chmod in os.supports_fd else partial, mode)
            os.fsync(target.fileno())

    def remove(self, path: str) -> bool:
        """Remove a file that the host still has as the overlay knew it."""
        with self.place(path) as (name, folder):
            status = lstat_or_none(name, folder)
            if status is None:
                return False
            self.require_known(path, status, name, folder)
            if self.unwritten:
                raise Refusal("it may have been moved to what could not be written")
            if not self.dry_run:
                os.unlink(name, dir_fd=folder)
        self.gone.add(path)
        self.touched.add(dirname(path))
        return True

    def remove_tree(self, path: str, check: Any) -> None:
        """Remove from the host what the overlay does not have at ``path`` and below."""
        status = self.look(path)
        if status is None:
            return
        if not stat.S_ISDIR(status.st_mode):
            if not self.overlay.isfile(path):
                self.step("remove", path, check, self.remove)
            return
        for name in self.names(path):
            self.remove_tree(join(path, name), check)
        if not self.overlay.isdir(path):
            self.step("remove directory", path, check, self.remove_directory)

    def names(self, path: str) -> list[str]:
        """The names in a directory of the host; none when it cannot be read."""
        try:
            with self.place(path) as (name, folder):
                if folder is None:
                    return sorted(os.listdir(name))
                descriptor = os.open(name, STEP_FLAGS, dir_fd=folder)
                try:
                    return sorted(os.listdir(descriptor))
                finally:
                    os.close(descriptor)
        except (OSError, ValueError, Refusal):
            return []

    def remove_directory(self, path: str) -> None:
        """Remove a directory that has become empty."""
        if [name for name in self.names(path) if join(path, name) not in self.gone]:
            raise Refusal("it is not empty on the host")
        if not self.dry_run:
            with self.place(path) as (name, folder):
                os.rmdir(name, dir_fd=folder)
        self.gone.add(path)
        self.touched.add(dirname(path))

    def synchronise(self) -> None:
        """Bring the directories to the disk, where the host can."""
        if self.dry_run or not BY_DESCRIPTOR:
            return
        for path in sorted(self.touched):
            with contextlib.suppress(OSError, ValueError, Refusal), self.place(path) as (name, folder):
                descriptor = os.open(name, STEP_FLAGS, dir_fd=folder)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)


def temporary_beside(name: str) -> str:
    """A name for a file in the same directory that nothing has."""
    return os.path.join(os.path.dirname(name), f".vlua-{secrets.token_hex(12)}.tmp")


def exchange(partial: str, name: str, folder: int | None, status: os.stat_result | None) -> None:
    """Put ``partial`` at ``name``, if there is still what ``status`` told. Raises Refusal, OSError."""
    if status is None:
        try:
            os.link(partial, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            return
        except FileExistsError:
            raise Refusal("the host has a file there by now") from None
        except (OSError, NotImplementedError):
            pass  # not every filesystem of a host has links
    if not same_file(status, lstat_or_none(name, folder)):
        raise Refusal("it changed on the host")
    os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)


def same_file(one: os.stat_result | None, two: os.stat_result | None) -> bool:
    """Whether nothing happened to a file between two looks at it."""
    if one is None or two is None:
        return one is two
    return (one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_mode) == (
        two.st_ino,
        two.st_size,
        two.st_mtime_ns,
        two.st_ctime_ns,
        two.st_mode,
    )


def lstat_or_none(name: str, folder: int | None) -> os.stat_result | None:
    """What there is at ``name``. Raises OSError for other reasons than that there is nothing."""
    try:
        return os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return None


def same_size(fs: FS, path: str, status: os.stat_result) -> bool:
    """Whether a file of ``fs`` has as many bytes as one of the host."""
    return bool(fs.getsize(path) == status.st_size)


def digest_of(fs: FS, path: str) -> str:
    """The SHA-256 of a file of ``fs`` in hexadecimal."""
    digest = hashlib.sha256()
    with fs.openbin(path, "r") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def digest_of_host(name: str, folder: int | None) -> str:
    """The SHA-256 of a regular file of the host in hexadecimal."""
    with os.fdopen(os.open(name, READ_FLAGS, dir_fd=folder), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def interrupts_deferred() -> Iterator[Any]:
    """Ctrl-C is noted, and raised as KeyboardInterrupt when what this yields is called, or at the end."""
    pressed = False

    def note(_: int, __: FrameType | None) -> None:
        nonlocal pressed
        pressed = True

    def check() -> None:
        nonlocal pressed
        if pressed:
            pressed = False
            raise KeyboardInterrupt

    previous = signal.getsignal(signal.SIGINT)
    # other threads are never interrupted, and who handles or ignores the signal in his own way goes on doing so
    if threading.current_thread() is not threading.main_thread() or previous is not signal.default_int_handler:
        yield lambda: None
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, previous)
    check()
