"""Settings of one call: command-line flags, then the environment, then `schedbot.toml`, then the defaults.

Loading the settings opens no database and reads no token, only the token's source.
"""

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schedbot import configuration, text_input
from schedbot.api_address import SLACK_API_URL
from schedbot.configuration import MAX_PROCESSES as MAX_PROCESSES
from schedbot.configuration import Flags as Flags
from schedbot.configuration import read_variable as read_variable
from schedbot.model import TokenSource
from schedbot.operation_settings import AlertSettings, PruneSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one call of schedbot. Durations are milliseconds.

    `jobs_per_poster` is for tests and measurements, and has no key in the file: a poster is replaced after that many
    jobs, so that leaks do not add up. `report_tables`, `sync_tables` and `database_tables` are parsed where
    they are used (`reports.definitions`): a wrong one must not stop what does not need it.
    """

    config: Path | None
    database: Path
    api_url: str = SLACK_API_URL
    timeout_ms: int = 30_000
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)
    in_flight: int = 100
    lease_ms: int = 60_000
    token: TokenSource | None = None
    actor: str = ""
    jobs_per_poster: int = 20_000
    expect_pool: bool | None = None  # None: once a pool has run as a service
    ping_url: str = ""  # of a monitor that expects a request while posts go out
    alerts: AlertSettings | None = None
    prune: PruneSettings | None = None
    renderers: int = field(default_factory=lambda: os.cpu_count() or 1)
    python_path: tuple[str, ...] = ()
    report_tables: Mapping[str, Any] = field(default_factory=dict)
    sync_tables: Mapping[str, Any] = field(default_factory=dict)
    database_tables: Mapping[str, Any] = field(default_factory=dict, repr=False)


flags = Flags()


def load(given_flags: Flags | None = None) -> Settings:
    """Load the settings of this call. Raises BadInput for an unusable file or value."""
    config = configuration.read(given_flags or flags)
    return Settings(
        config=config.file,
        database=config.database,
        **config.values,
        token=TokenSource(*config.token) if config.token else None,
        python_path=tuple(config.table.get("python_path", ())),
        report_tables=config.table.get("reports", {}),
        sync_tables=config.table.get("sync", {}),
        database_tables=config.table.get("databases", {}),
        actor=make_printable(read_variable("SCHEDBOT_ACTOR") or f"{get_os_user()}@{socket.gethostname()}"),
    )


def make_printable(name: str) -> str:
    """Replace unprintable characters by '?', because the name is shown in tables and stored. At most 200 characters."""
    return "".join(character if character.isprintable() else "?" for character in text_input.clean(name)[:200])


def get_os_user() -> str:
    """Return the name of the operating system's user, or its number if it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
