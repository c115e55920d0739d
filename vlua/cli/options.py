"""The options that say what a script may do and where; the commands that run scripts share them.

In: what the user wrote. Out: mounts, variables and the policy they ask for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from vlua.sandbox.policy import Policy
    from vlua.vfs.sources import Mount

__all__ = ["chosen_policy", "room_options"]

Figure = TypeVar("Figure", int, float)


def parse_mounts(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[Mount, ...]:
    """``SRC:/PATH[:ro|rw|overlay]`` as mounts."""
    from vlua.vfs.sources import parse_mount

    try:
        mounts = tuple(map(parse_mount, texts))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    for mount in mounts:
        if "://" not in mount.source and not os.path.exists(mount.source):
            raise click.BadParameter(f"no such directory or archive: {mount.source!r}")
    return mounts


def parse_variables(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` as names and values."""
    for text in texts:
        if text.find("=") < 1:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return dict(text.split("=", 1) for text in texts)


def parse_bytes(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """A size, as ``parse_size`` reads it."""
    from vlua.sandbox.units import parse_size

    return above_zero(parse_size, text)


def parse_time(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """A duration, as ``parse_duration`` reads it."""
    from vlua.sandbox.units import parse_duration

    return above_zero(parse_duration, text)


def above_zero(parse: Callable[[str], Figure], text: str | None) -> Figure | None:
    """What ``parse`` makes of an option, which must be above 0."""
    if text is None:
        return None
    try:
        figure = parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if figure <= 0:
        raise click.BadParameter("must be above 0")
    return figure


def room_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a script may do and where; ``run`` and ``eval`` share them."""
    options = [
        click.option(
            "--policy", metavar="NAME|FILE", help="What scripts may do: a preset (vlua policy list) or a TOML file."
        ),
        click.option("--mode", type=click.Choice(["refuse", "virtual"]), help="Refuse the host-touching functions?"),
        click.option(
            "--mount",
            "mounts",
            multiple=True,
            metavar="SRC:/PATH[:ro|rw|overlay]",
            callback=parse_mounts,
            help="Show a directory, archive or URL; what is written there stays in memory, unless :rw (repeatable).",
        ),
        click.option(
            "--env",
            multiple=True,
            metavar="NAME=VALUE",
            callback=parse_variables,
            help="Set a variable for os.getenv (repeatable).",
        ),
        click.option(
            "--audit", metavar="FILE.jsonl|-", help="Record what the script asks for; - shows a table at the end."
        ),
        click.option("--instructions", type=click.IntRange(min=1), help="Allow so many calls and loop rounds."),
        click.option("--timeout", metavar="TIME", callback=parse_time, help="Time limit: seconds, or such as 500ms."),
        click.option("--memory", metavar="SIZE", callback=parse_bytes, help="Memory of the script, such as 64MiB."),
        click.option("--output", metavar="SIZE", callback=parse_bytes, help="Bytes that may be printed, as 1MiB."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def chosen_policy(options: dict[str, Any]) -> Policy:
    """The policy that ``--policy`` names, with what the other options change. Raises PolicyError."""
    from vlua.sandbox.policy import Policy

    policy = Policy.default() if options["policy"] is None else Policy.load(options["policy"])
    limits = {
        "instructions": options["instructions"],
        "wall_time": options["timeout"],
        "memory": options["memory"],
        "output": options["output"],
    }
    changes = {} if options["mode"] is None else {"mode": options["mode"]}
    return policy.evolve(limits={name: value for name, value in limits.items() if value is not None}, **changes)
