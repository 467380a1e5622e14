"""Reads and writes a team's bot in an installation store of slack_sdk.

Rules: no message contains a token, the URL of a store or a text of its driver; reading creates nothing.
The app saves an installation and its bot, or only the bot, so the newer of the two counts.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slack_sdk.oauth.installation_store import Bot, Installation, InstallationStore
from slack_sdk.oauth.installation_store.file import FileInstallationStore
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore

from schedbot import times
from schedbot.errors import TokenUnavailable
from schedbot.slack.token_stores.place import StorePlace, is_url

READ_HINT = "It must be a store of slack_sdk that the user of schedbot can read: an SQLite file, a folder or a URL."


class SilentLogger(logging.Logger):
    """Collects the failures that slack_sdk's stores log instead of raising them."""

    def __init__(self) -> None:
        super().__init__("token store", logging.WARNING)
        self.failures: list[str] = []

    def handle(self, record: logging.LogRecord) -> None:
        self.failures.append(record.getMessage())


def read_bot(place: StorePlace) -> Bot:
    """Return the team's bot. Raises TokenUnavailable if the store cannot be read or has no such team."""
    with open_store(place) as store:
        bot = find_bot(store, place)
    if bot is None:
        app = f" of the app {place.client_id}" if place.client_id else ""
        hint = "Install the app in this workspace, or correct --team, --enterprise and --client-id: 'workspace edit'."
        raise TokenUnavailable(f"The token store {place.store} has no team {place.team}{app}.", hint)
    return bot


def read_token(place: StorePlace, now: float | None = None) -> str:
    """Return the team's token. Raises TokenUnavailable, also for a token that has expired."""
    bot = read_bot(place)
    expires_at = bot.bot_token_expires_at
    if expires_at is not None and expires_at <= (time.time() if now is None else now):
        hint = "Let the app that owns the store rotate its tokens, or install the app again in this workspace."
        instant = times.to_rfc3339(expires_at * 1000)
        raise TokenUnavailable(f"The token of team {place.team} in {place.store} expired at {instant}.", hint)
    return bot.bot_token or ""


def find_bot(store: InstallationStore, place: StorePlace) -> Bot | None:
    """Return the team's newest bot, from its bot or its installation."""
    installation = find_installation(store, place)
    bot = store.find_bot(enterprise_id=place.enterprise or None, team_id=place.team)
    bots = [bot, installation.to_bot() if installation and installation.bot_token else None]
    return max((bot for bot in bots if bot), key=age_key, default=None)


def find_installation(store: InstallationStore, place: StorePlace) -> Installation | None:
    return store.find_installation(enterprise_id=place.enterprise or None, team_id=place.team)


def age_key(bot: Bot) -> tuple[float, float]:
    """Return a key that is greater for a newer token: a rotation moves the expiry."""
    return bot.bot_token_expires_at or 0, bot.installed_at


@contextmanager
def open_store(place: StorePlace) -> Iterator[InstallationStore]:
    """Open the store. Raises TokenUnavailable if it cannot be opened, read or written."""
    address, logger = place.find_address(), SilentLogger()
    try:
        if is_url(address):
            with open_url(address, place.client_id, logger) as store:
                yield store
        else:
            yield open_path(Path(address).expanduser(), place.client_id, logger)
    except TokenUnavailable:
        raise
    except Exception as error:  # of any driver; its text may hold the password of the URL
        raise unreadable(place, type(error).__name__) from None
    if logger.failures:
        raise unreadable(place, "no readable table of slack_sdk")


def unreadable(place: StorePlace, reason: str) -> TokenUnavailable:
    return TokenUnavailable(f"The token store {place.store} cannot be used: {reason}.", READ_HINT)


def open_path(path: Path, client_id: str, logger: logging.Logger) -> InstallationStore:
    """Open an SQLite file or a folder. Raises OSError."""
    if path.is_dir():
        return FileInstallationStore(base_dir=str(path), client_id=client_id or None, logger=logger)
    with path.open("rb"):
        store = SQLite3InstallationStore(database=str(path), client_id=client_id, logger=logger)
    store.init_called = True  # or it would create its tables in any file
    return store


@contextmanager
def open_url(url: str, client_id: str, logger: logging.Logger) -> Iterator[InstallationStore]:
    """Open a store by SQLAlchemy, without a pool of connections. Raises TokenUnavailable without SQLAlchemy."""
    try:
        import sqlalchemy
        from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
    except ImportError:
        hint = "Install it where schedbot runs: pip install 'schedbot[sql]'"
        raise TokenUnavailable("A token store with a URL needs SQLAlchemy, which is not installed.", hint) from None
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    try:
        yield SQLAlchemyInstallationStore(client_id, engine, logger=logger)
    finally:
        engine.dispose()


def save_pair(store: InstallationStore, place: StorePlace, pair: Bot, is_before: Callable[[str | None], bool]) -> None:
    """Save a new pair of tokens in the team's bot, and in its installation, which Bolt reads.

    Nothing is saved if the store's refresh token is not the one before the pair: an app was faster, or it was saved.
    """
    present = installation = None
    with suppress(ValueError):  # a file that a killed process wrote in part
        present = find_bot(store, place)
    with suppress(ValueError):
        installation = find_installation(store, place)
    if present is not None and not is_before(present.bot_refresh_token):
        return
    if installation is None:
        store.save_bot(pair)
        return
    installation.bot_token = pair.bot_token
    installation.bot_refresh_token = pair.bot_refresh_token
    installation.bot_token_expires_at = pair.bot_token_expires_at
    store.save(installation)
