"""The one door to PyFilesystem2: importing this module costs 0.1 s, so only functions import it, when a file is needed.

In: nothing. Out: the names of ``fs`` that the machine room uses, imported without its deprecation warnings.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fs import errors
    from fs.base import FS
    from fs.enums import ResourceType
    from fs.error_tools import convert_os_errors
    from fs.info import Info
    from fs.memoryfs import MemoryFS
    from fs.mode import Mode
    from fs.opener import registry
    from fs.opener.parse import parse_fs_url
    from fs.osfs import OSFS
    from fs.path import abspath, basename, dirname, isbase, iteratepath, join, normpath, recursepath, split
    from fs.permissions import Permissions
    from fs.subfs import SubFS
    from fs.wrap import read_only

__all__ = [
    "FS",
    "OSFS",
    "Info",
    "MemoryFS",
    "Mode",
    "Permissions",
    "ResourceType",
    "SubFS",
    "abspath",
    "basename",
    "convert_os_errors",
    "dirname",
    "errors",
    "isbase",
    "iteratepath",
    "join",
    "normpath",
    "parse_fs_url",
    "read_only",
    "recursepath",
    "registry",
    "split",
]
