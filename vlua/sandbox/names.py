"""The Lua names that a policy can speak of.

In: nothing. Out: which functions each library has (manual §6), and which of them reach outside of the language.
"""

from __future__ import annotations

__all__ = ["FUNCTION_NAMES", "HOST_TOUCHING", "LIBRARIES", "known_names"]

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

FUNCTION_NAMES: tuple[str, ...] = tuple(
    name if library == "_G" else f"{library}.{name}" for library, names in LIBRARIES.items() for name in names
)

# What mode "refuse" refuses; for `require` it is the search for files that is refused (see gate.py).
HOST_TOUCHING: frozenset[str] = frozenset(
    [f"io.{name}" for name in LIBRARIES["io"]]
    + [f"os.{name}" for name in ("execute", "exit", "getenv", "remove", "rename", "tmpname")]
    + ["package.loadlib", "package.searchpath", "dofile", "loadfile", "require"]
)


def known_names() -> list[str]:
    """Every name that ``deny`` and ``allow`` accept: functions, and libraries as a whole."""
    return [*FUNCTION_NAMES, *(library for library in LIBRARIES if library != "_G")]
