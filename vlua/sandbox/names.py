"""The Lua names that a policy can speak of.

In: nothing. Out: which functions each library has (manual §6), which of them reach outside of the language, which can
be given the host's own clock, environment or streams, and which programs of the room do the same as a function.
"""

from __future__ import annotations

__all__ = [
    "DEBUG_PARTS",
    "FUNCTION_NAMES",
    "HOST_ABLE",
    "HOST_TOUCHING",
    "LIBRARIES",
    "PROGRAM_NAMES",
    "full_name",
    "known_names",
]

LIBRARIES: dict[str, tuple[str, ...]] = {
    "_G": tuple(
        "assert collectgarbage dofile error getmetatable ipairs load loadfile next pairs pcall print rawequal rawget"
        " rawlen rawset require select setmetatable tonumber tostring type xpcall".split()
    ),
    "coroutine": tuple("create isyieldable resume running status wrap yield".split()),
    "debug": tuple(
        "debug gethook getinfo getlocal getmetatable getregistry getupvalue getuservalue sethook setlocal setmetatable"
        " setupvalue setuservalue traceback upvalueid upvaluejoin".split()
    ),
    "io": tuple("close flush input lines open output popen read stderr stdin stdout tmpfile type write".split()),
    "lfs": tuple(
        "attributes chdir currentdir dir link lock lock_dir mkdir rmdir setmode symlinkattributes touch unlock".split()
    ),
    "math": tuple(
        "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp ldexp log log10 max min modf pow rad random"
        " randomseed sin sinh sqrt tan tanh tointeger type ult".split()
    ),
    "os": tuple("clock date difftime execute exit getenv remove rename setlocale time tmpname".split()),
    "package": tuple("loadlib searchpath".split()),
    "string": tuple(
        "byte char dump find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper".split()
    ),
    "table": tuple("concat insert move pack remove sort unpack".split()),
    "utf8": tuple("char codepoint codes len offset".split()),
}


def full_name(library: str, name: str) -> str:
    """What a function is called in policies: ``"io.open"``, for globals just ``"dofile"``."""
    return name if library == "_G" else f"{library}.{name}"


FUNCTION_NAMES: tuple[str, ...] = tuple(
    full_name(library, name) for library in LIBRARIES for name in LIBRARIES[library]
)

DEBUG_PARTS: tuple[str, ...] = LIBRARIES["debug"]

# What mode "refuse" refuses; for `require` it is the search for files that is refused (see gate.py).
HOST_TOUCHING: frozenset[str] = frozenset(
    [f"io.{name}" for name in LIBRARIES["io"]]
    + [f"lfs.{name}" for name in LIBRARIES["lfs"]]
    + [f"os.{name}" for name in ("execute", "exit", "getenv", "remove", "rename", "tmpname")]
    + ["package.loadlib", "package.searchpath", "dofile", "loadfile", "require"]
)

# What may be "host": reading the host's clock, environment and standard input changes nothing there.
HOST_ABLE: tuple[str, ...] = ("io.stdin", "os.clock", "os.date", "os.getenv", "os.time")

# Programs of the room that do what a function does: they are refused together with it.
PROGRAM_NAMES: dict[str, str] = {
    "cat": "io.open",
    "env": "os.getenv",
    "ls": "lfs.dir",
    "mkdir": "lfs.mkdir",
    "rm": "os.remove",
}


def known_names() -> list[str]:
    """Every name that ``deny`` and ``allow`` accept: functions, and libraries as a whole."""
    return [*FUNCTION_NAMES, *(library for library in LIBRARIES if library != "_G")]
