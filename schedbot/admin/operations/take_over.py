"""`init --take-over`: make a copy of a database the one that ticks and pools work with, instead of its owner."""

from contextlib import closing
from pathlib import Path

from schedbot import times
from schedbot.errors import DatabaseUnusable, SchedbotError
from schedbot.store.database import Database
from schedbot.store.open_database import get_installation_id, open_database
from schedbot.store.operations import heartbeats, ownership
from schedbot.store.sqlite.location import Location, locate


def take_over(db: Database, now: int) -> str:
    """Make the file of `db` the owner of the installation, and return from which file; empty: it had no other owner.

    A file of the same installation that is still there on this machine is told first, so that its ticks and pools end.
    Raises SchedbotError while a pool works with it, and where it cannot be written.
    """
    ownership.refuse_backup(db)
    owner, place = ownership.get_owner(db), locate(db.path)
    is_replaced = owner is not None and not ownership.is_same_file(owner, place)
    if owner is not None and is_replaced and owner.is_on_machine_of(place) and owner.is_there():
        tell_owner(db, Path(owner.path), place, now)
    ownership.make_owner(db)
    if owner is None or not is_replaced:
        return ""
    if owner.is_on_machine_of(place):
        return f"from '{owner.path}': 'tick' and 'work' refuse that file from now on"
    return f"from '{owner.path}' on {owner.name_machine(place)}: see that nothing works with it there"


def tell_owner(db: Database, path: Path, place: Location, now: int) -> None:
    """Write into the file at `path` that `place` is the owner, unless it is of another installation."""
    try:
        with closing(open_database(path)) as replaced:
            if get_installation_id(replaced) != get_installation_id(db):
                return
            refuse_running_pool(replaced, path, now)
            ownership.make_owner(replaced, place)
    except DatabaseUnusable as error:
        hint = f"{error.hint} Or move that file away, so that nothing works with it."
        raise SchedbotError(f"'{path}' cannot be told that it is replaced: {error}", hint.strip()) from None


def refuse_running_pool(replaced: Database, path: Path, now: int) -> None:
    """Raise SchedbotError while a pool works with the file: it would post until its next heartbeat."""
    if not heartbeats.is_pool_alive(replaced, now):
        return
    seconds = times.format_duration(heartbeats.POOL_ALIVE_MS)
    problem = f"A worker pool works with '{path}', or did within the last {seconds}."
    raise SchedbotError(problem, f"Stop 'schedbot work' there; a pool that was killed counts for {seconds} more.")
