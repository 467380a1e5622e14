"""The address of a database decides its engine: the path of a file is SQLite."""

from collections.abc import Callable
from pathlib import Path

from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database
from schedbot.store.sqlite import open_file
from schedbot.store.sqlite.database_checks import NO_INSTALLATION


def open_database(address: str | Path) -> Database:
    """Open the database, and bring its tables up to date. Raises DatabaseUnusable."""
    return open_file.open_file(file_of(address))


def create_database(
    address: str | Path, installation: str, now: int, also: Callable[[Database], None] | None = None
) -> Database:
    """Make the database and open it. One that exists already is kept as it is.

    Tables, installation and the rows of `also` come in one transaction. Raises DatabaseUnusable.
    """
    return open_file.create_file(file_of(address), installation, now, also)


def file_of(address: str | Path) -> Path:
    """Return the path of the database's file. Raises DatabaseUnusable for the URL of a server."""
    if "://" in str(address):
        raise DatabaseUnusable(
            f"The database '{address}' is not a path.", "This version keeps its database in an SQLite file."
        )
    return Path(address)


def get_installation_id(db: Database) -> str:
    """Return the id of the database, which the metadata of each message names. Raises DatabaseUnusable without one."""
    installation = db.text_or_none("SELECT id FROM installation")
    if installation is None:
        problem = f"The database '{db.path}' is damaged: {NO_INSTALLATION}."
        raise DatabaseUnusable(problem, "Restore a backup: without the id, no post is recognized in Slack.")
    return installation
