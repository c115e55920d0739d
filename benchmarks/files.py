"""``python -m benchmarks.files``: Lua's ``io`` in a room against hand-written Python on the same kind of filesystem.

Each task is a Lua chunk, run in a room whose files are a ``MemoryFS``, and a Python function that does the same with
the filesystem's own ``open``. Rounds are interleaved and the best counts; results that differ raise.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
from collections.abc import Callable
from time import perf_counter
from typing import Any

import attrs

from benchmarks.contest import WrongResult, geometric_mean

__all__ = ["TASKS", "Task", "ratio"]

LINES = 50_000
SMALL_FILES = 1_000
NUMBERS = 20_000
BLOCK = 4096


@attrs.frozen
class Task:
    """One way to use files, in both languages; ``prepare`` fills the filesystem."""

    name: str
    lua: str
    python: Callable[[Any], Any]
    prepare: Callable[[Any], Any] = lambda fs: None


def write_lines(fs: Any) -> None:
    fs.writetext("in", "".join(f"line number {i} of the file\n" for i in range(LINES)))


def write_numbers(fs: Any) -> None:
    fs.writetext("in", "".join(f"{i} {i / 7}\n" for i in range(NUMBERS // 2)))


def count_lines(fs: Any) -> Any:
    lines = size = 0
    with fs.open("in") as file:
        for line in file:
            lines += 1
            size += len(line) - 1
    return lines, size


def read_all(fs: Any) -> Any:
    with fs.open("in") as file:
        return len(file.read())


def copy_blocks(fs: Any) -> Any:
    size = 0
    with fs.open("in", "rb") as source, fs.open("out", "wb") as target:
        while block := source.read(BLOCK):
            target.write(block)
            size += len(block)
    return size


def copy_lines(fs: Any) -> Any:
    lines = 0
    with fs.open("in") as source, fs.open("out", "w") as target:
        for line in source:
            target.write(line)
            lines += 1
    return lines


def write_pieces(fs: Any) -> Any:
    with fs.open("out", "w") as file:
        for i in range(1, LINES + 1):
            file.write(f"{i} ")
            file.write("x\n")
    return fs.getsize("out")


def create_many(fs: Any) -> Any:
    for i in range(1, SMALL_FILES + 1):
        with fs.open(f"file{i}", "w") as file:
            file.write(f"contents of {i}\n")
    return len(fs.listdir("/"))


def read_many(fs: Any) -> Any:
    size = 0
    for i in range(1, SMALL_FILES + 1):
        with fs.open(f"file{i}") as file:
            size += len(file.read())
    return size


def read_numbers(fs: Any) -> Any:
    count, total = 0, 0.0
    with fs.open("in") as file:
        for line in file:
            for word in line.split():
                total += float(word)
                count += 1
    return count, round(total)


TASKS = [
    Task(
        "lines",
        """local n, size = 0, 0
        for line in io.lines("in") do n = n + 1 size = size + #line end
        return n, size""",
        count_lines,
        write_lines,
    ),
    Task("read all", "local f = io.open('in') local n = #f:read('a') f:close() return n", read_all, write_lines),
    Task(
        "copy blocks",
        f"""local source, target, size = io.open("in", "rb"), io.open("out", "wb"), 0
        while true do
          local block = source:read({BLOCK})
          if not block then break end
          target:write(block)
          size = size + #block
        end
        source:close() target:close()
        return size""",
        copy_blocks,
        write_lines,
    ),
    Task(
        "copy lines",
        """local source, target, n = io.open("in"), io.open("out", "w"), 0
        for line in source:lines("L") do target:write(line) n = n + 1 end
        source:close() target:close()
        return n""",
        copy_lines,
        write_lines,
    ),
    Task(
        "write pieces",
        f"""local f = io.open("out", "w")
        for i = 1, {LINES} do f:write(i, " ") f:write("x\\n") end
        local size = f:seek()
        f:close()
        return size""",
        write_pieces,
    ),
    Task(
        "create many",
        f"""for i = 1, {SMALL_FILES} do
          local f = io.open("file" .. i, "w")
          f:write("contents of ", i, "\\n")
          f:close()
        end
        return {SMALL_FILES}""",
        create_many,
    ),
    Task(
        "read many",
        f"""local size = 0
        for i = 1, {SMALL_FILES} do
          local f = io.open("file" .. i)
          size = size + #f:read("a")
          f:close()
        end
        return size""",
        read_many,
        create_many,
    ),
    Task(
        "read numbers",
        """local f, n, total = io.open("in"), 0, 0.0
        while true do
          local x = f:read("n")
          if not x then break end
          n = n + 1 total = total + x
        end
        f:close()
        return n, math.floor(total + 0.5)""",
        read_numbers,
        write_numbers,
    ),
]


def ratio(task: Task, rounds: int) -> tuple[float, float]:
    """The best times of both languages in seconds, Lua's first. Raises WrongResult when they disagree."""
    from vlua import LuaRuntime
    from vlua.vfs.pyfilesystem import MemoryFS

    best = [math.inf, math.inf]
    for _ in range(rounds + 1):
        room, memory = MemoryFS(), MemoryFS()
        task.prepare(room)
        task.prepare(memory)
        runtime = LuaRuntime(files=room)
        chunk = runtime.compile(task.lua)
        runtime.execute("io.open('in')")  # the room's filesystems are made when they are first used
        times, results = [], []
        for work in (chunk, lambda memory=memory: task.python(memory)):
            gc.collect()
            start = perf_counter()
            results.append(work())
            times.append(perf_counter() - start)
        if results[0] != results[1]:
            raise WrongResult(f"{task.name}: {results[0]} in Lua, {results[1]} in Python")
        best = [min(old, new) for old, new in zip(best, times)]
    return best[0], best[1]


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description="Time files in a room.")
    parser.add_argument("--only", action="append", choices=[task.name for task in TASKS], metavar="NAME")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="rounds, of which the best counts")
    parser.add_argument("--json", action="store_true", help="print figures for programs to read, in seconds")
    options = parser.parse_args()
    rows = []
    for task in TASKS:
        if options.only and task.name not in options.only:
            continue
        lua, python = ratio(task, options.repeat)
        rows.append({"name": task.name, "vlua": lua, "python": python})
        if not options.json:
            print(f"{task.name:<15} {lua * 1000:8.1f} ms {python * 1000:8.1f} ms {lua / python:6.2f}", flush=True)
    mean = geometric_mean(row["vlua"] / row["python"] for row in rows)
    if options.json:
        print(json.dumps({"tasks": rows, "geometric_mean": mean}, indent=2))
    else:
        print(f"{'geometric mean':<15} {'':>11} {'':>11} {mean:6.2f}")


if __name__ == "__main__":
    main()
