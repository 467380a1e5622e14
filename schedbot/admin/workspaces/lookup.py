"""Workspaces by name. A name that no workspace has is one error everywhere, with the nearest name."""

from collections.abc import Iterable
from difflib import get_close_matches

from schedbot import times
from schedbot.errors import NotFound
from schedbot.store.database import Database
from schedbot.store.schedules import workspaces
from schedbot.store.schedules.workspaces import Workspace


def find(db: Database, name: str) -> Workspace:
    """Return the workspace with this name. Raises NotFound."""
    workspace = workspaces.by_name(db, name)
    if workspace is not None:
        return workspace
    near = get_close_matches(name, [workspace.name for workspace in workspaces.list_all(db)], n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "'schedbot workspace list' shows all workspaces."
    raise NotFound(f"No workspace named {times.quote(name)} exists.", hint)


def find_all(db: Database, names: Iterable[str]) -> list[Workspace]:
    """Return the workspaces with these names, each once; all workspaces for no names. Raises NotFound."""
    unique = dict.fromkeys(names)
    return [find(db, name) for name in unique] if unique else workspaces.list_all(db)
