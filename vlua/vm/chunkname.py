"""How a chunk's name appears in messages.

In: a chunk name as given to ``load``. Out: the short form of it that error messages show.
"""

from __future__ import annotations

__all__ = ["chunkid"]

# LUA_IDSIZE of PUC Lua, less its closing NUL: scripts compare messages, so ours are cut at the same place.
MAX_LENGTH = 59
STRING_PREFIX = '[string "'
STRING_SUFFIX = '"]'
ELLIPSIS = "..."


def chunkid(chunkname: str) -> str:
    """The printable form of a chunk name: ``=name`` and ``@file`` lose their mark, source text is quoted and cut.

    ``chunkname`` is what ``load`` was given (manual §4.6, ``lua_Debug.short_src``).
    """
    chunkname = chunkname.partition("\0")[0]
    kind = chunkname[:1]
    if kind == "=":
        return chunkname[1 : MAX_LENGTH + 1]
    if kind == "@":
        name = chunkname[1:]
        return name if len(name) <= MAX_LENGTH else ELLIPSIS + name[len(ELLIPSIS) - MAX_LENGTH :]
    room = MAX_LENGTH - len(STRING_PREFIX) - len(ELLIPSIS) - len(STRING_SUFFIX)
    first, newline, _ = chunkname.partition("\n")
    if newline or len(first) >= room:
        first = first[:room] + ELLIPSIS
    return STRING_PREFIX + first + STRING_SUFFIX
