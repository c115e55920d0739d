"""The process that random programs run in: ``python -m tests.fuzz.target``.

In: cases, a line of JSON each. Out: for each a line of JSON with how it ended and, for a finding, the Python traceback.
"""

from __future__ import annotations

import base64
import io
import json
import resource
import sys
import time
import traceback
from typing import Any

import attrs

from vlua import LimitExceeded, Limits, LuaCoroutine, LuaError, LuaExit, LuaRuntime, LuaSyntaxError, LuaTable, Policy
from vlua.proxy import unwrap
from vlua.vm import errors
from vlua.vm.coroutine import Coroutine

__all__ = ["CPU_SECONDS", "WALL_SECONDS"]

WALL_SECONDS = 2.0  # what a program may take
CPU_SECONDS = 5.0  # what it is found guilty for: limits plus whatever a library call does between two looks
ADDRESS_SPACE = 3 << 30
WANTED_LIMITS = {
    "instructions": 200_000,
    "wall_time": WALL_SECONDS,
    "memory": 256 << 20,
    "file_bytes": 16 << 20,
    "output": 4 << 20,
}

swallowed: list[str] = []


def watch_internal_errors() -> None:
    """Note every Lua error made of a foreign Python exception, whatever a pcall does with it afterwards."""
    original = errors.LuaError.__init__

    def init(self: LuaError, value: Any, *rest: Any, **named: Any) -> None:
        original(self, value, *rest, **named)
        if type(value) is str and "internal error: " in value:
            current = sys.exc_info()[1]
            if current is not None and not isinstance(current, LuaError):
                swallowed.append("".join(traceback.format_exception(current))[-6000:])

    errors.LuaError.__init__ = init  # type: ignore[method-assign]


def check(value: Any, depth: int = 0) -> None:
    """Fail for anything that is no Lua value: a marker of the machine, an integer beyond 64 bits, wide characters."""
    if isinstance(value, int):
        assert -(2**63) <= value < 2**63, f"integer of {value.bit_length()} bits"
    elif isinstance(value, LuaCoroutine):
        raw = unwrap(value)[1]
        assert isinstance(raw, Coroutine), f"a {type(raw).__name__} leaked"
    elif isinstance(value, LuaTable) and depth < 3:
        for key, item in list(value.items())[:50]:
            check(key, depth + 1)
            check(item, depth + 1)


def run(case: dict[str, Any]) -> tuple[str, str]:
    """Run one case: how it ended, and the details of a finding."""
    options = case["options"]
    fields = {field.name for field in attrs.fields(Limits)}
    limits = Limits(**{name: value for name, value in WANTED_LIMITS.items() if name in fields})
    lua = LuaRuntime(
        Policy(mode=options["mode"], limits=limits),
        files={"/f": "one\ntwo\n", "/d/f": b"\0\xff", "/m.lua": "return {...}", "/x.lua": "return 1"},
        modules={"host": {"f": lambda *a: a, "t": {"x": 1}}},
        env={"x": "y"},
        stdin=b"1 2 3\nline\n",
        stdout=io.BytesIO(),
        stderr=io.BytesIO(),
        encoding=options["encoding"] or None,
    )
    name = options["chunkname"].encode("latin-1")
    started = time.process_time()
    ending = "results"
    for step in (lambda: lua.execute(base64.b64decode(case["source"]), 1, "x", name=name), lua.close):
        try:
            result = step()
            for value in result if isinstance(result, tuple) else (result,):
                check(value)
        except (LuaSyntaxError, LuaError, LimitExceeded, LuaExit) as error:
            str(error), repr(error), error.__cause__
            ending = type(error).__name__
    taken = time.process_time() - started
    if taken > CPU_SECONDS:
        return "overrun", f"{taken:.1f} s of processor time under a limit of {WALL_SECONDS} s ({ending})"
    return ending, ""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    watch_internal_errors()
    answers = sys.stdout
    sys.stdout = io.StringIO()  # the protocol's alone
    for line in sys.stdin:
        swallowed.clear()
        try:
            kind, detail = run(json.loads(line))
        except BaseException:
            kind, detail = "escaped", traceback.format_exc()[-6000:]
        if swallowed:
            kind, detail = "internal", swallowed[0]
        print(json.dumps([kind, detail]), file=answers, flush=True)


if __name__ == "__main__":
    main()
