"""The machine room: the files, streams, environment and clock that one runtime has.

In: paths as Lua strings, and what the host lent. Out: ``Stream`` objects; every failure is a ``Failure``.
Every path that a script names passes ``Room.locate``, whichever function of whichever library it was given to.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from threading import RLock
from typing import TYPE_CHECKING, Any

from vlua.vfs.clock import Clock
from vlua.vfs.failure import (
    EBUSY,
    EEXIST,
    EINVAL,
    EISDIR,
    ENAMETOOLONG,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    Failure,
    failure_of,
)
from vlua.vfs.judge import Judge
from vlua.vfs.open_files import OpenFiles, flush_all
from vlua.vfs.seed import Seed, is_filesystem, plain_path
from vlua.vfs.standard import StandardInput, StandardOutput
from vlua.vfs.stream import DirectoryStream, NullStream, Stream
from vlua.vfs.text import from_lua, to_lua
from vlua.vfs.times import FileTimes
from vlua.vm.frames import lib_error

if TYPE_CHECKING:
    from vlua.vfs.programs.host import HostCommand
    from vlua.vfs.programs.process import Process, Processes
    from vlua.vfs.pyfilesystem import FS
    from vlua.vfs.quota import Quota
    from vlua.vfs.rules import Rule
    from vlua.vfs.sources import Mount
    from vlua.vfs.stack import Stack
    from vlua.vm.meter import Meter
    from vlua.vm.state import State

__all__ = ["Room"]

LONGEST_NAME = 255  # bytes, as on Linux's filesystems (NAME_MAX)
LONGEST_PATH = 4095  # bytes, as on Linux (PATH_MAX less the terminator)
TEMPORARY = "/tmp"
NAMELESS = "/.nameless"  # a temporary file's name under a quota, before it loses it
NULL_DEVICE = "/dev/null"  # there for whoever opens it, though no directory shows it
COPY_OVERHEAD = 2048  # bytes charged for copying one file or directory besides its contents
MOVE_SECONDS = 0.0002  # time that changing one of many files may take without a look at the clock
NAME_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
NAME_LENGTH = 6  # letters in a temporary name, as mkstemp makes them


class Room:
    """Everything outside of the language that a runtime can reach.

    ``files`` is a PyFilesystem2 filesystem, a mapping of paths to contents (see ``Seed``), or ``None``; the latter two
    live in memory. ``mounts`` appear among them. ``directory`` is where relative paths start, made if it is missing.
    ``quota`` and ``rules`` bind scripts; ``on_event`` is told of each decision about a path (see ``RuleFS``).
    ``environment`` is what ``os.getenv`` knows. ``stdin``, ``stdout`` and ``stderr`` are text or binary streams;
    without them the input is empty and output is discarded. ``commands`` are the host's own for ``os.execute`` and
    ``io.popen`` (see ``LuaRuntime``), ``make_state`` opens a state for the program ``lua``,
    ``judge`` says what programs may do.

    Raises TypeError, ValueError or FileNotFoundError for files, mounts and commands that cannot be.
    """

    def __init__(
        self,
        files: FS | Mapping[str, Any] | None = None,
        *,
        mounts: Mapping[str, Any] | Iterable[Any] = (),
        directory: str = "/",
        quota: Quota | None = None,
        rules: Iterable[Rule] = (),
        on_event: Callable[..., None] | None = None,
        environment: Mapping[str, str] | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        clock: Clock | None = None,
        commands: Mapping[str, HostCommand | None] | None = None,
        make_state: Callable[[Room], State] | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._given: FS | None = None
        self._seed = Seed()
        if isinstance(files, Mapping) or files is None:
            self._seed = Seed(files)
        elif is_filesystem(files):
            self._given = files
        else:
            raise TypeError(f"files must be a mapping or a filesystem, not {type(files).__name__}")
        # Other rooms may have the same files: who appends to one must find its end where it was.
        self._append_lock: AbstractContextManager[Any] | None = None if self._given is None else self._given.lock()
        self._mounts = _mounts_of(mounts)
        self._quota = quota
        self.limits: Any = None
        self._rules = tuple(rules)
        self._on_event = on_event
        self._stack: Stack | None = None
        self.lock: AbstractContextManager[Any] = RLock()  # held by whoever runs scripts in the room
        self._files = OpenFiles()
        self._temporary_names = 0
        self._commands = _checked(commands)
        self._make_state = make_state
        self._processes: Processes | None = None
        self.process: Process | None = None  # None: the host's own script
        self.depth = 0  # C nesting at which the process was started
        self.meter: Meter | None = None
        self.reads_lua_variables = True  # LUA_PATH and LUA_CPATH; `lua -E` ignores them
        self.directory = to_lua(plain_path(directory))
        self.environment = {to_lua(name): to_lua(value) for name, value in (environment or {}).items()}
        self.clock = clock if clock is not None else Clock()
        self._times = FileTimes(self.clock)
        self.judge = judge if judge is not None else Judge()
        self._charge: Callable[[int], None] = _free
        self.stdin: Stream = StandardInput(stdin, self.charge)
        self.stdout: Stream = StandardOutput(stdout, self.charge)
        self.stderr: Stream = StandardOutput(stderr, self.charge)
        if self._mounts:
            self.stack  # noqa: B018 (so that a mount that cannot be made is told now)

    # For the host

    @property
    def stack(self) -> Stack:
        """The filesystems of the room; made when first asked for."""
        if self._stack is None:
            from vlua.vfs.stack import build_stack

            files = self._given if self._given is not None else self._seed.build()
            self._stack = build_stack(
                files,
                self._mounts,
                directory=from_lua(self.directory),
                quota=self._quota,
                limits=self.limits,
                rules=self._rules,
                on_event=self._on_event,
            )
            self._seed = Seed()
        return self._stack

    @property
    def filesystem(self) -> FS:
        """The PyFilesystem2 filesystem that scripts see."""
        stack = self._stack
        return stack.top if stack is not None else self.stack.top

    def set_limits(self, limits: Any, count: Callable[[int], None]) -> None:
        """Have scripts end when they open, add or write too much; ``count`` is called with the bytes of output."""
        self.limits = limits
        self._files.limit = limits.open_files
        for stream in (self.stdout, self.stderr):
            if isinstance(stream, StandardOutput):
                stream.count_with(count)

    @property
    def open_files(self) -> int:
        """How many files scripts have open."""
        return len(self._files)

    def added(self) -> tuple[int, int]:
        """The bytes and the number of the files that count against quotas and limits."""
        return self._stack.used() if self._stack is not None else (0, 0)

    def set_charge(self, charge: Callable[[int], None]) -> None:
        """Have ``charge`` called with a number of bytes before they are read or written; it may raise."""
        self._charge = charge

    def charge(self, count: int) -> None:
        """Account for ``count`` bytes about to be kept in memory."""
        self._charge(count)

    def flush(self) -> None:
        """Flush every open file and the standard output streams, failures ignored (as ``exit`` does in C).

        Raises LimitReached in a process: whoever has started it goes on.
        """
        reached = self._files.flush()
        reached = flush_all((self.stdout, self.stderr)) or reached
        if reached is not None and self.process is not None:
            raise reached

    def flush_files(self) -> None:
        """Flush every open file, failures ignored."""
        self._files.flush()

    def settle_files(self) -> None:
        """Flush every open file and forget what was read ahead, since the files are about to change below them."""
        self._files.settle()

    def close(self) -> None:
        """Flush and close every open file; the filesystem itself stays open for the host to read."""
        self.close_files()
        self.flush()

    def close_files(self) -> None:
        """Close every open file but the standard streams, failures ignored (as ``lua_close`` does)."""
        self._files.close()

    # For the programs

    @property
    def processes(self) -> Processes:
        """What runs here besides the host's own script, and the programs that there are."""
        if self._processes is None:
            from vlua.vfs.programs.host import programs_of
            from vlua.vfs.programs.process import Processes

            self._processes = Processes(programs_of(self._commands), self._make_state, self.judge)
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
        self.stack  # noqa: B018 (built now, so that both have the same one)
        room = copy.copy(self)
        room._files = self._files.fork()
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
        if len(path) > LONGEST_PATH:
            self.charge(len(path))
        _check(path)
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
        self._files.require_room()
        name, directory = self.locate(path)
        if name == NULL_DEVICE and not directory:
            return self.keep(NullStream(mode, self.charge))
        if directory and mode != "r":
            if mode != "r+" and path[-1] == "/" and self._last_name(path) not in (".", ".."):
                raise Failure(EISDIR)  # Linux makes no file for such a name, whatever is there
            self._require_kind(name, "directory")
            raise Failure(EISDIR)
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
        return self._files.keep(Stream(file, mode, self.charge, self._append_lock if mode[0] == "a" else None))

    def temporary_file(self) -> Stream:
        """A new file for reading and writing that has no name. Raises Failure."""
        self._files.require_room()
        quota = self.stack.quota
        try:
            if quota is None:
                from vlua.vfs.pyfilesystem import MemoryFS

                file = MemoryFS().openbin("file", "w+b")
            else:
                name = NAMELESS
                while quota.exists(name):
                    name += "_"
                file = quota.openbin(name, "w+b", buffering=0)
                quota.remove(name)  # it counts until it is closed
        except Exception as error:
            raise self._explain("/", error) from None
        return self.keep(Stream(file, "w+", self.charge))

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
        self._times.forget(name)

    def rename(self, source: str, target: str) -> None:
        """Rename a file or directory, replacing a file or an empty directory (C's ``rename``). Raises Failure."""
        # in the order in which Linux looks
        last_names = [self._last_name(path) for path in (source, target)]
        old, old_directory = self.locate(source)
        new, new_directory = self.locate(target)
        if any(name in ("", ".", "..") for name in last_names):
            raise Failure(EBUSY)
        kind = self._require_kind(old, None)
        if kind == "file" and (old_directory or new_directory):
            raise Failure(ENOTDIR)
        if self._is_mount_point(old) or self._is_mount_point(new):
            raise Failure(EBUSY)
        if kind == "directory" and new.startswith(old + "/"):
            raise Failure(EINVAL)
        if old.startswith(new + "/"):
            raise Failure(ENOTEMPTY)
        if old == new:
            return
        present = self._kind(new)
        if present == "directory" and kind == "file":
            raise Failure(EISDIR)
        if present == "file" and kind == "directory":
            raise Failure(ENOTDIR)
        self._charge_copy(old, kind == "directory")
        self._times.forget(old)
        self._times.forget(new)
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

    def names_in(self, path: str) -> list[str]:
        """The names in a directory. Raises Failure."""
        name, _ = self.locate(path)
        try:
            return [to_lua(entry) for entry in self.filesystem.listdir(name)]
        except Exception as error:
            raise self._explain(name, error) from None

    def make_directory(self, path: str) -> None:
        """Make a directory in one that exists. Raises Failure."""
        last_name = self._last_name(path)
        name, _ = self.locate(path)
        if last_name in ("", ".", "..") or self._kind(name) is not None:
            raise Failure(EEXIST)
        try:
            self.filesystem.makedir(name)
        except Exception as error:
            raise self._explain(name, error) from None

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory and nothing else (C's ``rmdir``). Raises Failure."""
        name, _ = self.locate(path)
        self._require_kind(name, "directory")
        self.remove(path)

    def change_directory(self, path: str) -> None:
        """Let relative paths start at the directory ``path`` (C's ``chdir``). Raises Failure."""
        name, _ = self.locate(path)
        self._require_kind(name, "directory")
        self.directory = to_lua(name)

    def kind(self, path: str) -> str:
        """ "file" or "directory". Raises Failure when ``path`` names neither."""
        name, directory = self.locate(path)
        return self._require_kind(name, "directory" if directory else None)

    def information(self, path: str) -> tuple[str, bool, Mapping[str, Any]]:
        """The absolute path of what ``path`` names, whether it is a directory, its size and times. Raises Failure."""
        name, directory = self.locate(path)
        try:
            info = self.filesystem.getinfo(name, ["details"])
        except Exception as error:
            raise self._explain(name, error) from None
        if directory and not info.is_dir:
            raise Failure(ENOTDIR)
        return to_lua(name), bool(info.is_dir), self._times.shown(name, info.raw.get("details", {}))

    def set_times(self, path: str, accessed: float, modified: float) -> None:
        """Set the times of a file or directory, in seconds since 1970 UTC (C's ``utime``). Raises Failure."""
        name, directory = self.locate(path)
        self._require_kind(name, "directory" if directory else None)
        if name == "/":
            return  # the filesystems have no times for their roots
        self._charge_copy(name)
        try:
            self.filesystem.setinfo(name, {"details": {"accessed": accessed, "modified": modified}})
        except Exception as error:
            raise self._explain(name, error) from None
        self._times.set(name, accessed, modified)

    # Open streams

    def require_room_for_stream(self) -> None:
        """Raise Failure when as many files are open as may be."""
        self._files.require_room()

    def keep(self, stream: Stream) -> Stream:
        """Count a stream as open, to be closed with the room at the latest."""
        return self._files.keep(stream)

    def release(self, stream: Stream) -> None:
        """Close a stream and let its place be used again. Raises Failure when its last writes fail."""
        self._files.release(stream)

    # Inside

    def _charge_copy(self, name: str, each: bool = False) -> None:
        """Account for what changing ``name`` may copy into memory from below a mount, or move one by one (``each``)."""
        if not self._mounts and not each:
            return
        try:
            info = self.filesystem.getinfo(name, ["details"])
            walk = self.filesystem.walk.info(name, namespaces=["details"]) if info.is_dir else ()
            below = [info, *(entry for _, entry in walk)]
        except Exception:
            return  # there is nothing to copy; what is wrong is told by the operation itself
        for entry in below:
            self.charge(COPY_OVERHEAD + entry.size)
        if self.meter is not None:
            self.meter.require_time(len(below) * MOVE_SECONDS)

    def _is_mount_point(self, name: str) -> bool:
        return name in self.stack.mount_points

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

    def _last_name(self, path: str) -> str:
        """The last name in ``path``, "" for the root. Raises Failure when what it is in is no directory."""
        if len(path) > LONGEST_PATH:
            self.charge(len(path))
        _check(path)
        stripped = path.rstrip("/")
        if not stripped:
            return ""
        directory, slash, name = stripped.rpartition("/")
        place, _ = self.locate(directory + slash if slash else ".")
        self._require_kind(place, "directory")
        return name

    def _require_directory(self, steps: list[str]) -> None:
        self._require_kind("/" + from_lua("/".join(steps)), "directory")

    def _explain(self, name: str, error: Exception) -> Failure:
        """The failure for ``error``: a missing file below something that is no directory is told as Linux does.

        Raises LuaError for a function of the host that was to make the file and failed: its error is not a file's.
        """
        if type(error).__name__ == "SeedError" and not isinstance(error.exc, OSError):  # type: ignore[attr-defined]
            raise lib_error(to_lua(str(error))) from error.exc  # type: ignore[attr-defined]
        failure = failure_of(error)
        if failure.errno in (ENOENT, EEXIST, ENOTDIR):
            parent = name
            while parent := parent.rpartition("/")[0]:
                kind = self._kind(parent)
                if kind is not None:
                    return Failure(ENOTDIR) if kind == "file" else failure
        return failure


def _check(path: str) -> None:
    """Raise Failure for what can be no path, wherever it leads."""
    if "\0" in path:
        raise Failure(EINVAL)
    if not path:
        raise Failure(ENOENT)
    if len(path) > LONGEST_PATH:
        raise Failure(ENAMETOOLONG)


def _free(count: int) -> None:
    """Charge nothing: a room that belongs to no runtime yet."""


def _checked(commands: Mapping[str, HostCommand | None] | None) -> dict[str, HostCommand | None]:
    """The commands of the host. Raises TypeError or ValueError for what no command line could run."""
    for name, command in (commands or {}).items():
        if not isinstance(name, str) or not name or "/" in name or "\0" in name:
            raise ValueError(f"not a name for a command: {name!r}")
        if command is not None and not callable(command):
            raise TypeError(f"command {name!r} must be callable or None, not {type(command).__name__}")
    return dict(commands or {})


def _mounts_of(mounts: Mapping[str, Any] | Iterable[Any]) -> list[Mount]:
    """Mounts as a host may give them: ``{path: source}`` or ``{path: (source, access)}``, else each a ``Mount``, a text
    ``SRC:/PATH[:ro|rw|overlay]``, or a tuple of source, path and perhaps access.

    Raises TypeError or ValueError.
    """
    if not mounts:
        return []
    from vlua.vfs.sources import Mount, parse_mount

    if isinstance(mounts, str | bytes):
        raise TypeError(f"mounts must be a mapping or a list, not {type(mounts).__name__}")
    found = []
    for mount in mounts:
        if isinstance(mounts, Mapping):
            source = mounts[mount]
            mount = (source[0], mount, *source[1:]) if isinstance(source, tuple) else (source, mount)
        if isinstance(mount, str):
            mount = parse_mount(mount)
        elif isinstance(mount, tuple) and 2 <= len(mount) <= 3:
            mount = Mount(*mount)
        elif not isinstance(mount, Mount):
            raise TypeError(f"a mount is a Mount, a text or a tuple of two or three, not {type(mount).__name__}")
        found.append(mount)
    return found
