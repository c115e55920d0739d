"""Compiled chunks: source text to code object, once per text, shared by all runtimes.

In: source and chunk name. Out: an immutable ``Chunk`` that a state binds to its namespace and an environment.
"""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from vlua.vm.access import NO_FIELDS
from vlua.vm.codegen import generate
from vlua.vm.frames import FunctionInfo
from vlua.vm.parser import parse
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vm.meter import Meter
    from vlua.vm.state import State

__all__ = ["Chunk", "compile_chunk"]

# Chunks kept compiled, and the longest source worth keeping.
CACHE_SIZE = 512
CACHED_SOURCE = 200_000
# The functions of debug that assign variables: a chunk that names one is compiled without relying on their types.
ASSIGNING = ("setlocal", "setupvalue", "upvaluejoin")


@frozen(eq=False)
class Chunk:
    """The code of ``bind(_ENV, E)``, which makes the main ``function`` of a chunk, or of ``bind(*upvalues)``."""

    code: CodeType
    name: str
    function: FunctionInfo

    def bind(self, state: State, env: Any) -> Callable[..., Any]:
        """The function in a state: ``env`` (any Lua value) is its ``_ENV``, or else its first upvalue (manual §6.1)."""
        make = FunctionType(self.code, state.namespace)
        function: Callable[..., Any]
        if self.function.is_main:
            function = make(env, env.hash if type(env) is LuaTable else NO_FIELDS)
        else:
            count = len(self.function.upvalues)
            function = make(*(env, *[None] * count)[:count])
        return function


# Time that Python's compiler takes, as a multiple of what reading the source and generating takes.
COMPILER_SHARE = 1.6


CACHE: OrderedDict[tuple[str, str, int, bool, int], Chunk] = OrderedDict()


def compile_chunk(
    source: str,
    chunkname: str,
    number: int = 0,
    stripped: bool = False,
    counting: int = 0,
    meter: Meter | None = None,
) -> Chunk:
    """Compile source text (one character per byte), or only function ``number`` of it. Raises LuaSyntaxError.

    Unless 0, ``counting`` code asks before a table grows
    beyond as many entries. ``meter`` watches the time it takes, but is charged nothing: whether a
    chunk has been compiled before must not show. Raises LimitReached.
    Raises KeyError when there is no such function.
    """
    key = (chunkname, source, number, stripped, counting)
    chunk = CACHE.get(key)
    if chunk is not None:
        return chunk
    pulse: Callable[[], object] = int
    if meter is not None:
        pulse = meter.check_time
        meter.require_source(len(source))
    collecting = gc.isenabled()
    # Trees are large and die young: collections in between find nothing.
    gc.disable()
    try:
        # The upvalues of a function on its own begin as nil, whatever the chunk gives them.
        loose = number != 0 or any(word in source for word in ASSIGNING)
        clock = meter.clock if meter is not None else None
        begun = clock() if clock is not None else 0.0
        parsed = parse(source, chunkname, pulse)
        tree, functions = generate(parsed, chunkname, source, loose, number, stripped, counting, pulse)
        if meter is not None and clock is not None:
            # Python's own compiler cannot be interrupted.
            meter.require_time((clock() - begun) * COMPILER_SHARE)
        module = compile(tree, functions[0].short_source, "exec", dont_inherit=True, optimize=0)
    finally:
        if collecting:
            gc.enable()
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    chunk = Chunk(inform(code, functions), chunkname, functions[0])
    if len(source) <= CACHED_SOURCE:
        CACHE[key] = chunk
        while len(CACHE) > CACHE_SIZE:
            try:
                CACHE.popitem(last=False)
            except KeyError:
                break
    return chunk


def inform(code: CodeType, functions: list[FunctionInfo]) -> CodeType:
    """The code with each Lua function's information as its last constant, and Lua's names on it."""
    constants = tuple(inform(item, functions) if isinstance(item, CodeType) else item for item in code.co_consts)
    name = code.co_name
    if name[0] not in "FO" or not name[1:].isdecimal():
        return code.replace(co_consts=constants)
    info = functions[int(name[1:])]
    if name[0] == "O":
        info = evolve(info, outlined=True)
    shown = sys.intern(info.name)
    return code.replace(co_consts=(*constants, info), co_name=shown, co_qualname=shown)
