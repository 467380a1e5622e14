"""Completion in the shell: names of schedules and workspaces, read from the database of the typed line.

A shell asks at each press of Tab, so an answer loads no command's report or client code, and every problem (no
database, a wrong setting) is an empty answer.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from schedbot import settings
from schedbot.commands.command_class import FLAGS, command_path

# A shell asks before it shows more than a hundred.
MOST_NAMES = 1_000
SPECIAL = re.compile(r"""([\s'"\\$`&;|<>()!#~])""")


@contextmanager
def silence() -> Iterator[None]:
    """Hide every error and end with 0: a message would be printed into the line that a user types."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    with suppress(Exception):
        yield


def complete_parameter(ctx: Any, parameter: Any, prefix: str) -> list[Any]:
    """Return the completions of a parameter that takes a name of a schedule or a workspace."""
    _, command, *inner = command_path(ctx).split()
    is_new = "add" in (command, *inner)
    is_name = parameter.param_type_name == "argument" and parameter.metavar == "NAME" and not is_new
    flags = ctx.meta.get(FLAGS, {})
    if "--workspace" in parameter.opts or (is_name and command == "workspace"):
        return to_items(workspace_names(flags, prefix))
    if "--schedule" in parameter.opts or is_name:
        return to_items(schedule_names(flags, prefix))
    return []


def schedule_names(flags: Mapping[str, str], prefix: str) -> list[str]:
    """Return names of schedules that begin with `prefix`."""
    from schedbot.store.schedules import schedules

    return read_names(flags, lambda db: schedules.names_from(db, prefix, MOST_NAMES))


def workspace_names(flags: Mapping[str, str], prefix: str) -> list[str]:
    """Return names of workspaces that begin with `prefix`."""
    from schedbot.store.schedules import workspaces

    return read_names(flags, lambda db: [workspace.name for workspace in workspaces.list_all(db)], prefix)


def read_names(flags: Mapping[str, str], read: Callable[[Any], list[str]], prefix: str = "") -> list[str]:
    """Return the names that `read` finds in the database, or none if it cannot be read."""
    from schedbot.store.open_database import open_database

    with suppress(Exception):
        db = open_database(settings.load(settings.Flags(**flags)).database)
        try:
            return sorted(name for name in read(db) if name.startswith(prefix))
        finally:
            db.close()
    return []


def to_items(names: list[str]) -> list[Any]:
    """Return the names as completions of the parser, with a backslash before what a shell would take as its own."""
    item = item_class()
    return [item(SPECIAL.sub(r"\\\1", name)) for name in names]


def item_class() -> Any:
    """Return the class of a completion. Its module differs between versions of typer."""
    for module in ("typer._click.shell_completion", "click.shell_completion"):
        with suppress(ImportError):
            return import_module(module).CompletionItem
    raise ImportError("typer has no class for completions")
