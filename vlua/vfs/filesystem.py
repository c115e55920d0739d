"""The machine room: the files, streams, environment and clock that one runtime has.

In: paths as Lua strings, and what the host lent. Out: ``Stream`` objects; every failure is a ``Failure``.
Every path that a script names passes ``Room.locate``, whichever function of whichever library it was given to.
"""

from __future__ import annotations

import copy
import gc
import os
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vlua.vfs.clock import Clock
from vlua.vfs.failure import (
    EBUSY,
    EEXIST,
    EINVAL,
    EISDIR,
    EMFILE,
    ENAMETOOLONG,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    Failure,
    failure_of,
)
from vlua.vfs.standard import StandardInput, StandardOutput
from vlua.vfs.stream import DirectoryStream, NullStream, Stream
from vlua.vfs.text import from_lua, to_lua
from vlua.vm.errors import LimitReached, LuaError

if TYPE_CHECKING:
    from vlua.vfs.programs.host import HostCommand
    from vlua.vfs.programs.process import Process, Processes
    from vlua.vfs.pyfilesystem import FS
    from vlua.vm.meter import Meter
    from vlua.vm.state import State

__all__ = ["Room"]

LONGEST_NAME = 255  # bytes, as on Linux's filesystems (NAME_MAX)
LONGEST_PATH = 4095  # bytes, as on Linux (PATH_MAX less the terminator)
MOST_OPEN_FILES = 1024  # as the usual `ulimit -n`: open files cost the host memory
TEMPORARY = "/tmp"
NULL_DEVICE = "/dev/null"  # there for whoever opens it, though no directory shows it
COPY_OVERHEAD = 2048  # bytes charged for copying one file or directory besides its contents
NAME_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
NAME_LENGTH = 6  # letters in a temporary name, as mkstemp makes them


class Room:
    """Everything outside of the language that a runtime can reach.

    ``files`` is a PyFilesystem2 filesystem, a mapping of paths to text (stored as UTF-8) or bytes, or ``None``; the
    latter two live in memory. ``environment`` is what ``os.getenv`` knows. ``stdin``, ``stdout`` and ``stderr`` are
    text or binary streams; without them the input is empty and output is discarded. ``commands`` are the host's own
    for ``os.execute`` and ``io.popen`` (see ``LuaRuntime``), ``make_state`` opens a state for the program ``lua``.
    """

    def __init__(
        self,
        files: FS | Mapping[str, str | bytes] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        clock: Clock | None = None,
        commands: Mapping[str, HostCommand | None] | None = None,
        make_state: Callable[[Room], State] | None = None,
    ) -> None:
        self._given: FS | None = None
        self._seed: dict[str, bytes] = {}
        if isinstance(files, Mapping):
            self._seed = _seed_of(files)
        elif files is not None:
            self._given = files
        self._mounts: list[tuple[str, Any, bool]] = []
        self._built: FS | None = None
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()  # of this process
        self._all_streams: weakref.WeakSet[Stream] = weakref.WeakSet()  # of all processes in the room
        self._temporary_names = 0
        self._commands = _checked(commands)
        self._make_state = make_state
        self._processes: Processes | None = None
        self.process: Process | None = None  # None: the host's own script
        self.depth = 0  # C nesting at which the process was started
        self.meter: Meter | None = None
        self.reads_lua_variables = True  # LUA_PATH and LUA_CPATH; `lua -E` ignores them
        self.directory = "/"
        self.environment = {to_lua(name): to_lua(value) for name, value in (environment or {}).items()}
        self.clock = clock if clock is not None else Clock()
        self._charge: Callable[[int], None] = _free
        self.stdin: Stream = StandardInput(stdin, self.charge)
        self.stdout: Stream = StandardOutput(stdout, self.charge)
        self.stderr: Stream = StandardOutput(stderr, self.charge)

    # For the host

    @property
    def filesystem(self) -> FS:
        """The PyFilesystem2 filesystem of the room, mounts included; made when first asked for."""
        if self._built is None:
            self._built = self._build()
        return self._built

    def mount(self, source: Any, path: str = "/", read_only: bool = True) -> None:
        """Let a host directory (or an ``fs`` filesystem) appear at ``path``.

        With ``read_only`` scripts get "Read-only file system" when they write there; without, what they write stays
        in memory above ``source``, which itself is never written to. Mounted at "/", a directory read-only hides what
        ``files`` has, else it lies below it. Raises NotADirectoryError; RuntimeError once a file has been used.
        """
        if self._built is not None:
            raise RuntimeError("mount before the first file is used")
        if isinstance(source, (str, os.PathLike)) and not os.path.isdir(source):
            raise NotADirectoryError(f"not a directory: {os.fspath(source)!r}")
        self._mounts.append((_plain(path), source, read_only))

    def set_charge(self, charge: Callable[[int], None]) -> None:
        """Have ``charge`` called with a number of bytes before they are read or written; it may raise."""
        self._charge = charge

    def charge(self, count: int) -> None:
        """Account for ``count`` bytes about to be kept in memory."""
        self._charge(count)

    def flush(self) -> None:
        """Flush every open file and the standard output streams, failures ignored (as ``exit`` does in C)."""
        self.flush_files()
        for stream in (self.stdout, self.stderr):
            try:
                stream.flush()
            except (Failure, LuaError, LimitReached):
                continue

    def flush_files(self) -> None:
        """Flush every open file, failures ignored."""
        if not self._streams:
            return
        for stream in list(self._streams):
            try:
                stream.flush()
            except (Failure, LuaError, LimitReached):
                continue

    def close(self) -> None:
        """Flush and close every open file; the filesystem itself stays open for the host to read."""
        self.close_files()
        self.flush()

    def close_files(self) -> None:
        """Close every open file but the standard streams, failures ignored (as ``lua_close`` does)."""
        for stream in list(self._streams):
            try:
                stream.close()
            except (Failure, LuaError, LimitReached):
                continue
            self._all_streams.discard(stream)
        self._streams.clear()

    # For the programs

    @property
    def processes(self) -> Processes:
        """What runs here besides the host's own script, and the programs that there are."""
        if self._processes is None:
            from vlua.vfs.programs.host import programs_of
            from vlua.vfs.programs.process import Processes

            self._processes = Processes(programs_of(self._commands), self._make_state)
        return self._processes

    def fork(
        self,
        process: Process,
        *,
        stdin: Stream | None = None,
        stdout: Stream | None = None,
        stderr: Stream | None = None,
        variables: Mapping[str, str] | None = None,
        depth: int = 0,
    ) -> Room:
        """The room as another process has it: the same files, an environment of its own, perhaps other streams.

        ``variables`` are added to the environment; ``depth`` to the C nesting.
        """
        self.filesystem  # noqa: B018 (built now, so that both have the same one)
        room = copy.copy(self)
        room._streams = weakref.WeakSet()
        room.process = process
        room.depth = self.depth + depth
        room.environment = {**self.environment, **(variables or {})}
        room.stdin = self.stdin if stdin is None else stdin
        room.stdout = self.stdout if stdout is None else stdout
        room.stderr = self.stderr if stderr is None else stderr
        return room

    # For the libraries: every path is a Lua string

    def locate(self, path: str) -> tuple[str, bool]:
        """The absolute path in the filesystem that ``path`` names, and whether it must be a directory.

        Relative paths start at the working directory; ``..`` stops at the root. Raises Failure.
        """
        if "\0" in path:
            raise Failure(EINVAL)
        if not path:
            raise Failure(ENOENT)
        if len(path) > LONGEST_PATH:
            raise Failure(ENAMETOOLONG)
        names = path.split("/")
        if path[0] != "/" and self.directory != "/":
            names = self.directory.split("/") + names
        steps: list[str] = []
        for name in names:
            if name == "" or name == ".":
                continue
            if name == "..":
                if steps:
                    self._require_directory(steps)
                    steps.pop()
                continue
            if len(name) > LONGEST_NAME:
                raise Failure(ENAMETOOLONG)
            steps.append(name)
        return "/" + from_lua("/".join(steps)), names[-1] in ("", ".", "..")

    def open(self, path: str, mode: str) -> Stream:
        """Open a file as C's ``fopen`` does; ``mode`` is "r", "w" or "a", perhaps with "+" (a "b" has no meaning).

        A directory can be opened for reading, but not read. Raises Failure.
        """
        mode = mode.replace("b", "")
        self.require_room_for_stream()
        name, directory = self.locate(path)
        if name == NULL_DEVICE and not directory:
            return self.keep(NullStream(mode))
        if directory and mode != "r":
            raise Failure(EISDIR) if self._kind(name) != "file" else Failure(ENOTDIR)
        if mode in ("a", "a+", "r+"):
            self._charge_copy(name)
        try:
            if directory:
                self._require_kind(name, "directory")
            file = self.filesystem.openbin(name, mode + "b", buffering=0)
            if mode == "a+":
                file.seek(0)  # glibc begins to read at the start
        except Exception as error:
            failure = self._explain(name, error)
            if failure.errno == EISDIR and mode == "r":
                return DirectoryStream(self.charge)
            raise failure from None
        return self.keep(Stream(file, mode, self.charge))

    def temporary_file(self) -> Stream:
        """A new file for reading and writing that has no name. Raises Failure."""
        from vlua.vfs.pyfilesystem import MemoryFS

        self.require_room_for_stream()
        return self.keep(Stream(MemoryFS().openbin("file", "w+b"), "w+", self.charge))

    def temporary_name(self) -> str:
        """Make an empty file with a new name in "/tmp" and return its path. Raises Failure."""
        try:
            self.filesystem.makedirs(TEMPORARY, recreate=True)
        except Exception as error:
            raise self._explain(TEMPORARY, error) from None
        while True:
            number, letters = self._temporary_names, ""
            self._temporary_names += 1
            for _ in range(NAME_LENGTH):
                number, index = divmod(number, len(NAME_LETTERS))
                letters = NAME_LETTERS[index] + letters
            path = f"{TEMPORARY}/lua_{letters}"
            if self._kind(path) is None:
                self.open(path, "w").close()
                return path

    def remove(self, path: str) -> None:
        """Remove a file or an empty directory (C's ``remove``). Raises Failure."""
        name, directory = self.locate(path)
        kind = self._require_kind(name, "directory" if directory else None)
        last = path.rstrip("/").rpartition("/")[2]
        if kind == "directory" and last == "..":
            raise Failure(ENOTEMPTY)
        if last == ".":
            raise Failure(EINVAL)
        if self._is_mount_point(name):
            raise Failure(EBUSY)
        try:
            if kind == "directory":
                self.filesystem.removedir(name)
            else:
                self.filesystem.remove(name)
        except Exception as error:
            raise self._explain(name, error) from None

    def rename(self, source: str, target: str) -> None:
        """Rename a file or directory, replacing a file or an empty directory (C's ``rename``). Raises Failure."""
        old, old_directory = self.locate(source)
        new, new_directory = self.locate(target)
        for path, name in ((source, old), (target, new)):
            if path.rstrip("/").rpartition("/")[2] in (".", "..", "") or self._is_mount_point(name):
                self._require_kind(name, None)
                raise Failure(EBUSY)
        kind = self._require_kind(old, "directory" if old_directory else None)
        present = self._kind(new)
        if present is None:
            self._require_kind(new.rpartition("/")[0] or "/", "directory")
        if new_directory and kind != "directory":
            raise Failure(ENOTDIR)
        if old == new:
            return
        if kind == "directory" and new.startswith(old + "/"):
            raise Failure(EINVAL)
        if present == "directory" and kind == "file":
            raise Failure(EISDIR)
        if present == "file" and kind == "directory":
            raise Failure(ENOTDIR)
        self._charge_copy(old)
        try:
            if kind == "file":
                self.filesystem.move(old, new, overwrite=True)
                return
            if present is not None:
                if not self.filesystem.isempty(new):
                    raise Failure(ENOTEMPTY)
                self.filesystem.removedir(new)
            self.filesystem.movedir(old, new, create=True)
        except Exception as error:
            raise self._explain(old, error) from None

    def is_readable(self, path: str) -> bool:
        """Whether ``path`` can be opened for reading, as ``package.searchpath`` asks (directories can)."""
        try:
            self.open(path, "r").close()
        except Failure:
            return False
        return True

    # Inside

    def _build(self) -> FS:
        from vlua.vfs.pyfilesystem import FS, MemoryFS, read_only

        root: Any = self._given
        if root is None:
            root = MemoryFS()
            for path, contents in self._seed.items():
                root.makedirs(path.rpartition("/")[0] or "/", recreate=True)
                root.writebytes(path, contents)
            self._seed = {}

        def layered(source: Any, protected: bool, upper: Any) -> FS:
            from vlua.vfs.directory import HostDirectory

            lower: FS = read_only(source) if isinstance(source, FS) else HostDirectory(source)
            if protected:
                return lower
            from vlua.vfs.overlay import OverlayFS

            return OverlayFS(lower, upper)

        for path, source, protected in self._mounts:
            if path == "/":
                root = layered(source, protected, root)
        others = [mount for mount in self._mounts if mount[0] != "/"]
        if others:
            from vlua.vfs.mounts import MountTable

            root = MountTable(root)
            for path, source, protected in others:
                root.mount(path, layered(source, protected, MemoryFS()))
        built: FS = root
        return built

    def _charge_copy(self, name: str) -> None:
        """Account for what changing ``name`` may copy into memory from below a mount."""
        if not self._mounts:
            return
        try:
            info = self.filesystem.getinfo(name, ["details"])
            below = self.filesystem.walk.info(name, namespaces=["details"]) if info.is_dir else [(name, info)]
        except Exception:
            return  # there is nothing to copy; what is wrong is told by the operation itself
        for _, item in below:
            self.charge(COPY_OVERHEAD + item.size)

    def _is_mount_point(self, name: str) -> bool:
        return name == "/" or any(name == path for path, _, _ in self._mounts)

    def _kind(self, name: str) -> str | None:
        """ "file" or "directory", ``None`` when there is nothing of that name."""
        try:
            return "directory" if self.filesystem.getinfo(name).is_dir else "file"
        except Exception:
            return None

    def _require_kind(self, name: str, wanted: str | None) -> str:
        """The kind of what must exist, and be of kind ``wanted`` when given."""
        try:
            kind = "directory" if self.filesystem.getinfo(name).is_dir else "file"
        except Exception as error:
            raise self._explain(name, error) from None
        if wanted is not None and kind != wanted:
            raise Failure(ENOTDIR if wanted == "directory" else EISDIR)
        return kind

    def _require_directory(self, steps: list[str]) -> None:
        self._require_kind("/" + from_lua("/".join(steps)), "directory")

    def _explain(self, name: str, error: Exception) -> Failure:
        """The failure for ``error``: a missing file below something that is no directory is told as Linux does."""
        failure = failure_of(error)
        if failure.errno in (ENOENT, EEXIST, ENOTDIR):
            parent = name
            while parent := parent.rpartition("/")[0]:
                kind = self._kind(parent)
                if kind is not None:
                    return Failure(ENOTDIR) if kind == "file" else failure
        return failure

    def names_in(self, path: str) -> list[str]:
        """The names in a directory. Raises Failure."""
        name, _ = self.locate(path)
        try:
            return [to_lua(entry) for entry in self.filesystem.listdir(name)]
        except Exception as error:
            raise self._explain(name, error) from None

    def make_directory(self, path: str) -> None:
        """Make a directory in one that exists. Raises Failure."""
        name, _ = self.locate(path)
        if self._kind(name) is not None:
            raise Failure(EEXIST)
        self._require_kind(name.rpartition("/")[0] or "/", "directory")
        try:
            self.filesystem.makedir(name)
        except Exception as error:
            raise self._explain(name, error) from None

    def kind(self, path: str) -> str:
        """ "file" or "directory". Raises Failure when ``path`` names neither."""
        name, directory = self.locate(path)
        return self._require_kind(name, "directory" if directory else None)

    # Open streams

    def require_room_for_stream(self) -> None:
        """Raise Failure when as many files are open as may be."""
        if len(self._all_streams) >= MOST_OPEN_FILES:
            gc.collect()  # files in reference cycles are closed when they are found
            if len(self._all_streams) >= MOST_OPEN_FILES:
                raise Failure(EMFILE)

    def keep(self, stream: Stream) -> Stream:
        """Count a stream as open, to be closed with the room at the latest."""
        self._streams.add(stream)
        self._all_streams.add(stream)
        return stream

    def release(self, stream: Stream) -> None:
        """Close a stream and let its place be used again. Raises Failure when its last writes fail."""
        self._streams.discard(stream)
        self._all_streams.discard(stream)
        stream.close()


def _free(count: int) -> None:
    """Charge nothing: a room that belongs to no runtime yet."""


def _plain(path: str) -> str:
    """An absolute path without ``.``, ``..`` and doubled slashes, read as if no directory were missing."""
    steps: list[str] = []
    for name in path.split("/"):
        if name == "..":
            del steps[-1:]
        elif name not in ("", "."):
            steps.append(name)
    return "/" + "/".join(steps)


def _seed_of(files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    """The files of a mapping by absolute path. Raises TypeError or ValueError for what cannot be a file tree."""
    seed: dict[str, bytes] = {}
    for path, contents in files.items():
        if not isinstance(path, str) or not isinstance(contents, (str, bytes)):
            raise TypeError(f"files must map paths to text or bytes, not {type(contents).__name__} at {path!r}")
        if "\0" in path or _plain(path) == "/":
            raise ValueError(f"not a file path: {path!r}")
        seed[_plain(path)] = contents.encode("utf-8", "surrogateescape") if isinstance(contents, str) else contents
    for path in seed:
        parent = path
        while parent := parent.rpartition("/")[0]:
            if parent in seed:
                raise ValueError(f"{parent!r} cannot be both a file and a directory")
    return seed


def _checked(commands: Mapping[str, HostCommand | None] | None) -> dict[str, HostCommand | None]:
    """The commands of the host. Raises TypeError or ValueError for what no command line could run."""
    for name, command in (commands or {}).items():
        if not isinstance(name, str) or not name or "/" in name or "\0" in name:
            raise ValueError(f"not a name for a command: {name!r}")
        if command is not None and not callable(command):
            raise TypeError(f"command {name!r} must be callable or None, not {type(command).__name__}")
    return dict(commands or {})
