"""Charging from where no state is at hand: the meter of whoever runs.

In: units. Out: nothing, but the runtime of the innermost compiled function on the Python stack has been charged.
"""

from __future__ import annotations

import sys

__all__ = ["LONG_TEXT", "charge_caller"]

# Characters of a text up to which looking through it, or copying it into a message, is not worth charging.
LONG_TEXT = 4096


def charge_caller(size: int) -> None:
    """Charge the running script for a look at ``size`` bytes; without one, nothing. Raises LimitReached."""
    from greenlet import getcurrent  # most scripts have no coroutines

    frame = sys._getframe(1)
    here = getcurrent()
    while True:
        scope = frame.f_globals
        if "charge" in scope and "uncharged" in scope:
            scope["charge"](size >> 4)
            return
        outer = frame.f_back
        while outer is None:
            # A library function may be all that a coroutine runs.
            here = here.parent
            if here is None:
                return
            outer = here.gr_frame
        frame = outer
