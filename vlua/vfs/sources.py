"""Where a mount's files come from: a directory, an archive, or any filesystem that has a URL.

In: what a person wrote, ``SRC:/PATH[:ro|rw|overlay]``, or what a program gave. Out: ``Mount``, and the filesystem
behind it, with just the access that was asked for. Importing this module does not import ``fs``.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Literal

import attrs

if TYPE_CHECKING:
    from vlua.vfs.pyfilesystem import FS

__all__ = ["Access", "Mount", "Source", "open_source", "parse_mount"]

Access = Literal["overlay", "read-only", "read-write"]
Source = Any  # a path as text or PathLike, a URL, or a filesystem

# What may be written for each access.
ACCESS_NAMES: dict[str, Access] = {
    "overlay": "overlay",
    "ro": "read-only",
    "read-only": "read-only",
    "rw": "read-write",
    "read-write": "read-write",
}

SYNTAX = "SRC:/PATH[:ro|rw|overlay], as in ./game:/game:ro"
URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")  # of which no message tells


def _access_of(value: str) -> Access:
    """The access that ``value`` stands for. Raises ValueError."""
    try:
        return ACCESS_NAMES[value]
    except (KeyError, TypeError):
        raise ValueError(f"unknown access {value!r}: write ro, rw or overlay") from None


def _path_of(value: str) -> str:
    """An absolute path of the room without ``.`` and doubled slashes. Raises TypeError or ValueError."""
    if not isinstance(value, str):
        raise TypeError(f"the path of a mount must be text, not {type(value).__name__}")
    if not value.startswith("/"):
        raise ValueError(f"the path of a mount begins with a slash: write {'/' + value!r} instead of {value!r}")
    if "\0" in value:
        raise ValueError(f"the path of a mount has no NUL: {value!r}")
    steps = [step for step in value.split("/") if step not in ("", ".")]
    if ".." in steps:
        raise ValueError(f"the path of a mount has no '..': {value!r}")
    return "/" + "/".join(steps)


def _require_source(instance: Mount, attribute: attrs.Attribute[Any], value: Source) -> None:
    """Refuse what cannot be a source before anything is opened."""
    if isinstance(value, (str, os.PathLike)):
        if not os.fspath(value):
            raise ValueError(f"a mount needs a source: {SYNTAX}")
        if "\0" in str(value):
            raise ValueError("the source of a mount has no NUL")
    elif not hasattr(value, "openbin"):
        raise TypeError(f"a mount's source is a path, a URL or a filesystem, not {type(value).__name__}")


@attrs.frozen
class Mount:
    """Files from ``source`` that appear at ``path`` in the room.

    ``source`` is a directory or an archive (text or ``PathLike``), a URL such as ``zip://a.zip``, or a PyFilesystem2
    filesystem. ``access`` is "overlay" (what scripts write stays in the room), "read-only" ("ro") or "read-write"
    ("rw"). Raises TypeError or ValueError for what makes no sense; whether ``source`` exists shows at ``open``.
    """

    source: Source = attrs.field(validator=_require_source)
    path: str = attrs.field(default="/", converter=_path_of)
    access: Access = attrs.field(default="overlay", converter=_access_of)

    def open(self) -> FS:
        """The filesystem to mount. Raises NotADirectoryError or ValueError, as ``open_source`` does."""
        return open_source(self.source, access=self.access)

    def __str__(self) -> str:
        short = {"read-only": "ro", "read-write": "rw"}.get(self.access, self.access)
        return f"{_shown(self.source)}:{self.path}:{short}"


def parse_mount(text: str) -> Mount:
    """The mount that ``SRC:/PATH[:ro|rw|overlay]`` describes; without an access it is an overlay.

    It is read from the right, so that ``C:\\game:/game`` and ``zip://a.zip:/data:ro`` mean what they should.
    Raises ValueError that says what is wrong and what to write.
    """
    rest, access = text, "overlay"
    before, colon, last = text.rpartition(":")
    if colon and last in ACCESS_NAMES:
        rest, access = before, last
    position = rest.rfind(":/")
    source, path = rest[:position], rest[position + 1 :]
    if position < 0 or path.startswith("//") or _is_drive(source):
        if not URL.match(rest):
            before, colon, last = rest.rpartition(":")
            if colon and before and last and not _is_drive(before):
                raise ValueError(f"the path in the room begins with a slash: write {before}:/{last}, not {text!r}")
        raise ValueError(f"a mount names a path in the room: write {text}:/PATH, that is {SYNTAX}")
    if not source:
        raise ValueError(f"a mount needs a source in front of {text!r}: {SYNTAX}")
    if ":" in path:
        wrong = path.rpartition(":")[2]
        raise ValueError(f"unknown access {wrong!r} in {text!r}: write ro, rw or overlay")
    return Mount(source, path, access)


def _is_drive(source: str) -> bool:
    """Whether a source is but the drive letter of a path of Windows."""
    return os.name == "nt" and len(source) == 1 and source.isalpha()


def open_source(source: Source, *, access: str = "overlay") -> FS:
    """The files of ``source`` as a filesystem with the ``access`` wanted ("overlay", "read-only", "read-write").

    Whatever kind ``source`` is: links never lead out of it, "read-only" has no way to write, and nothing written to
    an overlay reaches ``source``. Raises NotADirectoryError when there is no such directory or archive, ValueError
    for what is no archive or no filesystem, or cannot be written to.
    """
    wanted = _access_of(access)
    from vlua.vfs.pyfilesystem import FS

    if isinstance(source, FS):
        opened: FS = _given(source, wanted)
    elif not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"a source is a path, a URL or a filesystem, not {type(source).__name__}")
    elif isinstance(source, str) and URL.match(source):
        opened = _opened_url(source, wanted)
    else:
        opened = _opened_path(os.fspath(source), wanted)
    if wanted != "overlay":
        return opened
    from vlua.vfs.overlay import OverlayFS

    return OverlayFS(opened)


def _given(filesystem: FS, access: Access) -> FS:
    """A filesystem of the host's own, protected unless it may be written to."""
    from vlua.vfs.read_only import ReadOnlyFS

    if access != "read-write":
        return ReadOnlyFS(filesystem)
    if filesystem.getmeta().get("read_only"):
        raise ValueError(f"{filesystem} cannot be written to: mount it with :overlay or :ro")
    return filesystem


def _opened_path(path: str | bytes, access: Access) -> FS:
    """A directory or an archive of the host."""
    from vlua.vfs.archive import open_archive
    from vlua.vfs.directory import HostDirectory

    name = os.fsdecode(path)
    if os.path.isdir(name):
        return HostDirectory(name, writable=access == "read-write")
    if not os.path.exists(name):
        raise NotADirectoryError(f"no such directory or archive: {name!r}")
    if access == "read-write":
        raise ValueError(f"an archive cannot be changed in place: mount {name!r} with :overlay or :ro")
    return open_archive(name)


def _opened_url(url: str, access: Access) -> FS:
    """What a URL of ``fs`` stands for; the host's own directories and archives are opened our way."""
    from vlua.vfs.directory import HostDirectory
    from vlua.vfs.pyfilesystem import OSFS, errors, parse_fs_url, registry

    try:
        parsed = parse_fs_url(url)
        inner = parsed.path
        if parsed.protocol in ("osfs", "file", "zip", "tar"):
            resource = os.path.expanduser(parsed.resource)
            opened = _opened_local(parsed.protocol, resource, access)
        else:
            opened, inner = registry.open(url, writeable=access == "read-write", create=False)
            if isinstance(opened, OSFS):
                # Those follow links out of their root.
                opened = HostDirectory(opened.getsyspath("/"), writable=access == "read-write", owner=opened)
            else:
                opened = _given(opened, access)
        if inner:
            opened = opened.opendir(inner)
    except (NotADirectoryError, ValueError):
        raise
    except errors.FSError as error:
        raise ValueError(f"cannot open {_shown(url)!r}: {_shown(str(error))}") from None
    except Exception as error:
        protocol = url.partition("://")[0]
        if type(error).__name__ == "UnsupportedProtocol":
            raise ValueError(
                f"no filesystem is installed for {protocol}:// in {_shown(url)!r}; there are "
                + ", ".join(sorted(registry.protocols))
            ) from None
        raise ValueError(f"cannot open {_shown(url)!r}: {_shown(str(error))}") from None
    return opened


def _opened_local(protocol: str, resource: str, access: Access) -> FS:
    """A directory or an archive that a URL names."""
    from vlua.vfs.archive import TarArchive, ZipArchive
    from vlua.vfs.directory import HostDirectory

    if protocol in ("osfs", "file"):
        return HostDirectory(resource, writable=access == "read-write")
    if access == "read-write":
        raise ValueError(f"an archive cannot be changed in place: mount {resource!r} with :overlay or :ro")
    if not os.path.exists(resource):
        raise NotADirectoryError(f"no such archive: {resource!r}")
    return ZipArchive(resource) if protocol == "zip" else TarArchive(resource)


def _shown(source: Source) -> str:
    """A source as messages show it: without user name and password."""
    return CREDENTIALS.sub("", os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else str(source))
