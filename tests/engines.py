"""Two Lua engines behind one face: vlua, and PUC Lua 5.3 as the judge.

In: ASCII Lua source and the name of its chunk. Out: an ``Outcome`` in plain text, so that both can be compared.
The text is made by the same Lua code on both sides: no conversion at a host boundary takes part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

__all__ = ["Engine", "Outcome", "puc", "vlua"]

_DRIVER = r"""
local type, math_type, format, byte, sub = type, math.type, string.format, string.byte, string.sub
local tostring, select, concat, load, pcall, pack = tostring, select, table.concat, load, pcall, table.pack
local setmetatable, globals = setmetatable, _G

local function escaped(s)
  local out = {}
  for i = 1, #s do
    local b = byte(s, i)
    out[i] = (b < 32 or b > 126 or b == 92) and format("\\%03d", b) or sub(s, i, i)
  end
  return concat(out)
end

local function described(v)
  local kind = math_type(v) or type(v)
  if kind == "integer" then return format("integer %d", v)
  elseif kind == "float" then return v ~= v and "float nan" or format("float %.17g", v)
  elseif kind == "string" then return "string " .. escaped(v)
  elseif kind == "boolean" then return tostring(v)
  else return kind end
end

return function(source, name, shared)
  local lines = {}
  local environment = shared and globals or setmetatable({}, {__index = globals})
  environment.print = function(...)
    local parts = {}
    for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
    lines[#lines + 1] = escaped(concat(parts, "\t"))
  end
  local chunk, message = load(source, name, "t", environment)
  if not chunk then return "syntax error\n" .. escaped(message) end
  local results = pack(pcall(chunk))
  local out = {}
  for i = 2, results.n do out[#out + 1] = described(results[i]) end
  local status = results[1] and "results" or "error"
  return status .. "\n" .. concat(out, "\t") .. "\n" .. concat(lines, "\n")
end
"""

# Bytes that PUC Lua may have in use.
_MEMORY = 64 << 20


@attrs.frozen
class Outcome:
    """What a chunk did: ``status`` is ``results``, ``error`` or ``syntax error``; values and lines are described text.

    Bytes outside printable ASCII, and backslashes, appear as ``\\ddd``.
    """

    status: str
    values: str
    lines: tuple[str, ...] = ()


@attrs.frozen
class Engine:
    """One Lua engine with one global environment, kept from run to run unless a chunk gets its own."""

    name: str
    driver: Callable[..., Any]

    def run(self, source: str, name: str = "=x", *, shared: bool = False) -> Outcome:
        """Run a chunk protected; ``shared`` gives it the engine's real globals instead of an environment over them."""
        text = self.driver(source, name, shared)
        status, values, *output = (text if isinstance(text, str) else text.decode("latin-1")).split("\n", 2)
        return Outcome(status, values, tuple(output[0].split("\n")) if output and output[0] else ())


def puc() -> Engine:
    """PUC Lua 5.3, fresh; what grows without end fails instead of taking the machine's memory."""
    from lupa import lua53

    runtime = lua53.LuaRuntime(encoding="latin-1", max_memory=_MEMORY)
    return Engine("PUC Lua", runtime.execute(_DRIVER))


def vlua(**options: Any) -> Engine:
    """vlua, fresh."""
    from vlua import LuaRuntime

    return Engine("vlua", LuaRuntime(**options).execute(_DRIVER))
