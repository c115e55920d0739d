"""The options that say what a script may do and where; the commands that run scripts share them.

In: what the user wrote. Out: mounts, variables and the policy they ask for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vlua.runtime import Mount
    from vlua.sandbox.policy import Policy

__all__ = ["chosen_policy", "room_options"]


def parse_mounts(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[Mount, ...]:
    """``HOSTDIR:/PATH`` or ``HOSTDIR:/PATH:ro`` as mounts."""
    mounts = []
    for text in texts:
        directory, colon, path = text.removesuffix(":ro").rpartition(":/")
        if not colon or not directory:
            raise click.BadParameter(f"{text!r} is not of the form HOSTDIR:/PATH or HOSTDIR:/PATH:ro")
        if not os.path.isdir(directory):
            raise click.BadParameter(f"{directory!r} is not a directory")
        mounts.append((directory, "/" + path, text.endswith(":ro")))
    return tuple(mounts)


def parse_variables(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` as names and values."""
    for text in texts:
        if text.find("=") < 1:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return dict(text.split("=", 1) for text in texts)


def room_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a script may do and where; ``run`` and ``eval`` share them."""
    options = [
        click.option("--policy", metavar="NAME|FILE", help="Policy: refuse, virtual or a TOML file."),
        click.option("--mode", type=click.Choice(["refuse", "virtual"]), help="Refuse the host-touching functions?"),
        click.option(
            "--mount",
            "mounts",
            multiple=True,
            metavar="HOSTDIR:/PATH[:ro]",
            callback=parse_mounts,
            help="Show a directory; what is written there stays in memory, or with :ro is refused (repeatable).",
        ),
        click.option(
            "--env",
            multiple=True,
            metavar="NAME=VALUE",
            callback=parse_variables,
            help="Set a variable for os.getenv (repeatable).",
        ),
        click.option("--instructions", type=click.IntRange(min=1), help="Allow so many calls and loop rounds."),
        click.option("--timeout", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True), help="Time limit."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def chosen_policy(options: dict[str, Any]) -> Policy:
    """The policy that ``--policy`` names, with what the other options change. Raises PolicyError."""
    from vlua.sandbox.policy import DEFAULT_POLICY, Policy

    policy = Policy.load(DEFAULT_POLICY if options["policy"] is None else options["policy"])
    changes = {"mode": options["mode"], "instructions": options["instructions"], "wall_seconds": options["timeout"]}
    return policy.evolve(**{field: value for field, value in changes.items() if value is not None})
