"""`backup`: a verified copy of the database in use, alone or as the newest of several in a folder."""

import glob
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from schedbot import times
from schedbot.errors import BadInput, SchedbotError
from schedbot.file_access import sync_to_disk
from schedbot.session import Session
from schedbot.store.open_database import open_database
from schedbot.store.operations import chain

NAME = "schedbot-{stamp}.db"
PATTERN = "schedbot-[0-9]*T[0-9]*Z.db"
PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A backup: its file, size, number of jobs, and the older backups that were deleted for it.

    `chain_problem`: fault in the hash chain of the record, '' for none.
    """

    file: Path
    bytes: int
    jobs: int
    deleted: tuple[Path, ...] = ()
    chain_problem: str = ""


def back_up(session: Session, target: Path, keep: int | None = None) -> BackupResult:
    """Copy the database into a new file, or into a folder under a name with the instant (UTC).

    `keep`: of the backups that were made in the folder, only so many of the newest stay. The copy is checked before it
    gets its name; if its hash chain is broken, it is kept, and the older ones are too. Raises BadInput for a target
    that exists or a folder that is missing, and SchedbotError for a copy that is damaged.
    """
    refuse_impossible(target)
    file = target / NAME.format(stamp=stamp(session.now())) if target.is_dir() else target
    if keep is not None and not target.is_dir():
        raise BadInput("--keep needs a folder.", "Give the name of a folder: its older backups are deleted.")
    refuse_existing(file, target)
    if not file.parent.is_dir():
        raise BadInput(f"There is no folder '{file.parent}'.", "Make it first; only its owner should read it.")
    with partial_file(file) as partial:
        session.db.back_up(partial, session.now())
        jobs = session.db.verify_backup(partial)
        with closing(open_database(partial)) as copy:
            chain_problem = chain.verify(copy).problem
        refuse_existing(file, target)  # another backup has made it meanwhile
        os.rename(partial, file)
    sync_to_disk(file.parent)
    deleted = tuple(rotate(target, keep)) if keep and not chain_problem else ()
    return BackupResult(file, file.stat().st_size, jobs, deleted, chain_problem)


def refuse_existing(file: Path, target: Path) -> None:
    """Raise BadInput if the file of a backup exists."""
    if file.exists():
        another = "Choose another name, or a folder: each backup gets its own name."
        hint = another if file == target else "Another backup was made in this second. To make one more, try again."
        raise BadInput(f"'{file}' exists already.", hint)


def refuse_impossible(target: Path) -> None:
    """Raise BadInput for a name that no file can have."""
    try:
        target.with_name(f".{target.name}.{os.getpid()}{PARTIAL}").exists()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise BadInput(f"No file can be called {times.quote(str(target))}: {reason}.", "Choose another name.") from None


@contextmanager
def partial_file(file: Path) -> Iterator[Path]:
    """Yield the name under which a backup is written. The file is deleted if the block raises. Raises SchedbotError."""
    partial = file.with_name(f".{file.name}.{os.getpid()}{PARTIAL}")
    for old in file.parent.glob(f".{glob.escape(file.name)}.*{PARTIAL}"):
        if old == partial or not is_running(old.suffixes[-2]):
            old.unlink(missing_ok=True)  # of a backup that was killed
    try:
        yield partial
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SchedbotError(f"The backup '{file}' cannot be written: {reason}.", "Choose another place.") from None
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def is_running(suffix: str) -> bool:
    """Does the process of a partial file run? `suffix`: its number after a dot."""
    try:
        os.kill(int(suffix[1:]), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        pass  # of another user
    return True


def rotate(folder: Path, keep: int) -> Iterator[Path]:
    """Delete all but the newest `keep` backups of the folder. Yield the deleted ones. Raises SchedbotError."""
    for path in sorted(folder.glob(PATTERN))[:-keep]:
        try:
            path.unlink(missing_ok=True)  # another backup may have deleted it
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            problem = f"The backup is made, but the older one '{path}' cannot be deleted: {reason}."
            raise SchedbotError(problem, "Delete it by hand.") from None
        yield path


def stamp(now: int) -> str:
    """Return an instant as part of a file name: `20261201T090000Z`."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now // 1000))
