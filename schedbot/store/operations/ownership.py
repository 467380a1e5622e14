"""Owner of an installation: the one place whose pools and ticks work with it.

A copy of the database has the same schedules, jobs and names of posts: two copies in use would post everything twice.
So each file names its owner, and a copy refuses to work. A file that was moved on the machine of its owner becomes the
new owner by itself once its old place is seen to be gone. Another file in the place of the owner may be an older state:
a person says so (`schedbot init --take-over`). That is so on another machine too, even for a file with the inode of the
owner: the volume of a restored backup may have it.
"""

from schedbot import log
from schedbot.store.database import Database, DatabaseLost
from schedbot.store.sqlite.location import Location, locate, read_cards

GET = "SELECT machine, boot, host, path, device, inode, cards FROM owner"

SET = """
INSERT INTO owner (id, machine, boot, host, path, device, inode, cards)
VALUES (1, :machine, :boot, :host, :path, :device, :inode, :cards)
ON CONFLICT (id) DO UPDATE
   SET machine = excluded.machine, boot = excluded.boot, host = excluded.host, path = excluded.path,
       device = excluded.device, inode = excluded.inode,
       cards = excluded.cards
"""

RESTORING = Location("a restore", "a restore", "a restore that goes on, or was killed", "", 0, 0)


def ensure(db: Database, *, dry_run: bool = False) -> Location:
    """Make the place of the file its owner, and return it. Raises DatabaseLost for a copy."""
    place, owner = locate(db.path), get_owner(db)
    if owner != place:
        refuse_backup(db)
        refuse_copy(owner, place)
        if not dry_run:
            make_owner(db)
    if owner and not is_same_file(owner, place):
        log.event("database_moved", "warning", before=f"{owner.host}:{owner.path}", path=place.path)
    return place


def find_problem(db: Database) -> DatabaseLost | None:
    """Return the error with which a tick and a pool refuse the file; None if they work with it."""
    owner = get_owner(db)
    if owner is None or owner.is_of(db.path):
        return None
    try:
        refuse_backup(db)
        refuse_copy(owner, locate(db.path))
    except DatabaseLost as error:
        return error
    return None


def refuse_unowned(db: Database) -> None:
    """Raise DatabaseLost for a file that no tick and no pool works with."""
    if problem := find_problem(db):
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
        db.execute(SET, (place or locate(db.path))._asdict())


def refuse_backup(db: Database) -> None:
    """Raise DatabaseLost for a file that `backup` made: it is older than what was posted since."""
    backed_up_at = db.integer_or_none("SELECT backed_up_at FROM installation")
    if backed_up_at is not None:
        import shlex

        from schedbot import times

        at = times.format_instant(backed_up_at, times.local_zone())
        raise DatabaseLost(
            f"'{db.path}' is a backup of {at}: what was posted since would be posted again.",
            f"'schedbot restore {shlex.quote(str(db.path))}' puts it in place, and posts nothing twice.",
        )


def refuse_copy(owner: Location | None, place: Location) -> None:
    """Raise DatabaseLost if the owner is on another machine, another file that is still there, or was replaced."""
    if owner is None:
        return
    if owner == RESTORING:
        raise DatabaseLost(
            f"A restore into '{place.path}' goes on, or was killed.",
            f"Wait for it. If none runs, start it again, or go on with this database: '{take_over_command(place)}'.",
        )
    if not owner.is_on_machine_of(place):
        raise copied(f"belongs to '{owner.path}' on {owner.name_machine(place)}", place)
    if owner.path == place.path and owner.inode != place.inode:
        raise DatabaseLost(
            f"The database '{place.path}' is another file than before: a copy, which may be older.",
            "To post nothing twice, move it away and run 'schedbot restore FILE' with it. "
            f"If it is the newest state, run '{take_over_command(place)}'.",
        )
    if (owner.device, owner.inode) != (place.device, place.inode) and owner.is_there():
        raise copied(f"is a copy of '{owner.path}', which is still there", place)


def copied(reason: str, place: Location) -> DatabaseLost:
    """Return the error of a copy."""
    return DatabaseLost(
        f"The database '{place.path}' {reason}. Two copies in use would post everything twice.",
        f"Work with the other one, or stop it for good and run '{take_over_command(place)}'.",
    )


def take_over_command(place: Location) -> str:
    """Return the command that makes the place the owner."""
    import shlex

    return f"schedbot --database {shlex.quote(place.path)} init --take-over"


def refuse_other_owner(db: Database, place: Location) -> None:
    """Raise DatabaseLost if another place has become the owner since `ensure`, or this machine is a copy by now."""
    owner = get_owner(db)
    if owner is not None and not is_same_file(owner, place):
        raise copied(f"now belongs to '{owner.path}' on {owner.name_machine(place)}", place)
    present = place._replace(cards=read_cards())
    if not place.is_on_machine_of(present):
        raise copied(f"belongs to '{place.path}' on {place.name_machine(present)}", place)
