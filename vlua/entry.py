"""The one door from the host into Lua.

In: an operation on a state and its raw arguments. Out: its raw result, or one of the public exceptions.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any

from vlua.errors import LimitExceeded, LuaError, LuaExit
from vlua.vm.errors import ExitRequest, LimitReached
from vlua.vm.frames import levels, translate, unwound

if TYPE_CHECKING:
    from vlua.marshalling import Marshaller
    from vlua.vfs import Room
    from vlua.vm.state import State

__all__ = ["Entry"]


class Entry:
    """Runs operations on a state, one thread at a time.

    The outermost entry starts and stops the meter's clock and turns whatever comes out into ``LuaError``,
    ``LimitExceeded`` or ``LuaExit``; what scripts have written is in the files by then. Entries from a host function
    that Lua has called let limits and exits pass, so that the host function cannot swallow them.
    """

    def __init__(self, state: State, room: Room) -> None:
        self.state = state
        self.room = room
        self.marshaller: Marshaller | None = None
        self.depth = 0
        self.lock = RLock()

    def __del__(self) -> None:
        # Greenlets that sleep keep the state alive from frames that the garbage collector cannot see.
        coroutines = getattr(self.state, "coroutines", None)
        if coroutines is not None:
            coroutines.close()

    def __call__(self, operation: Callable[..., Any], *args: Any) -> Any:
        """``operation(*args)``, entered from wherever the host stands."""
        with self.lock:
            return self.inner(operation, args) if self.depth else self.outer(operation, args)

    def outer(self, operation: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """An entry from the host proper."""
        failure: LuaError | LimitExceeded | LuaExit
        self.depth = 1
        try:
            with self.state.entry():
                self.state.meter.start()
                try:
                    return operation(*args)
                except Exception as error:
                    failure = self.public_error(error)  # may run a __tostring, so it stays under the meter
                    failure.traceback = self.traceback_of(error)
                except ExitRequest:
                    self.room.close_files()  # as C's `exit` does
                    raise
                finally:
                    self.room.flush_files()  # so that the host sees what has been written
        except LimitReached as limit:
            failure = LimitExceeded(limit.limit, limit.allowed)
        except ExitRequest as request:
            failure = LuaExit(request.status)
        finally:
            self.depth = 0
            self.state.meter.stop()
        raise failure  # out here, so that no frame of the run stays alive as its context

    def inner(self, operation: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """An entry from a host function that Lua has called; the coroutine it runs in cannot be left meanwhile."""
        self.depth += 1
        self.state.non_yieldable += 1
        try:
            return operation(*args)
        except Exception as error:
            failure = self.public_error(error)
        finally:
            self.depth -= 1
            self.state.non_yieldable -= 1
        raise failure

    def public_error(self, exception: Exception) -> LuaError:
        """The LuaError that the host sees: its value converted, the Lua stack as text, the host's own cause kept."""
        assert self.marshaller is not None
        error = translate(exception)
        value = self.marshaller.to_python(error.value)
        public = type(error)(value)
        if type(value) not in (str, int, float):
            vars(public)["message"] = self.message_of(error.value)  # what str(public) says
        public.__cause__ = error.__cause__
        return public

    def traceback_of(self, exception: Exception) -> str | None:
        """The Lua stack that an exception has come through, as ``lua`` prints it (manual §6.10 ``traceback``)."""
        from vlua.vm.lib.traceback import function_names, traceback_text

        stack = list(levels(iter(unwound(exception.__traceback__))))
        if not stack:
            return None
        return f"{traceback_text(stack, 0, function_names(self.state))}\n\t[C]: in ?"

    def message_of(self, value: Any) -> str:
        """The text for an error value that is none, as ``lua`` shows it on the command line."""
        if type(value) is str or self.state.metamethod(value, "__tostring") is not None:
            try:
                return self.state.tostring(value).encode("latin-1").decode("utf-8", "backslashreplace")
            except Exception:  # an error in __tostring
                return "(error object that cannot be shown)"
        return f"(error object is a {self.state.type_name(value)} value)"
