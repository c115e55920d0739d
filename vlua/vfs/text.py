"""Host text and Lua strings (manual §2.1: a Lua string is bytes, here one character per byte).

In: Python text. Out: the Lua string of its UTF-8 bytes, and back.
"""

from __future__ import annotations

__all__ = ["from_lua", "to_lua"]


def to_lua(text: str | bytes) -> str:
    """The Lua string of ``text`` in UTF-8, or of the given bytes."""
    if isinstance(text, bytes):
        return text.decode("latin-1")
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def from_lua(string: str) -> str:
    """The text of a Lua string's bytes; bytes that are no UTF-8 become lone surrogates, which ``to_lua`` reverses."""
    return string if string.isascii() else string.encode("latin-1").decode("utf-8", "surrogateescape")
