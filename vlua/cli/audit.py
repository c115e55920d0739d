"""``--audit``: the record of what a script has asked for, in a file or as a table.

In: the option's value. Out: an ``Audit`` for the runtime, and at the end a closed file or a table on stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from vlua.sandbox.audit import Audit, AuditEvent

__all__ = ["console", "recording", "show_events"]

WIDTH_OF_FILES = 160  # columns of a table that goes to a file or another program


@contextmanager
def recording(target: str | None) -> Iterator[Audit | None]:
    """The record that ``--audit`` asks for: ``None`` for none, "-" for a table at the end, else a file of JSON lines.

    Raises OSError when the file cannot be written.
    """
    if target is None:
        yield None
        return
    from vlua.sandbox.audit import Audit, write_event

    if target == "-":
        audit = Audit()
        try:
            yield audit
        finally:
            show_events(audit, audit.dropped)
        return
    with open(target, "w", encoding="utf-8") as file:
        audit = Audit(lambda event: file.write(write_event(event) + "\n"), limit=0)
        yield audit
    if audit.error is not None:
        raise audit.error


def show_events(events: Iterable[AuditEvent], dropped: int = 0) -> None:
    """Print events as a table on stderr."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title="what the script asked for", title_justify="left")
    for heading in ("where", "what", "about", "verdict", "decided by"):
        table.add_column(heading, overflow="fold")
    for event in events:
        about = event.path if event.path is not None else ", ".join(event.arguments)
        colour = "red" if not event.allowed else "green"
        table.add_row(
            escape(printable(event.position)),
            event.name,
            escape(printable(about)),
            f"[{colour}]{event.verdict}[/{colour}]",
            escape(event.rule),
        )
    output = console(stderr=True)
    output.print(table)
    if dropped:
        output.print(f"({dropped} earlier events are not shown; --audit FILE.jsonl keeps them all)")


def printable(text: str) -> str:
    """Text that a terminal does not take for orders, and that can be encoded."""
    return "".join(
        letter if letter.isprintable() and not "\ud800" <= letter <= "\udfff" else f"\\x{ord(letter) & 0xFF:02x}"
        for letter in text
    )


def console(stderr: bool = False) -> Console:
    """Where tables are printed."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else WIDTH_OF_FILES, highlight=False, soft_wrap=False)
