"""The official test files of Lua 5.3.6, as the source distribution of lupa 2.8 carries them.

In: nothing. Out: ``{file name: bytes}``. The archive is fetched once into a cache folder (``VLUA_TEST_CACHE``, by
default ``~/.cache/vlua-tests``) and checked against its digest each time; nothing of it is part of this project.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["SuiteUnavailable", "official_files", "offline"]

_PROJECT, _VERSION = "lupa", "2.8"
_SHA256 = "d8022641b9ec8ecf2c5ecbe9f47e5a70e0b87c4b5ae921b92cb02a638e0acd08"
_FOLDER = "/third-party/lua53/testes/"


class SuiteUnavailable(Exception):
    """The archive cannot be had: no network, or not the file that it should be."""


def offline() -> bool:
    """Whether the environment says that there is no network, so that the suite may be skipped."""
    return os.environ.get("VLUA_OFFLINE") == "1"


@cache
def official_files() -> dict[str, bytes]:
    """The test files by their path in the suite. Raises SuiteUnavailable."""
    files = {}
    with tarfile.open(_archive()) as archive:
        for member in archive.getmembers():
            _, found, name = member.name.partition(_FOLDER)
            content = archive.extractfile(member) if found and member.isfile() else None
            if content is not None:
                files[name] = content.read()
    return files


def _archive() -> Path:
    """The path of the archive in the cache, its digest checked."""
    folder = Path(os.environ.get("VLUA_TEST_CACHE") or Path.home() / ".cache" / "vlua-tests")
    path = folder / f"{_PROJECT}-{_VERSION}.tar.gz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != _SHA256:
        path.unlink()
        raise SuiteUnavailable(f"{path.name} does not have the digest expected; it has been removed")
    return path


def _fetch(path: Path) -> None:
    """Download the archive beside ``path`` and move it there, so that several processes may do so at once."""
    if offline():
        raise SuiteUnavailable(f"VLUA_OFFLINE is set and {path} is not there")
    from pypi_simple import PyPISimple

    try:
        with PyPISimple() as index, tempfile.TemporaryDirectory(dir=path.parent) as folder:
            packages = index.get_project_page(_PROJECT).packages
            package = next(p for p in packages if p.version == _VERSION and p.package_type == "sdist")
            partial = Path(folder) / path.name
            index.download_package(package, partial)
            partial.replace(path)
    except Exception as error:
        raise SuiteUnavailable(f"cannot fetch {path.name}: {error}") from error
