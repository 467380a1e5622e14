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

from schedbot import config_file, file_access, operation_settings, text_input, times
from schedbot.api_address import ALLOW_PLAIN_HTTP, SLACK_API_URL, parse_api_url
from schedbot.errors import BadInput
from schedbot.model import TokenSource
from schedbot.operation_settings import AlertSettings, PruneSettings

MAX_PROCESSES = 256  # of a pool, by setting or by flag
SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Flags:
    """Options before the command's name."""

    config: str | None = None
    database: str | None = None


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
    options = given_flags or flags
    config = find_config(options)
    is_named = bool(options.config or read_variable("SCHEDBOT_CONFIG"))
    table = config_file.read_config(config, is_named) if config else {}
    slack, work = table.get("slack", {}), table.get("work", {})
    return Settings(
        config=config,
        database=find_database(options, config, table, is_named),
        api_url=parse_api_url(
            read_variable("SCHEDBOT_SLACK_API_URL") or slack.get("api_url") or SLACK_API_URL,
            parse_switch(ALLOW_PLAIN_HTTP, slack.get("allow_plain_http", False)),
        ),
        timeout_ms=parse_duration("SCHEDBOT_SLACK_TIMEOUT", slack.get("timeout"), 30_000, least=1_000),
        processes=parse_count("SCHEDBOT_PROCESSES", work.get("processes"), os.cpu_count() or 1, most=MAX_PROCESSES),
        in_flight=parse_count("SCHEDBOT_IN_FLIGHT", work.get("in_flight"), 100),
        lease_ms=parse_duration("SCHEDBOT_LEASE", work.get("lease"), 60_000, least=1_000),
        token=find_default_token(slack, config),
        expect_pool=table.get("health", {}).get("expect_pool"),
        ping_url=operation_settings.parse_ping_url(table.get("health", {})),
        alerts=operation_settings.parse_alerts(table.get("alerts")),
        prune=operation_settings.parse_prune(table.get("prune")),
        renderers=parse_count("SCHEDBOT_RENDERERS", work.get("renderers"), os.cpu_count() or 1),
        python_path=tuple(table.get("python_path", ())),
        report_tables=table.get("reports", {}),
        sync_tables=table.get("sync", {}),
        database_tables=table.get("databases", {}),
        actor=make_printable(read_variable("SCHEDBOT_ACTOR") or f"{get_os_user()}@{socket.gethostname()}"),
    )


def read_variable(name: str) -> str:
    """Return a variable of the environment, without blanks around it; '' if it is not set. Raises BadInput."""
    text = text_input.clean_path(os.environ.get(name, ""))
    if text_input.is_quoted(text):
        problem = f"{name} has quotation marks around its value: {text_input.quote(text)}."
        raise BadInput(problem, "Remove them. 'docker --env-file' keeps them, unlike a shell.")
    return text


def make_printable(name: str) -> str:
    """Replace unprintable characters by '?', because the name is shown in tables and stored. At most 200 characters."""
    return "".join(character if character.isprintable() else "?" for character in text_input.clean(name)[:200])


def get_os_user() -> str:
    """Return the name of the operating system's user, or its number if it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def find_config(options: Flags) -> Path | None:
    """Return the configuration file: the named one, which must exist, or the first of the usual places, or None."""
    named = options.config or read_variable("SCHEDBOT_CONFIG")
    if named:
        path = text_input.parse_path(named).absolute()
        if not os.path.isfile(path):
            raise BadInput(
                f"There is no configuration file '{named}'.", "Create one with 'schedbot init', or leave out --config."
            )
        return path
    here = Path("schedbot.toml").absolute()
    if os.path.isfile(here):
        return here
    from platformdirs import user_config_path

    usual = (user_config_path("schedbot") / "schedbot.toml", Path("/etc/schedbot/schedbot.toml"))
    # Path.is_file raises PermissionError: a server that has changed its user may still have root's HOME.
    return next((path for path in usual if os.path.isfile(path)), None)


def find_database(options: Flags, config: Path | None, table: dict[str, Any], is_config_named: bool) -> Path:
    """Return the path of the database.

    A database is trusted if a flag or a variable names it or its configuration file, else only if nobody else may
    write it. Raises BadInput.
    """
    if named := options.database or read_variable("SCHEDBOT_DATABASE"):
        return Path.cwd() / parse_database(named)
    path = locate_database(config, table)
    if not is_config_named and os.path.isfile(path):
        file_access.refuse_untrusted(path, path.stat(), "database", "--database")
    return path


def locate_database(config: Path | None, table: dict[str, Any]) -> Path:
    """Return the path of the database that no flag and no variable names.

    A path in the configuration file is relative to that file.
    """
    if config:
        return config.parent / parse_database(str(table.get("database", "schedbot.db")))
    from platformdirs import user_data_path

    return user_data_path("schedbot") / "schedbot.db"


def parse_database(value: str) -> Path:
    """Return the path of a database. Raises BadInput for the URL of a server."""
    if "://" in value:
        raise BadInput(f"The database '{value}' is not a path.", "This version keeps its database in an SQLite file.")
    return text_input.parse_path(value)


def parse_switch(variable: str, value: object) -> bool:
    """Return whether a setting is on, from the environment or the file. Raises BadInput."""
    text = str(read_variable(variable) or value).lower()
    if text not in SWITCH:
        problem = f"{name_setting(variable)} is {text_input.quote(text)}, which is neither true nor false."
        raise BadInput(problem, "Write true or false.")
    return SWITCH[text]


def find_default_token(slack: dict[str, Any], config: Path | None) -> TokenSource | None:
    """Return the token source of the workspace `default`: the environment, else the configuration file."""
    if os.environ.get("SLACK_BOT_TOKEN"):
        return TokenSource("env", "SLACK_BOT_TOKEN")
    if "token_file" in slack:
        base = config.parent if config else Path.cwd()
        return TokenSource("file", str(base / text_input.parse_path(str(slack["token_file"]))))
    if "token_command" in slack:
        return TokenSource("command", str(slack["token_command"]))
    return None


def parse_duration(variable: str, value: object, default: int, least: int) -> int:
    """Return a duration in milliseconds, from the environment or the file. Raises BadInput if it is under `least`."""
    text = read_variable(variable) or value
    if text is None:
        return default
    try:
        duration_ms = times.parse_duration(str(text))
    except BadInput as error:
        raise BadInput(f"{name_setting(variable)}: {error}", error.hint) from None
    if duration_ms < least:
        raise BadInput(f"{name_setting(variable)} is '{text}', which is too short.", f"The least is {least // 1000}s.")
    return duration_ms


def parse_count(variable: str, value: object, default: int, most: int = 10_000) -> int:
    """Return a whole number from 1 to `most`, from the environment or the file. Raises BadInput."""
    text = read_variable(variable) or value
    if text is None:
        return default
    count = text_input.parse_whole_number(str(text))
    if count is None or not 1 <= count <= most:
        problem = f"{name_setting(variable)} is {text_input.quote(str(text))}, which is not a number from 1 to {most}."
        raise BadInput(problem, "Write a number, like 4.")
    return count


def name_setting(variable: str) -> str:
    """Return the name of a setting as the user wrote it: `SCHEDBOT_LEASE`, or `'lease' in the configuration file`."""
    key = variable.removeprefix("SCHEDBOT_").removeprefix("SLACK_").lower()
    return variable if os.environ.get(variable) else f"'{key}' in the configuration file"
