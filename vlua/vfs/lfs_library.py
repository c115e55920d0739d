"""The module ``lfs``, LuaFileSystem 1.8, on the files of a machine room: what ``require "lfs"`` gives.

In: a state and its room. Out: the module's table. Results and messages are those of the C module on Linux; figures that
the files here do not have (owner, device, inode) are made up, the same in every run.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vlua.vfs.failure import EPERM, Failure
from vlua.vfs.handle import LuaFile
from vlua.vm.arguments import (
    ABSENT,
    arg_check,
    check_float,
    check_option,
    check_string,
    opt_float,
    opt_integer,
    type_error,
)
from vlua.vm.frames import lib_error, mark_native
from vlua.vm.number import number_text
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.vfs.filesystem import Room
    from vlua.vm.state import State

__all__ = ["open_lfs", "preload_lfs"]

BLOCK = 4096  # bytes, as Linux's filesystems report
SECTOR = 512  # bytes: the unit of `blocks`
OWNER = 1000  # the user and the group that everything belongs to
DEVICE = 1
ONE_PROCESS = "locks are not supported: nobody else has this room's files"


class LuaDirectory(Userdata):
    """What ``lfs.dir`` iterates over: ``names`` is ``None`` once it is closed."""

    __slots__ = ("names",)

    def __init__(self, meta: LuaTable, names: Iterator[str]) -> None:
        super().__init__(meta)
        self.names: Iterator[str] | None = names


def attributes_of(path: str, is_directory: bool, details: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a file or directory, as ``stat`` would tell them."""
    size = BLOCK if is_directory else int(details.get("size") or 0)
    modified = int(details.get("modified") or 0)
    return {
        "mode": "directory" if is_directory else "file",
        "dev": DEVICE,
        "ino": zlib.crc32(path.encode("latin-1")) + 2,
        "nlink": 2 if is_directory else 1,
        "uid": OWNER,
        "gid": OWNER,
        "rdev": 0,
        "access": int(details.get("accessed") or modified),
        "modification": modified,
        "change": max(modified, int(details.get("metadata_changed") or details.get("created") or 0)),
        "size": size,
        "permissions": "rwxr-xr-x" if is_directory else "rw-r--r--",
        "blocks": -(-size // BLOCK) * (BLOCK // SECTOR),
        "blksize": BLOCK,
    }


def open_lfs(state: State, room: Room) -> LuaTable:
    """Make the module ``lfs`` for a runtime whose files are those of ``room``."""
    directory_meta = LuaTable()

    def attributes(path: Any = ABSENT, wanted: Any = ABSENT, *_: Any) -> Any:
        name = check_string(path, 1)
        try:
            found = attributes_of(*room.information(name))
        except Failure as failure:
            return None, f"cannot obtain information from file '{name}': {failure.message}", failure.errno
        if type(wanted) is int or type(wanted) is float:
            wanted = number_text(wanted)
        if type(wanted) is str:
            if wanted not in found:
                raise lib_error(f"invalid attribute name '{wanted}'")
            return found[wanted]
        table = wanted if type(wanted) is LuaTable else LuaTable()
        for key, value in found.items():
            table.set(key, value)
        return table

    def symlinkattributes(path: Any = ABSENT, wanted: Any = ABSENT, *rest: Any) -> Any:
        if wanted == "target":
            name = check_string(path, 1)
            try:
                room.kind(name)
            except Failure as failure:
                return None, f"could not obtain link target: {failure.message}", failure.errno
            return None, "could not obtain link target: Invalid argument", 22  # there are no links
        return attributes(path, wanted, *rest)

    def chdir(path: Any = ABSENT, *_: Any) -> Any:
        name = check_string(path, 1)
        try:
            room.change_directory(name)
        except Failure as failure:
            return None, f"Unable to change working directory to '{name}'\n{failure.message}\n"
        return True

    def currentdir(*_: Any) -> Any:
        return room.directory

    def dir(path: Any = ABSENT, *_: Any) -> Any:
        name = check_string(path, 1)
        try:
            entries = room.names_in(name)
        except Failure as failure:
            raise lib_error(f"cannot open {name}: {failure.message}") from None
        state.charge_bytes(sum(map(len, entries)))
        state.tick(len(entries) >> 4)
        return next_entry, LuaDirectory(directory_meta, iter([".", "..", *entries]))

    def check_directory(value: Any) -> LuaDirectory:
        if type(value) is not LuaDirectory:
            raise type_error(value, 1, "directory metatable")
        return value

    def next_entry(directory: Any = ABSENT, *_: Any) -> Any:
        names = check_directory(directory).names
        arg_check(names is not None, 1, "closed directory")
        for name in names or ():
            return name
        directory.names = None
        return ()

    def close_directory(directory: Any = ABSENT, *_: Any) -> Any:
        check_directory(directory).names = None
        return ()

    def mkdir(path: Any = ABSENT, *_: Any) -> Any:
        name = check_string(path, 1)
        try:
            room.make_directory(name)
        except Failure as failure:
            return failure.result()
        return True

    def rmdir(path: Any = ABSENT, *_: Any) -> Any:
        name = check_string(path, 1)
        try:
            room.remove_directory(name)
        except Failure as failure:
            return failure.result()
        return True

    def touch(path: Any = ABSENT, *times: Any) -> Any:
        name = check_string(path, 1)
        if not times:
            accessed = modified = room.clock.now()
        else:
            accessed = int(opt_float(times[0], 2, 0.0))
            modified = opt_integer(times[1] if len(times) > 1 else None, 3, accessed)
        try:
            room.set_times(name, accessed, modified)
        except Failure as failure:
            return failure.result()
        return True

    def link(old: Any = ABSENT, new: Any = ABSENT, *_: Any) -> Any:
        check_string(old, 1)
        check_string(new, 2)
        return Failure(EPERM).result()  # as on filesystems without links

    def check_file(value: Any, function: str) -> LuaFile:
        if type(value) is not LuaFile:
            raise type_error(value, 1, "FILE*")
        if value.stream is None:
            raise lib_error(f"{function}: closed file")
        return value

    def setmode(file: Any = ABSENT, mode: Any = ABSENT, *_: Any) -> Any:
        check_file(file, "setmode")
        check_option(mode, 2, None, ("binary", "text"))
        return True, "binary"  # as everywhere but on Windows

    def lock(file: Any = ABSENT, mode: Any = ABSENT, start: Any = ABSENT, length: Any = ABSENT, *_: Any) -> Any:
        check_file(file, "lock")
        if check_string(mode, 2)[:1] not in ("r", "w"):
            raise lib_error("lock: invalid mode")
        opt_integer(start, 3, 0)
        opt_integer(length, 4, 0)
        return None, ONE_PROCESS

    def unlock(file: Any = ABSENT, start: Any = ABSENT, length: Any = ABSENT, *_: Any) -> Any:
        check_file(file, "unlock")
        opt_integer(start, 2, 0)
        opt_integer(length, 3, 0)
        return None, ONE_PROCESS

    def lock_dir(path: Any = ABSENT, stale: Any = ABSENT, *_: Any) -> Any:
        check_string(path, 1)
        if stale is not ABSENT and stale is not None:
            check_float(stale, 2)
        return None, ONE_PROCESS

    methods = LuaTable()
    for name, method in (("next", next_entry), ("close", close_directory)):
        mark_native(method)  # type: ignore[arg-type]
        methods.set(name, method)
    for name, value in (("__index", methods), ("__gc", close_directory), ("__name", "directory metatable")):
        directory_meta.set(name, value)
    library = state.library(
        "lfs",
        {
            "attributes": attributes,
            "chdir": chdir,
            "currentdir": currentdir,
            "dir": dir,
            "link": link,
            "lock": lock,
            "lock_dir": lock_dir,
            "mkdir": mkdir,
            "rmdir": rmdir,
            "setmode": setmode,
            "symlinkattributes": symlinkattributes,
            "touch": touch,
            "unlock": unlock,
        },
    )
    library.set("_VERSION", "LuaFileSystem 1.8.0")
    library.set("_DESCRIPTION", "LuaFileSystem for vlua: the files of a machine room")
    return library


def preload_lfs(state: State, room: Room) -> None:
    """Let ``require "lfs"`` find the module; until then the gate finds it in the registry's ``_PRELOADED``."""
    library = open_lfs(state, room)

    def give_lfs(*_: Any) -> Any:
        return library

    mark_native(give_lfs)  # type: ignore[arg-type]
    state.registry.get("_PRELOAD").set("lfs", give_lfs)
    state.registry.set("_PRELOADED", LuaTable({"lfs": library}))
