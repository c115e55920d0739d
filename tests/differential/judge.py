"""The judge: runs a chunk under both engines and compares.

What may differ is taken out first: the sign that C gives to the text of a NaN, addresses, and the name that a host
gives to a chunk without one.
"""

from __future__ import annotations

import re

from tests.engines import Engine, Outcome, puc, vlua

__all__ = ["Judge", "quoted"]

_NAN = re.compile(r"-nan\b")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_DRIVER = re.compile(r'\[string "[^"]*"\]:\d+: ')


class Judge:
    """Both engines, kept from chunk to chunk; each chunk has globals of its own."""

    def __init__(self) -> None:
        self.puc: Engine = puc()
        self.vlua: Engine = vlua()

    def of_puc(self, source: str) -> Outcome:
        """PUC Lua's outcome."""
        return self._outcome(self.puc, source)

    def same(self, source: str) -> Outcome:
        """Assert that the outcomes are the same; PUC Lua's outcome."""
        expected, actual = self.of_puc(source), self._outcome(self.vlua, source)
        assert actual == expected, source
        return expected

    def _outcome(self, engine: Engine, source: str) -> Outcome:
        outcome = engine.run(source)
        values, *lines = map(_comparable, (outcome.values, *outcome.lines))
        return Outcome(outcome.status, values, tuple(lines))


def _comparable(text: str) -> str:
    return _DRIVER.sub("driver: ", _ADDRESS.sub("0x", _NAN.sub("nan", text)))


def quoted(data: bytes) -> str:
    """A Lua string literal for some bytes, in printable ASCII."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03d}" for b in data) + '"'
