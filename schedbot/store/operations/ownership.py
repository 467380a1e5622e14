"""Owner of an installation: the one place whose pools and ticks work with it.

A copy of the database has the same schedules, jobs and names of posts: two that work would post everything twice. So
each file names its owner, and a copy refuses to work. A file that was moved or restored becomes the new owner by
itself where its old place is seen to be gone; on another machine, a person says so (`schedbot init --take-over`).
"""

import shlex
from dataclasses import asdict

from schedbot import log, times
from schedbot.store.database import Database, DatabaseLost
from schedbot.store.sqlite.location import Location, locate

GET = "SELECT machine, boot, host, path, device, inode FROM owner"

SET = """
INSERT INTO owner (id, machine, boot, host, path, device, inode)
VALUES (1, :machine, :boot, :host, :path, :device, :inode)
ON CONFLICT (id) DO UPDATE
   SET machine = excluded.machine, boot = excluded.boot, host = excluded.host, path = excluded.path,
       device = excluded.device, inode = excluded.inode
"""

LAST_BEAT = "SELECT max(beat_at) FROM heartbeats WHERE kind IN ('tick', 'pool') AND beat_at <= :now"

ALIVE_MS = 90_000  # after its last heartbeat, the owner may still be at work


def ensure(db: Database, now: int, *, dry_run: bool = False) -> Location:
    """Make the place of the file its owner, and return it. Raises DatabaseLost for a copy."""
    place, owner = locate(db.path), get_owner(db)
    if owner != place:
        refuse_copy(db, owner, place, now)
        if not dry_run:
            make_owner(db)
    if owner and not is_same_file(owner, place):
        log.event("database_moved", "warning", before=f"{owner.host}:{owner.path}", path=place.path)
    return place


def find_problem(db: Database, now: int) -> DatabaseLost | None:
    """Return the error with which a tick and a pool refuse the file; None if they work with it."""
    place, owner = locate(db.path), get_owner(db)
    try:
        if owner != place:
            refuse_copy(db, owner, place, now)
    except DatabaseLost as error:
        return error
    return None


def refuse_unowned(db: Database, now: int) -> None:
    """Raise DatabaseLost for a file that no tick and no pool works with."""
    if problem := find_problem(db, now):
        raise problem


def is_same_file(owner: Location, place: Location) -> bool:
    """Are both one file on one machine? Its path may differ, for example in a container."""
    return owner.is_on_machine_of(place) and owner.inode == place.inode


def get_owner(db: Database) -> Location | None:
    """Return the owner, None before the first tick or pool."""
    return next(iter(db.all(Location, GET)), None)


def make_owner(db: Database, place: Location | None = None) -> None:
    """Make a place the owner, whatever the file says; by default the place of the file."""
    with db.writing():
        db.execute(SET, asdict(place or locate(db.path)))


def refuse_copy(db: Database, owner: Location | None, place: Location, now: int) -> None:
    """Raise DatabaseLost if the owner may still work with another file, or on another machine with this one."""
    if owner is None:
        return
    if owner.is_on_machine_of(place):
        if (owner.device, owner.inode) != (place.device, place.inode) and owner.is_there():
            raise copied(f"is a copy of '{owner.path}', which is still there", place)
    elif owner.inode != place.inode:
        raise copied(f"is a copy: its installation belongs to '{owner.path}' on the machine '{owner.host}'", place)
    else:
        beat_at = db.integer_or_none(LAST_BEAT, {"now": now}) or 0
        if now - beat_at < ALIVE_MS:
            age = times.format_duration(now - beat_at)
            raise copied(f"was used by the machine '{owner.host}' too, {age} ago", place)


def copied(reason: str, place: Location) -> DatabaseLost:
    """Return the error of a copy."""
    command = f"schedbot --database {shlex.quote(place.path)} init --take-over"
    return DatabaseLost(
        f"The database '{place.path}' {reason}. Two that work would post everything twice.",
        f"Work with the other one, or stop it for good and run '{command}'.",
    )


def refuse_other_owner(db: Database, place: Location) -> None:
    """Raise DatabaseLost if another place has become the owner since `ensure`."""
    owner = get_owner(db)
    if owner is not None and not is_same_file(owner, place):
        raise copied(f"now belongs to '{owner.path}' on the machine '{owner.host}'", place)
