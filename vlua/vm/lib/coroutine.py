"""The ``coroutine`` library (manual §6.2).

In: a ``State``. Out: the library table. The greenlet machinery is imported when a script first needs a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlua.vm.arguments import ABSENT, check_function, type_name
from vlua.vm.errors import LuaError
from vlua.vm.frames import arg_error, lib_error, mark_native

if TYPE_CHECKING:
    from vlua.vm.coroutine import Coroutine, Coroutines
    from vlua.vm.state import State
    from vlua.vm.table import LuaTable

__all__ = ["coroutines_of", "open_coroutine"]


def coroutines_of(state: State) -> Coroutines:
    """The coroutines of a runtime, created when first asked for."""
    found: Coroutines | None = getattr(state, "coroutines", None)
    if found is None:
        from vlua.vm.coroutine import Coroutines

        found = Coroutines(state)
        state.coroutines = found  # type: ignore[attr-defined]
    return found


def check_thread(value: Any, position: int) -> Coroutine:
    """The value, which must be a thread."""
    if type_name(value) != "thread":
        raise arg_error(position, "thread expected")
    return value  # type: ignore[no-any-return]


def wrapped(thread: Coroutine) -> Any:
    """The function that ``coroutine.wrap`` gives out: it resumes ``thread`` and passes its errors on."""

    def resume_wrapped(*args: Any) -> Any:
        result = thread.resume(args)
        if type(result) is tuple:
            return result
        value = result.value  # type: ignore[union-attr]
        raise lib_error(value) if type(value) is str else LuaError(value)

    return resume_wrapped


def open_coroutine(state: State) -> LuaTable:
    """The table ``coroutine`` of a runtime (manual §6.2)."""

    def create(function: Any = ABSENT, *_: Any) -> Any:
        """A new thread that will run ``function``."""
        from vlua.vm.coroutine import Coroutine

        return Coroutine(coroutines_of(state), check_function(function, 1))

    def wrap(function: Any = ABSENT, *_: Any) -> Any:
        """A function that resumes a new thread each time it is called."""
        from vlua.vm.coroutine import Coroutine

        return wrapped(Coroutine(coroutines_of(state), check_function(function, 1)))

    def resume(thread: Any = ABSENT, *args: Any) -> Any:
        """``true`` and the values yielded or returned, or ``false`` and the error value."""
        if type_name(thread) != "thread":
            raise arg_error(1, "thread expected")
        result = thread.resume(args)
        return (True, *result) if type(result) is tuple else (False, result.value)

    def yield_(*args: Any) -> Any:
        """Suspend the running coroutine; the arguments become the results of ``resume``."""
        return coroutines_of(state).yield_values(args)

    def status(thread: Any = ABSENT, *_: Any) -> Any:
        """``"running"``, ``"suspended"``, ``"normal"`` or ``"dead"``."""
        return check_thread(thread, 1).status

    def running(*_: Any) -> Any:
        """The running thread, and whether it is the main one."""
        return coroutines_of(state).running(), state.current is None

    def isyieldable(*_: Any) -> Any:
        """Whether the running code may yield."""
        return state.current is not None and not state.non_yieldable

    mark_native(wrapped(None))  # type: ignore[arg-type]
    return state.library(
        "coroutine",
        {
            "create": create,
            "isyieldable": isyieldable,
            "resume": resume,
            "running": running,
            "status": status,
            "wrap": wrap,
            "yield": yield_,
        },
    )
