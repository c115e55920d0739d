"""Fixtures for the machine's own tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from vlua.vm.call import values
from vlua.vm.errors import LuaError
from vlua.vm.lib.string import open_string
from vlua.vm.lib.utf8 import open_utf8
from vlua.vm.state import State

CALLEE = re.compile("to '[^']*' \\(|calling '[^']*' on")


def plain(value: Any) -> Any:
    """A value that can be compared: floats by their bits, NaN without its sign, everything with its type."""
    if type(value) is float:
        return "nan" if value != value else value.hex()
    return type(value).__name__, value


def message(error: Any) -> Any:
    """An error value without the name of the function called, which only a Lua caller gives."""
    return CALLEE.sub("to '?' (", error) if isinstance(error, str) else error


@pytest.fixture(scope="session")
def state() -> State:
    """A state with the ``string`` and ``utf8`` libraries as globals."""
    state = State()
    state.globals.set("string", open_string(state))
    state.globals.set("utf8", open_utf8(state))
    return state


@pytest.fixture(scope="session")
def ours(state: State) -> Callable[..., Any]:
    """``ours("string.rep", "x", 3)``: what our library function gives: ``("results", …)`` or ``("error", text)``."""

    def call(name: str, *args: Any) -> Any:
        library, function = name.split(".")
        try:
            results = values(state.globals.get(library).get(function)(*args))
        except LuaError as error:
            return "error", message(error.value)
        return "results", *map(plain, results)

    return call


@pytest.fixture(scope="session")
def puc() -> Callable[..., Any]:
    """The same as ``ours`` with PUC Lua."""
    lupa = pytest.importorskip("lupa.lua53")
    runtime = lupa.LuaRuntime(encoding="latin-1")
    invoke = runtime.eval(
        "function(library, name, ...) local t = table.pack(pcall(_G[library][name], ...)) return t, t.n end"
    )

    def call(name: str, *args: Any) -> Any:
        library, function = name.split(".")
        table, count = invoke(library, function, *args)
        results = [table[index] for index in range(1, count + 1)]
        if results[0] is not True:
            return "error", message(results[1])
        return "results", *map(plain, results[1:])

    return call


@pytest.fixture(scope="session")
def same(ours: Callable[..., Any], puc: Callable[..., Any]) -> Callable[..., None]:
    """``same("string.rep", "x", 3)`` asserts that our library function does what PUC's does."""

    def check(name: str, *args: Any) -> None:
        assert ours(name, *args) == puc(name, *args), (name, args)

    return check
