"""Configuration of one call: the environment and `schedbot.toml`, checked. `settings` makes typed settings of it.

`tick` and `health` read it without the settings, since they start often: so it imports little, and no dataclass.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple

from schedbot import config_file, file_access, text_input
from schedbot.api_address import ALLOW_PLAIN_HTTP, SLACK_API_URL, parse_api_url
from schedbot.errors import BadInput

MAX_PROCESSES = 256  # of a pool, by setting or by flag
SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


class Flags(NamedTuple):
    """Options before the command's name."""

    config: str | None = None
    database: str | None = None


class Configuration(NamedTuple):
    """Configuration file with its tables, path of the database, and values of the other settings by name.

    `token`: kind and place of the default token's source.
    """

    file: Path | None
    table: dict[str, Any]
    database: Path
    token: tuple[str, str] | None
    values: dict[str, Any]


def read(options: Flags) -> Configuration:
    """Read and check the configuration of a call. Raises BadInput for an unusable file or value."""
    named = options.config or read_variable("SCHEDBOT_CONFIG")
    file, is_named = find_config(named), bool(named)
    table = config_file.read_config(file, is_named) if file else {}
    database = find_database(options, file, table, is_named)
    return Configuration(file, table, database, find_default_token(table.get("slack", {}), file), parse_values(table))


def parse_values(table: dict[str, Any]) -> dict[str, Any]:
    """Return the addresses, durations and counts of the settings by name. Raises BadInput."""
    slack, work, cores = table.get("slack", {}), table.get("work", {}), os.cpu_count() or 1
    return {
        "api_url": parse_api_url(
            read_variable("SCHEDBOT_SLACK_API_URL") or slack.get("api_url") or SLACK_API_URL,
            parse_switch(ALLOW_PLAIN_HTTP, slack.get("allow_plain_http", False)),
        ),
        "timeout_ms": parse_duration("SCHEDBOT_SLACK_TIMEOUT", slack.get("timeout"), 30_000, least=1_000),
        "processes": parse_count("SCHEDBOT_PROCESSES", work.get("processes"), cores, most=MAX_PROCESSES),
        "in_flight": parse_count("SCHEDBOT_IN_FLIGHT", work.get("in_flight"), 100),
        "lease_ms": parse_duration("SCHEDBOT_LEASE", work.get("lease"), 60_000, least=1_000),
        "expect_pool": table.get("health", {}).get("expect_pool"),
        "renderers": parse_count("SCHEDBOT_RENDERERS", work.get("renderers"), cores),
        **(parse_operations(table) if has_operations(table) else {}),
    }


def has_operations(table: dict[str, Any]) -> bool:
    """Does the configuration have [alerts], [prune] or the address of a monitor, so that a tick does more?"""
    return "alerts" in table or "prune" in table or "ping_url" in table.get("health", {})


def parse_operations(table: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of these by name. Raises BadInput."""
    from schedbot import operation_settings

    return {
        "ping_url": operation_settings.parse_ping_url(table.get("health", {})),
        "alerts": operation_settings.parse_alerts(table.get("alerts")),
        "prune": operation_settings.parse_prune(table.get("prune")),
    }


def read_variable(name: str) -> str:
    """Return a variable of the environment, without blanks around it; '' if it is not set. Raises BadInput."""
    text = text_input.clean_path(os.environ.get(name, ""))
    if text_input.is_quoted(text):
        problem = f"{name} has quotation marks around its value: {text_input.quote(text)}."
        raise BadInput(problem, "Remove them. 'docker --env-file' keeps them, unlike a shell.")
    return text


def find_config(named: str) -> Path | None:
    """Return the configuration file: the named one, which must exist, or the first of the usual places, or None."""
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


def find_default_token(slack: dict[str, Any], config: Path | None) -> tuple[str, str] | None:
    """Return kind and place of the token of the workspace `default`: the environment, else the configuration file."""
    if os.environ.get("SLACK_BOT_TOKEN"):
        return ("env", "SLACK_BOT_TOKEN")
    if "token_file" in slack:
        base = config.parent if config else Path.cwd()
        return ("file", str(base / text_input.parse_path(str(slack["token_file"]))))
    if "token_command" in slack:
        return ("command", str(slack["token_command"]))
    return None


def parse_duration(variable: str, value: object, default: int, least: int) -> int:
    """Return a duration in milliseconds, from the environment or the file. Raises BadInput if it is under `least`."""
    text = read_variable(variable) or value
    if text is None:
        return default
    try:
        from schedbot.times.durations import parse_duration as parse

        duration_ms = parse(str(text))
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
