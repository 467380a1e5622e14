"""Thread beside a pool that looks for causes of alerts: cron, which starts ticks, may be one of them."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from schedbot import clock, log
from schedbot.admin.operations.alerts import dispatch, full_disk
from schedbot.errors import DiskFull, SchedbotError
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import open_database

INTERVAL_S = 30


@contextmanager
def watch(settings: Settings) -> Iterator[None]:
    """Look for causes while the block runs, through a connection of its own."""
    stopped = threading.Event()
    thread = threading.Thread(target=look, args=(settings, stopped), name="alerts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()


def look(settings: Settings, stopped: threading.Event) -> None:
    """Look for causes at each interval until `stopped` is set."""
    while not stopped.wait(INTERVAL_S):
        look_once(settings)


def look_once(settings: Settings) -> None:
    """Look for causes, through a connection of its own. An error is logged."""
    try:
        with closing(open_database(settings.database)) as db:
            dispatch.check(Session(settings, db))
    except DiskFull as error:
        full_disk.check_without_database(settings, error, clock.now_ms())
    except SchedbotError as error:
        log.event("alerts_not_checked", "error", why=error)
    except Exception as error:
        log.failure("alerts", error)
