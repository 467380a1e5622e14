"""`restore`: put a backup in the place of the database, and post no occurrence a second time."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from schedbot import times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.operations.backup import stamp
from schedbot.admin.operations.restores import restored_posts
from schedbot.admin.operations.restores.restored_posts import Settlement
from schedbot.errors import BadInput, DatabaseUnusable, SchedbotError
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.database import Database
from schedbot.store.open_database import get_installation_id, open_database
from schedbot.store.operations import chain, heartbeats, ownership, restored_state
from schedbot.store.sqlite import swap_database, wake_fifo
from schedbot.store.sqlite.location import locate


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """Result of a restore: its file and instant, the settlement of the jobs, and the old database's new name.

    `chain_problem`: fault in the hash chain of the backup, '' for none.
    """

    file: Path
    backed_up_at: int | None
    restored_at: int
    settlement: Settlement
    replaced: Path | None
    chain_problem: str = ""


def restore(
    settings: Settings, file: Path, now: Callable[[], int], within_ms: int, *, take_over: bool = False
) -> RestoreResult:
    """Settle the due jobs of the backup, then put it in the place of the database. Raises SchedbotError.

    Until then the old database is there, and no pool and no tick works with it. `take_over`: the backup is of another
    machine. `within_ms`: longest time to read histories.
    """
    path = settings.database
    if os.path.exists(file) and path.exists() and file.samefile(path):
        raise BadInput(f"'{file}' is the database itself.", "Name a backup of it.")
    with ExitStack() as stack:
        stack.enter_context(swap_database.no_other_restore(path))
        copy = stack.enter_context(swap_database.verified_copy(file, path))
        replaced = stack.enter_context(stopped_database(path, now()))
        with closing(open_database(copy)) as db:
            session = Session(settings, db, now)
            refuse_other_place(db, path, file, take_over)
            refuse_other_installation(db, replaced, path)
            chain_problem = chain.verify(db).problem
            backed_up_at = restored_state.get_backed_up_at(db)
            settlement = restored_posts.settle(session, replaced, within_ms)
            record(session, file, backed_up_at, dict(settlement.jobs))
            ownership.make_owner(db, locate(copy)._replace(path=str(path.absolute())))
        aside = swap_database.name_aside(path, stamp(now())) if path.exists() else None
        if replaced:
            ownership.make_owner(replaced, locate(copy)._replace(path=str(path.absolute())))
            replaced.close()
        swap_database.swap(copy, path, aside or path)
    with closing(open_database(path)) as db:
        ownership.make_owner(db)
    return RestoreResult(file, backed_up_at, now(), settlement, replaced=aside, chain_problem=chain_problem)


@contextmanager
def stopped_database(path: Path, now: int) -> Iterator[Database | None]:
    """Yield the present database, and keep pools and ticks from it meanwhile; None if there is none to read.

    Raises SchedbotError while a pool runs. If the block raises, the database works again.
    """
    refuse_running_pool(path)
    try:
        db = open_database(path)
    except DatabaseUnusable:
        yield None
        return
    try:
        if heartbeats.is_pool_alive(db, now):
            raise running_pool(path)
        owner = ownership.get_owner(db) or locate(path)
        ownership.make_owner(db, ownership.RESTORING)
        try:
            yield db
        except BaseException:
            ownership.make_owner(db, owner)
            raise
    finally:
        db.close()


def refuse_running_pool(path: Path) -> None:
    """Raise SchedbotError while a pool listens beside the database, also where the database itself is damaged."""
    if wake_fifo.count_listeners(path):
        raise running_pool(path)


def running_pool(path: Path) -> SchedbotError:
    seconds = times.format_duration(heartbeats.POOL_ALIVE_MS)
    problem = f"A worker pool works with '{path}', or did within the last {seconds}."
    return SchedbotError(problem, f"Stop 'schedbot work' first; a pool that was killed counts for {seconds} more.")


def refuse_other_place(db: Database, path: Path, file: Path, take_over: bool) -> None:
    """Raise BadInput for the backup of a database that is elsewhere, and may be in use there."""
    owner, place = ownership.get_owner(db), locate(path)
    if owner is None or take_over:
        return
    is_elsewhere = not owner.is_on_machine_of(place)
    if is_elsewhere or (Path(owner.path) != Path(place.path) and owner.is_there()):
        where = f"'{owner.path}' on {owner.name_machine(place)}"
        hint = "Stop schedbot there for good, then add --take-over."
        raise BadInput(f"'{file}' is a backup of {where}. Two in use would post everything twice.", hint)


def refuse_other_installation(db: Database, replaced: Database | None, path: Path) -> None:
    """Raise BadInput if the database that would be replaced is of another installation."""
    if replaced and get_installation_id(replaced) != get_installation_id(db):
        hint = "Move that file away first, or name another database with --database."
        raise BadInput(f"The database '{path}' is of another installation than the backup.", hint)


def record(session: Session, file: Path, backed_up_at: int | None, results: dict[str, int]) -> None:
    """Record the restore in the restored database."""
    context = ChangeContext.begin(session, "restore")
    installation = get_installation_id(session.db)
    changed = ChangedObject("installation", installation, "installation", None)
    before = {"backup": str(file), "backed_up_at": None if backed_up_at is None else times.to_rfc3339(backed_up_at)}
    with session.db.writing():
        context.record(session.db, changed, before, {**before, "restored": results})
