"""``vlua policy``: which policies there are, what they say and why, and which one a script needs.

In: names of presets, policy files, scripts, records. Out: text on stdout, TOML that can be saved, an exit status.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from vlua.cli.audit import console
from vlua.cli.options import parse_mounts, parse_variables
from vlua.cli.report import LUA_ERROR, OK, USAGE, complain, read_source

if TYPE_CHECKING:
    from vlua.sandbox.audit import AuditEvent
    from vlua.sandbox.learn import Grants
    from vlua.sandbox.policy import Policy

__all__ = ["policy"]


@click.group()
def policy() -> None:
    """Show, explain, check and learn policies."""


@policy.command("list")
def list_presets() -> int:
    """The policies that come with vlua."""
    from rich.table import Table

    from vlua.sandbox.policy import Policy, preset_names

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "mode", "what it is for"):
        table.add_column(heading)
    for name in preset_names():
        preset = Policy.preset(name)
        table.add_row(name, preset.mode, preset.description)
    console().print(table)
    return OK


@policy.command()
@click.argument("name", metavar="NAME|FILE")
def show(name: str) -> int:
    """Print a policy, comments included: a good start for one of your own."""
    found = loaded(name)
    if found is None:
        return USAGE
    click.echo(found.origin.text if found.origin is not None else found.to_toml(), nl=False)
    return OK


@policy.command()
@click.argument("name", metavar="NAME|FILE")
@click.argument("subject", metavar="FUNCTION|LIBRARY|PATH|module:NAME|program:NAME")
def explain(name: str, subject: str) -> int:
    """What a policy says about something, and which line of which file decides.

    A path has a slash in it: /saves/a.txt, ./a.txt.
    """
    from rich.markup import escape
    from rich.table import Table

    from vlua.sandbox.explain import explain as explained

    found = loaded(name)
    if found is None:
        return USAGE
    try:
        explanations = explained(found, subject)
    except ValueError as error:
        complain(str(error))
        return USAGE
    table = Table(box=None, pad_edge=False)
    for heading in ("what", "verdict", "decided by", "because"):
        table.add_column(heading, overflow="fold")
    for each in explanations:
        decided = f"{each.place}: {each.line}" if each.line else each.place
        colour = "red" if each.verdict == "refuse" else "green"
        table.add_row(
            escape(each.subject), f"[{colour}]{each.verdict}[/{colour}]", escape(decided), escape(each.reason)
        )
    console().print(table)
    return OK


@policy.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def check(files: tuple[str, ...]) -> int:
    """Check policy files: everything that is wrong with them, with line, key and the nearest valid spelling."""
    from vlua.sandbox.policy import Policy, PolicyError

    status = OK
    for file in files:
        try:
            Policy.from_file(file)
        except PolicyError as error:
            for line in str(error).splitlines():
                complain(line)
            status = LUA_ERROR
    return status


@policy.command()
@click.argument("scripts", metavar="SCRIPT...", nargs=-1)
@click.option("--from", "record", metavar="AUDIT.jsonl", help="Learn from a record instead of running anything.")
@click.option(
    "--mount",
    "mounts",
    multiple=True,
    metavar="SRC:/PATH[:ro|rw|overlay]",
    callback=parse_mounts,
    help="Show a directory (repeatable).",
)
@click.option(
    "--env", multiple=True, metavar="NAME=VALUE", callback=parse_variables, help="Set a variable (repeatable)."
)
@click.option("--name", default="learned", show_default=True, help="What to call the policy.")
def learn(scripts: tuple[str, ...], record: str | None, mounts: tuple[Any, ...], env: dict[str, str], name: str) -> int:
    """Run SCRIPTs in the virtual room and print the smallest policy under which they behave the same.

    Each script is run several times, to find out what it can do without; a clock that ticks makes all runs alike.
    With --from, the policy allows what a record of `vlua run --audit` says was allowed.
    """
    from vlua.sandbox.learn import Grants
    from vlua.sandbox.policy import Policy

    if not scripts and record is None:
        raise click.UsageError("name a SCRIPT, or a record with --from")
    grants = Grants()
    if record is not None:
        from vlua.sandbox.learn import grants_of

        events = recorded(record)
        if events is None:
            return LUA_ERROR
        grants = grants_of(events)
    stdin = b"" if not scripts or sys.stdin.isatty() else sys.stdin.buffer.read()
    for script in scripts:
        needed = grants_for(script, mounts, env, stdin)
        if needed is None:
            return LUA_ERROR
        grants |= needed
    learned = grants.policy(name, base=Policy.preset("virtual"))
    click.echo(learned.to_toml(), nl=False)
    return OK


def grants_for(script: str, mounts: tuple[Any, ...], env: dict[str, str], stdin: bytes) -> Grants | None:
    """What one script needs; complains when it cannot be read, or behaves differently under what was learned."""
    from vlua.trial import Trial
    from vlua.vfs.sources import Mount

    source = read_source(script)
    if source is None:
        return None
    folder = Mount(os.path.dirname(script) or ".", "/", "overlay")
    trial = Trial(source, os.path.basename(script), mounts=(folder, *mounts), env=env, stdin=stdin)
    grants = trial.learn()
    if grants is None:
        complain(f"{script} behaves differently each time; what is printed allows what it asked for this time")
        return trial.asked
    return grants


def recorded(path: str) -> list[AuditEvent] | None:
    """The events in a file ("-" is standard input); complains when they cannot be read."""
    from vlua.sandbox.audit import read_events

    try:
        if path == "-":
            return list(read_events(sys.stdin))
        with open(path, encoding="utf-8") as file:
            return list(read_events(file))
    except OSError as error:
        complain(f"cannot open {path}: {error.strerror}")
    except ValueError as error:
        complain(f"{path}: {error}")
    return None


def loaded(name: str) -> Policy | None:
    """The policy of that name; complains when there is none."""
    from vlua.sandbox.policy import Policy, PolicyError

    try:
        return Policy.load(name)
    except PolicyError as error:
        for line in str(error).splitlines():
            complain(line)
        return None
