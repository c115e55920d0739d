"""What a user waits for besides the run itself: compiling a script, starting the command."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

__all__ = ["compile_seconds", "script", "startup_seconds"]

_FUNCTION = """
local Shape{i} = {{}}
Shape{i}.__index = Shape{i}

function Shape{i}.new(x, y, ...)
  local self = setmetatable({{x = x or {i}, y = y or 0, tags = {{...}}}}, Shape{i})
  for index, tag in ipairs(self.tags) do
    if type(tag) == "string" and #tag > {i} then
      self.tags[index] = tag:sub(1, {i}) .. "..."
    elseif tag == nil or tag == false then
      error("tag " .. index .. " is missing", 2)
    end
  end
  return self
end

function Shape{i}:area(scale)
  local total, step = 0, 0
  while step < (scale or 10) do
    step = step + 1
    if step % 3 == 0 then goto continue end
    total = total + (self.x * step + self.y // 2) ^ 2 - step * {i}
    ::continue::
  end
  return total > 0 and total or -total, step
end
"""


def script(lines: int) -> str:
    """A script of everyday Lua with at least so many lines."""
    part = _FUNCTION.count("\n")
    return "".join(f"do{_FUNCTION.format(i=i)}end\n" for i in range(lines // part + 1))


def compile_seconds(lines: int, rounds: int) -> float:
    """The best time for compiling a script that no cache knows."""
    from vlua import LuaRuntime

    lua = LuaRuntime()
    lua.compile("return 1")
    best = float("inf")
    for number in range(rounds):
        source = f"local round = {number}\n" + script(lines)
        start = perf_counter()
        lua.compile(source)
        best = min(best, perf_counter() - start)
    return best


def startup_seconds(rounds: int) -> dict[str, float]:
    """The best wall times of ``vlua eval`` and of a Python that does nothing, interleaved."""
    commands = {
        "vlua eval": [sys.executable, "-m", "vlua", "eval", "print(1)"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, command in commands.items():
            start = perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            best[name] = min(best[name], perf_counter() - start)
    return best
