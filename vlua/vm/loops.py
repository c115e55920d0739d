"""The iterators behind ``for`` (manual §3.3.5).

In: the three values of a loop head. Out: Python iterators that charge the meter once per iteration.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain
from operator import length_hint
from types import FunctionType
from typing import TYPE_CHECKING, Any

from vlua.vm.call import first, take, values
from vlua.vm.frames import run_error
from vlua.vm.number import to_number, wrap
from vlua.vm.table import BooleanKey, LuaTable

if TYPE_CHECKING:
    from vlua.vm.state import State

__all__ = ["bind_loops"]

# Loops that the iterators of others run: each grows the C stack, as Python resumes a generator through C code.
MAX_NESTING = 200


# Iterations of a numeric loop that are charged at once: at first, and at most.
FIRST_PIECE = 32
LAST_PIECE = 2048
# Keys that a traversal lists without a charge, and those of larger tables that it lists for a unit.
UNCHARGED_KEYS = 512
KEYS_PER_UNIT = 16
NOTHING: Iterator[int] = iter(())


def loop_limit(limit: float, step: int) -> int | None:
    """The limit of an integer loop as an integer, cut towards the start as PUC's ``forlimit``; None: no iteration."""
    if limit != limit:
        return None
    if limit >= 2.0**63:
        return 2**63 - 1 if step > 0 else None
    if limit < -(2.0**63):
        return None if step > 0 else -(2**63)
    return math.floor(limit) if step >= 0 else math.ceil(limit)


def bind_loops(state: State) -> dict[str, Callable[..., Any]]:
    """The loop iterators of one state."""
    meter = state.meter
    ticks, charge = meter.ticks, meter.charge

    def count(start: Any, limit: Any, step: Any) -> Any:
        """The values of a numeric loop."""
        if type(start) is int and type(limit) is int and type(step) is int and step != 0:
            return integer_range(start, limit, step)
        limit = loop_number(limit, "limit")
        step = loop_number(step, "step")
        start = loop_number(start, "initial")
        if type(start) is int and type(step) is int:
            if type(limit) is float:
                limit = loop_limit(limit, step)
                if limit is None:
                    return ()
            if step != 0:
                return integer_range(start, limit, step)
            return endless(start) if limit <= start else ()
        return float_range(float(start), float(limit), float(step))

    def integer_range(start: int, limit: int, step: int) -> Iterator[int]:
        size = (limit - start) // step + 1
        if size <= 0:
            return NOTHING
        numbers = range(start, limit + (1 if step > 0 else -1), step)
        following = start + size * step
        if not -(2**63) <= following < 2**63:
            # 5.3 lets the variable wrap around and goes on.
            return chain(chain.from_iterable(pieces(numbers, size)), wrapped(following, limit, step))
        return chain.from_iterable(pieces(numbers, size))

    def wrapped(value: int, limit: int, step: int) -> Iterator[int]:
        for _ in ticks:
            value = wrap(value)
            if not (value <= limit if step > 0 else limit <= value):
                return
            yield value
            value += step

    def pieces(numbers: range, size: int) -> Iterator[Iterator[int]]:
        """The range in growing pieces, each charged when it is handed out; what the loop leaves over is given back."""
        done = 0
        length = FIRST_PIECE
        while done < size:
            if done + length > size:
                length = size - done
            charge(length)
            if meter.handed >= meter.alarm_at and not meter.ringing:
                meter.ring()
            piece = iter(numbers[done : done + length])
            try:
                yield piece
            finally:
                meter.handed -= length_hint(piece)
            done += length
            # No longer than a slice: where single rounds may take long, slices are short.
            length = min(2 * length, LAST_PIECE, meter.slice)

    def loop_number(value: Any, role: str) -> int | float:
        number = value if type(value) is int or type(value) is float else None
        if number is None:
            text = to_number(value)
            if text is not None:
                # A string is converted, and makes the loop a float one.
                return float(text)
            raise run_error(f"'for' {role}{' value' if role == 'initial' else ''} must be a number")
        return number

    def endless(value: int) -> Iterator[int]:
        for _ in ticks:
            yield value

    def float_range(value: float, limit: float, step: float) -> Iterator[float]:
        # As PUC: the step is taken back before the first round, which rounds.
        value -= step
        for _ in ticks:
            value += step
            if not (value <= limit if step > 0 else limit <= value):
                return
            yield value

    def traverse(table: LuaTable) -> Iterator[tuple[Any, Any]]:
        hash = table.hash
        size = len(hash)
        if size > UNCHARGED_KEYS:
            charge(size // KEYS_PER_UNIT)
            meter.charge_memory(size * 8)
        # In a variable, where looks at the memory find it.
        keys = list(hash)
        for key, _ in zip(keys, ticks):
            value = hash.get(key)
            if value is not None:
                yield (key.value if type(key) is BooleanKey else key), value

    # How many iterators are running inside one another.
    nesting = state.nesting

    def enter() -> int:
        """The nesting of the iterator of a loop that begins. Raises LuaError when it is too much."""
        level = nesting[0] + 1
        if level > MAX_NESTING:
            raise run_error("C stack overflow")
        if level > state.max_depth:
            raise state.too_deep()
        return level

    def sequence(table: LuaTable, position: int) -> Iterator[tuple[Any, Any]]:
        hash = table.hash
        index = state.index
        level = 0
        for _ in ticks:
            position += 1
            value = hash.get(position)
            if value is None:
                if table.meta is None:
                    return
                if not level:
                    level = enter()
                nesting[0] = level
                try:
                    value = index(table, position)
                finally:
                    nesting[0] = level - 1
                if value is None:
                    return
            yield position, value

    def head(result: Any) -> tuple[Any, Any, Any]:
        function, subject, control = take(result, 3)
        return function, subject, control

    def iterate2(result: Any) -> Iterator[tuple[Any, Any]]:
        """The pairs of a generic loop with two variables, from the raw result of its expressions."""
        function, subject, control = head(result)
        if type(subject) is LuaTable:
            if function is state.next_function and control is None:
                return traverse(subject)
            if function is state.ipairs_step and type(control) is int:
                return sequence(subject, control)
        return step2(function, subject, control)

    def step2(function: Any, subject: Any, control: Any) -> Iterator[tuple[Any, Any]]:
        function = callable_of(function)
        level = enter()
        below = level - 1
        for _ in ticks:
            nesting[0] = level
            try:
                result = function(subject, control)
                if type(result) is tuple:
                    result = values(result)
            finally:
                nesting[0] = below
            if type(result) is tuple:
                if not result:
                    return
                control = result[0]
                if control is None:
                    return
                yield control, (result[1] if len(result) > 1 else None)
            else:
                control = result
                if control is None:
                    return
                yield control, None

    def iterate1(result: Any) -> Iterator[Any]:
        """The values of a generic loop with one variable."""
        function, subject, control = head(result)
        if type(subject) is LuaTable:
            if function is state.next_function and control is None:
                return (key for key, _ in traverse(subject))
            if function is state.ipairs_step and type(control) is int:
                return (key for key, _ in sequence(subject, control))
        if type(function) is FunctionType and state.hooks is None:
            # a library's iterator may bring its own loop, which saves a call for each round
            steps: Callable[..., Iterator[Any]] | None = getattr(function, "steps", None)
            if steps is not None:
                return steps(function, ticks)
        return step1(function, subject, control)

    def step1(function: Any, subject: Any, control: Any) -> Iterator[Any]:
        function = callable_of(function)
        level = enter()
        below = level - 1
        for _ in ticks:
            nesting[0] = level
            try:
                control = function(subject, control)
                if type(control) is tuple:
                    control = first(control)
            finally:
                nesting[0] = below
            if control is None:
                return
            yield control

    def iterate(result: Any, count: int) -> Iterator[tuple[Any, ...]]:
        """The tuples of a generic loop with ``count`` variables."""
        function, subject, control = head(result)
        function = callable_of(function)
        level = enter()
        below = level - 1
        for _ in ticks:
            nesting[0] = level
            try:
                found = take(function(subject, control), count)
            finally:
                nesting[0] = below
            control = found[0]
            if control is None:
                return
            yield found

    def callable_of(function: Any) -> Any:
        if type(function) is FunctionType or type(function) is LuaTable:
            return function
        return lambda *args: state.call(function, *args)

    return {"count": count, "iterate1": iterate1, "iterate2": iterate2, "iterate": iterate}
