"""The gate: a policy, applied to the libraries of one runtime when it is built.

In: a state with all its libraries open. Out: the same tables, with every refused function replaced.
What is refused is replaced where it stands, so that no saved table, ``package.loaded`` entry or string method leads
to the original.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from vlua.vm.frames import lib_error, mark_native
from vlua.vm.table import LuaTable
from vlua.vm.userdata import Userdata

if TYPE_CHECKING:
    from vlua.sandbox.policy import Policy
    from vlua.vm.state import State

__all__ = ["close_gate"]

PRELOAD_SEARCHER = 1  # the first of `package.searchers` reads package.preload; the others look for files


def close_gate(state: State, policy: Policy) -> None:
    """Replace everything that ``policy`` refuses in the libraries of ``state``.

    A refused function raises ``io.open(_) is sandboxed``; a refused stream (``io.stdout``) raises the like when used.
    """
    for library, table in state.registry.get("_LOADED").items():
        for key, value in table.items():
            if isinstance(key, str) and isinstance(value, FunctionType | Userdata):
                name = key if library == "_G" else f"{library}.{key}"
                if name == "require" and not policy.allows(name):
                    _close_searchers(state.globals)
                    if name not in policy.deny:
                        continue  # refused by mode only: libraries, host modules and package.preload stay within reach
                if not policy.allows(name):
                    table.set(key, refusal(name) if isinstance(value, FunctionType) else _refused_stream(name))


def refusal(name: str) -> Callable[..., Any]:
    """A function that raises ``name(_) is sandboxed``, whatever it is called with."""
    message = f"{name}(_) is sandboxed"

    def refused(*_: Any) -> Any:
        raise lib_error(message)

    function = cast(FunctionType, refused)
    function.__code__ = function.__code__.replace(co_name=name)  # tracebacks tell functions apart by their code
    mark_native(function)
    return function


def _close_searchers(globals: LuaTable) -> None:
    """Make ``require`` find what is preloaded and refuse to look any further."""
    package = globals.get("package")
    searchers = package.get("searchers") if isinstance(package, LuaTable) else None
    if isinstance(searchers, LuaTable):
        for position in range(searchers.length(), PRELOAD_SEARCHER, -1):
            searchers.set(position, None)
        searchers.set(PRELOAD_SEARCHER + 1, refusal("require"))


def _refused_stream(name: str) -> Userdata:
    """What stands in for ``io.stdout`` and its like: every use of it raises."""
    meta = LuaTable()
    refused = refusal(name)
    for event in ("__index", "__newindex", "__call"):
        meta.set(event, refused)
    meta.set("__name", "FILE*")
    meta.set("__metatable", False)
    return Userdata(meta)
