"""Installation stores as a customer's app fills them, with the classes of slack_sdk."""

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy
from slack_sdk.oauth.installation_store import Installation, InstallationStore
from slack_sdk.oauth.installation_store.file import FileInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore

CLIENT_ID = "111.222"


def open_sqlite(path: Path) -> SQLite3InstallationStore:
    return SQLite3InstallationStore(database=str(path), client_id=CLIENT_ID)


def open_folder(path: Path) -> FileInstallationStore:
    return FileInstallationStore(base_dir=str(path), client_id=CLIENT_ID)


def open_url(path: Path) -> SQLAlchemyInstallationStore:
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=sqlalchemy.pool.NullPool)
    store = SQLAlchemyInstallationStore(CLIENT_ID, engine)
    store.metadata.create_all(engine)
    return store


def install(
    store: InstallationStore,
    team: str,
    token: str,
    expires_at: int | None = None,
    enterprise: str = "",
    refresh: str = "xoxe-1-of-a-team",
) -> None:
    """Save the installation of the app in a team."""
    store.save(
        Installation(
            app_id="A0ACME",
            enterprise_id=enterprise or None,
            team_id=team,
            bot_token=token,
            bot_id="B0ACME",
            bot_user_id="U0BOT",
            bot_scopes=["chat:write"],
            bot_refresh_token=refresh if expires_at else None,
            bot_token_expires_at=expires_at,
            user_id="U0ANN",
        )
    )


def age(path: Path) -> None:
    """Make the rows of an SQLite store older: of two rows of one second, slack_sdk may return either."""
    with closing(sqlite3.connect(path)) as db, db:
        for table in ("slack_bots", "slack_installations"):
            db.execute(f"UPDATE {table} SET installed_at = datetime(installed_at, '-1 hour')")  # noqa: S608
