"""The garbage collector that a script can notice: weak tables (manual §2.5.2) and finalizers (manual §2.5.1).

In: the tables and userdata that have been given a metatable. Out: weak tables without the entries that only they kept
alive, calls of ``__gc``, and the end of coroutines that nobody can resume any more.
Python frees the memory; until a script uses one of these, this module does nothing. Collections happen when the
script asks for one, and at the meter's safe points while there is something to collect for.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from vlua.vm.errors import LuaError
from vlua.vm.lib.protected import caught
from vlua.vm.table import LuaTable

if TYPE_CHECKING:
    from vlua.vm.reachability import Survey
    from vlua.vm.state import State

__all__ = ["Garbage"]

# Units between two automatic collections: this many at least, and this many times what the last one cost.
INTERVAL = 20_000
PACE = 10
# Units for listing every object of the process, in search of tables whose metatable has become weak.
SCAN_UNITS = 20_000
# Sleeping coroutines that call for a collection, which frees those that only they themselves refer to.
MANY_COROUTINES = 20_000
# Nested calls through C code from which finalizers wait for a better moment.
DEEP = 150
# What takes the place of a dead key in the remembered order of a traversal.
TOMBSTONE = object()


class Garbage:
    """What one runtime knows of its weak tables and of the objects to be finalized."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.running = True
        # Percents, as ``setpause`` and ``setstepmul`` set them; only the first changes anything.
        self.pause = 200
        self.step_multiplier = 200
        self.cycles = 0
        # The meter's figure at which the next automatic collection is due; 0 before there is anything to collect.
        self.due_at = 0
        self.weak_tables: WeakSet[LuaTable] = WeakSet()
        # Metatables in use; a script may give one its ``__mode`` later.
        self.metatables: WeakSet[LuaTable] = WeakSet()
        self.weak_metatables: WeakSet[LuaTable] = WeakSet()
        # Coroutines that were found unreachable once, with an object to be finalized behind them.
        self.condemned: WeakSet[Any] = WeakSet()
        # Objects with a finalizer, in the order in which they got it; those whose finalizer is due, next one first.
        self.marked: dict[int, Any] = {}
        self.due: deque[Any] = deque()
        self.finalizing = False
        self.closed = False
        self.coroutine_threshold = MANY_COROUTINES

    # What the libraries tell

    def note(self, value: Any, meta: LuaTable) -> None:
        """A table or userdata has been given a metatable: remember it if a collection has to know."""
        if "__mode" in meta.hash and type(value) is LuaTable:
            self.weak_tables.add(value)
            self.weak_metatables.add(meta)
        if meta.hash.get("__gc") is not None and id(value) not in self.marked and not self.closed:
            self.marked[id(value)] = value
        if getattr(meta, "noted", None) is None:
            meta.noted = True
            self.metatables.add(meta)
        meter = self.state.meter
        if not self.due_at and not self.closed:
            self.due_at = meter.handed + INTERVAL
            meter.alarms.append(self.alarm)
            meter.alarm_at = min(meter.alarm_at, self.due_at)

    # Collections

    def collect(self) -> None:
        """A full collection: weak tables are emptied, and finalizers run. Raises LuaError for an error in one."""
        self.sweep()
        self.finalize()

    def alarm(self) -> int:
        """A safe point at which a collection may be due; when to come back."""
        meter = self.state.meter
        if meter.handed < self.due_at:
            return self.due_at
        if self.finalizing or not self.running or self.state.c_depth > DEEP:
            return meter.handed + INTERVAL
        before = meter.used
        try:
            if self.marked or self.weak_tables or self.late_metatables():
                self.sweep()
        finally:
            interval = max(INTERVAL, (meter.used - before) * PACE)
            self.due_at = meter.handed + interval * max(min(self.pause, 1000), 100) // 200
        self.finalize()
        return self.due_at

    def crowded(self, count: int) -> None:
        """There are ``count`` coroutines: time to look for those that nobody can reach."""
        self.coroutine_threshold = count + MANY_COROUTINES
        self.sweep()
        coroutines = getattr(self.state, "coroutines", None)
        if coroutines is not None:
            self.coroutine_threshold = max(MANY_COROUTINES, 3 * len(coroutines.alive))

    def late_metatables(self) -> list[LuaTable]:
        """Metatables that have got a ``__mode`` after they were first used."""
        self.state.tick(len(self.metatables) // 16)
        return [meta for meta in self.metatables if "__mode" in meta.hash and meta not in self.weak_metatables]

    def find_late(self) -> None:
        """Find the tables of metatables that have become weak: only the process's list of objects knows them."""
        late = self.late_metatables()
        if not late:
            return
        self.state.tick(SCAN_UNITS)
        wanted = {id(meta) for meta in late}
        self.weak_metatables.update(late)
        self.weak_tables.update(
            [item for item in gc.get_objects() if type(item) is LuaTable and id(getattr(item, "meta", None)) in wanted]
        )

    def sweep(self) -> None:
        """Find what is dead: clear weak tables of it, put finalizers on the list, end coroutines."""
        from vlua.vm.lib.coroutine import coroutines_of

        self.cycles += 1
        self.find_late()
        coroutines = getattr(self.state, "coroutines", None)
        sleepers = coroutines.sleeping() if coroutines is not None else []
        if not (self.weak_tables or self.marked or sleepers):
            return
        survey = self.survey(sleepers)
        del sleepers
        dead_threads = [thread for thread in coroutines_of(self.state).sleeping() if survey.dead(thread)]
        self.spare(survey, dead_threads)
        doomed = [item for item in self.marked.values() if survey.dead(item)]
        tables = list(self.weak_tables)
        resurrected = {id(table) for table in tables if survey.dead(table)}
        for table in tables:
            if id(table) not in resurrected:
                self.clear_values(table, survey)
        for item in doomed:
            del self.marked[id(item)]
        doomed.reverse()
        self.due.extend(doomed)
        survey.keep(doomed)
        for table in tables:
            if id(table) in resurrected:
                self.clear_values(table, survey)
            self.clear_keys(table, survey)
        dead_threads = [thread for thread in dead_threads if survey.dead(thread)]
        del survey, tables, doomed
        for thread in dead_threads:
            thread.abandon()

    def survey(self, sleepers: Iterable[Any]) -> Survey:
        """Look at everything that may be garbage."""
        from vlua.vm.reachability import Survey

        state = self.state
        libraries = state.registry.hash.get("_LOADED")
        fixed = [state.globals, state.registry, state.string_meta, libraries, *state.type_metatables.values()]
        if type(libraries) is LuaTable:
            fixed += libraries.hash.values()
        survey = Survey({id(item) for item in fixed}, state.tick)
        survey.add(self.weak_tables)
        survey.add(self.marked.values())
        survey.add(sleepers)
        survey.add_hidden()
        for item in self.marked.values():
            # The list of marked objects does not keep them alive.
            survey.discount(item)
        for item in sleepers:
            survey.discount(item)
        item = None
        coroutines = getattr(state, "coroutines", None)
        waiting = coroutines.waiting_frames() if coroutines is not None else ()
        survey.running([sys._getframe(), *waiting])
        survey.mark()
        return survey

    def spare(self, survey: Survey, threads: list[Any]) -> None:
        """Give coroutines that lead to an object with a finalizer one more cycle, as PUC Lua does."""
        fresh = [thread for thread in threads if thread not in self.condemned]
        if any(id(item) in self.marked for item in survey.leads_to(fresh)):
            self.condemned.update(fresh)
            survey.keep(fresh)

    def clear_values(self, table: LuaTable, survey: Survey) -> None:
        """Remove the entries of a table with weak values whose values are dead."""
        from vlua.vm.reachability import collectable, weakness

        if "v" in weakness(table):
            self.remove(table, [key for key, value in table.hash.items() if collectable(value) and survey.dead(value)])

    def clear_keys(self, table: LuaTable, survey: Survey) -> None:
        """Remove the entries of a table with weak keys whose keys are dead."""
        from vlua.vm.reachability import collectable, weakness

        if "k" not in weakness(table):
            return
        self.remove(table, [key for key in table.hash if collectable(key) and survey.dead(key)])
        order = getattr(table, "order", [])
        for position, key in enumerate(order):
            if survey.dead(key):
                order[position] = TOMBSTONE

    def remove(self, table: LuaTable, keys: list[Any]) -> None:
        """Remove entries; a traversal that has come to one of them can go on."""
        if keys and not getattr(table, "order", None):
            table.order = list(table.hash)
        for key in keys:
            del table.hash[key]

    # Finalizers

    def finalize(self, propagate: bool = True) -> None:
        """Run the finalizers that are due. With ``propagate`` the first error in one is raised, as PUC Lua does."""
        state = self.state
        while self.due:
            item = self.due.popleft()
            handler = state.metamethod(item, "__gc")
            if type(handler) is not FunctionType:
                continue
            before = self.finalizing
            self.finalizing = True
            state.non_yieldable += 1
            try:
                state.call(handler, item)
                continue
            except Exception as exception:
                message = caught(exception)
            finally:
                self.finalizing = before
                state.non_yieldable -= 1
            if propagate:
                raise LuaError(f"error in __gc metamethod ({message if type(message) is str else 'no message'})")

    def close(self) -> None:
        """The end of the runtime: run every finalizer there is, latest mark first; errors in them are ignored."""
        self.due.extend(reversed(list(self.marked.values())))
        self.marked.clear()
        self.closed = True
        self.finalize(propagate=False)
        self.abandon()

    def abandon(self) -> None:
        """Know and do nothing any more, without running finalizers: the end of a program that was killed."""
        self.marked.clear()
        self.due.clear()
        self.closed = True
        self.weak_tables.clear()
        self.metatables.clear()
        if self.due_at:
            self.due_at = 0
            self.state.meter.alarms.remove(self.alarm)
