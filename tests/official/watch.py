"""Watches that a script leaves the host alone: Python's audit events, and what files and variables there are.

In: a block of code that runs scripts. Out: every event that reached for the host, and every difference between the
host before and after. An audit hook stays for the life of a process, so watch in one of its own.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import pkgutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Watch"]

# Events that say nothing of the host: code that is compiled and run inside the process. All others are reported.
_HARMLESS = frozenset(
    """compile exec import sys._getframe sys._current_frames sys.settrace sys.setprofile builtins.id
    object.__getattr__ object.__setattr__ object.__delattr__ code.__new__ function.__new__
    gc.get_objects gc.get_referents gc.get_referrers marshal.loads marshal.load marshal.dumps""".split()
)
# Where Python's own modules and the project's are.
_MODULES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(Path(__file__).resolve().parents[2] / "vlua")}
)
_MODULE_FILES = (".py", ".pyc", ".so", ".pth")


class Watch:
    """``with Watch() as watch: …``; afterwards ``watch.findings`` is empty if the host was left alone."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.watching = False
        _import_everything()
        self.before: dict[str, Any] = {}
        sys.addaudithook(self._hear)

    def __enter__(self) -> Watch:
        self.before = _host()
        self.watching = True
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.watching = False
        after = _host()
        for name in sorted({*self.before, *after}):
            if self.before.get(name) != after.get(name):
                self.findings.append(f"{name}: {self.before.get(name)} before, {after.get(name)} after")

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.watching and event not in _HARMLESS and not _reads_a_module(event, args):
            self.findings.append(f"{event}{args!r:.200}")


def _reads_a_module(event: str, args: tuple[Any, ...]) -> bool:
    """Whether an event is Python finding or reading a module: some are imported only when they are needed."""
    if not args or not isinstance(args[0], str) or not args[0].startswith(_MODULES):
        return False
    if event in ("os.listdir", "os.scandir"):
        return True
    reading = event == "open" and args[1] in ("r", "rb", None) and not args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    return reading and args[0].endswith(_MODULE_FILES)


def _import_everything() -> None:
    """Import what scripts may need, and find two functions of CPython itself, so that doing it later is no event."""
    import ctypes

    import vlua

    for name in ("PyFrame_LocalsToFast", "PyFunction_SetClosure"):
        getattr(ctypes.pythonapi, name)

    for module in pkgutil.walk_packages(vlua.__path__, "vlua."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _host() -> dict[str, Any]:
    """The files of the working and the temporary directory, the variables of the environment, and a few settings."""
    found: dict[str, Any] = {"working directory": os.getcwd(), "temporary directory": tempfile.gettempdir()}
    found |= {f"environment {name}": value for name, value in os.environ.items()}
    for folder in {os.getcwd(), tempfile.gettempdir()}:
        for path in [Path(folder), *sorted(Path(folder).rglob("*"))]:
            status = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, content)
    return found
