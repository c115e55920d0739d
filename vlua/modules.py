"""Modules that the host gives to a runtime: what ``require`` finds before it looks for files (manual §6.3).

In: names, and for each source text, a value, a Python module or a function that makes one of these.
Out: loaders in ``package.preload``.
"""

from __future__ import annotations

import inspect
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from vlua.vm.frames import mark_native

if TYPE_CHECKING:
    from vlua.marshalling import Marshaller
    from vlua.vm.state import State

__all__ = ["functions_of", "preload_module"]


def preload_module(state: State, marshaller: Marshaller, name: str, module: Any) -> None:
    """Let ``require(name)`` find ``module``.

    Text and bytes are Lua source; a Python module becomes a table of the functions that its ``__all__`` declares; a
    function is called with the name when the module is first required, and what it returns takes its place (but a
    function that it returns is the module itself); anything else is passed to Lua as it is.

    Raises TypeError or ValueError for what cannot be a module.
    """
    if not isinstance(name, str | bytes):
        raise TypeError(f"the name of a module must be text, not {type(name).__name__}")
    lua_name = marshaller.to_lua(name)
    if isinstance(module, type):
        raise TypeError(f"module {name!r} is a class: give a function that makes the module")
    if callable(module):

        def load_module(*args: Any) -> Any:
            made: list[Any] = []
            # the wrapper turns exceptions into Lua errors; what is returned must not become a Lua value yet
            state.call(marshaller.wrap_function(lambda key: made.append(module(key))), lua_name)
            if callable(made[0]):
                return marshaller.to_lua(made[0])
            return state.call(loader_of(state, marshaller, lua_name, made[0]), *args)

        loader = cast(FunctionType, load_module)
        mark_native(loader)
    else:
        loader = loader_of(state, marshaller, lua_name, module)
    state.registry.get("_PRELOAD").set(lua_name, loader)


def loader_of(state: State, marshaller: Marshaller, lua_name: str, module: Any) -> FunctionType:
    """The loader of a module that is there already."""
    if isinstance(module, ModuleType):
        module = functions_of(module)
    value = marshaller.to_lua(module)

    def run_source(*args: Any) -> Any:
        return state.call(state.load(value, f"@{lua_name}", state.globals), *args)

    def give_value(*_: Any) -> Any:
        return value

    loader = cast(FunctionType, run_source if isinstance(module, str | bytes) else give_value)
    mark_native(loader)
    return loader


def functions_of(module: ModuleType) -> dict[str, Any]:
    """The functions that a Python module declares in ``__all__``, by name; nothing else of it.

    Raises ValueError for a module without ``__all__``.
    """
    declared = getattr(module, "__all__", None)
    if declared is None:
        raise ValueError(f"{module.__name__} has no __all__ that says which functions scripts may call")
    return {name: value for name in declared if inspect.isroutine(value := getattr(module, name, None))}
