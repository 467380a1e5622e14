"""Engines under the contract, and a worker and schedules on one of them.

A new engine joins with a class of three methods and one entry in ENGINES; every test of this folder then runs on it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from schedbot.store.database import Database
from schedbot.store.open_database import create_database, open_database
from schedbot.store.schedules import workspaces
from tests.store.contract.worker import Worker
from tests.support.schedules import Schedules


class Engine(Protocol):
    """A database of its own for one test."""

    def create(self) -> Database:
        """Make the database, and return a connection to it."""

    def open(self) -> Database:
        """Return another connection to the same database."""

    @property
    def path(self) -> Path:
        """The address that settings name."""


class SqliteEngine:
    """A file in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "schedbot.db"

    def create(self) -> Database:
        """Make the file."""
        return create_database(self.path, "an installation", 0)

    def open(self) -> Database:
        """Open the file once more."""
        return open_database(self.path)


ENGINES: dict[str, type[SqliteEngine]] = {"sqlite": SqliteEngine}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Each engine in turn, with no database yet."""
    return ENGINES[request.param](tmp_path)


@pytest.fixture
def db(engine: Engine) -> Iterator[Database]:
    """A new database with the workspace `default`."""
    database = engine.create()
    with database.writing():
        workspaces.ensure_default(database, 0)
    yield database
    database.close()


@pytest.fixture
def other(engine: Engine, db: Database) -> Iterator[Database]:
    """A second connection to the same database, as another process has."""
    database = engine.open()
    yield database
    database.close()


@pytest.fixture
def schedules(engine: Engine, db: Database) -> Schedules:
    """Schedules at a minute before 09:00 UTC; a daily schedule is due then."""
    return Schedules(db, engine.path)


@pytest.fixture
def worker(db: Database) -> Worker:
    """A pool as the store sees it, at 09:00 UTC."""
    return Worker(db)
