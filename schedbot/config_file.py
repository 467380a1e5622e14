"""The configuration file `schedbot.toml`: its sections, keys and their types."""

import os
from pathlib import Path
from typing import Any

from schedbot import file_access, text_input
from schedbot.errors import BadInput

KEYS = {
    "": ("database", "slack", "work", "health", "python_path", "databases", "reports", "sync", "alerts", "prune"),
    "slack": ("api_url", "allow_plain_http", "timeout", "token_file", "token_command"),
    "work": ("processes", "in_flight", "lease", "renderers"),
    "health": ("expect_pool", "ping_url"),
    "alerts": ("workspace", "channel", "command", "webhook_url_env"),
    "prune": ("older_than", "keep_failed"),
}
SECTIONS = tuple(key for key in KEYS[""] if key not in ("database", "python_path"))
TEXTS = frozenset({"database", "api_url", "token_file", "token_command", "ping_url"})
SWITCHES = frozenset({"expect_pool", "keep_failed"})


def read_config(path: Path, is_named: bool = True) -> dict[str, Any]:
    """Parse the configuration file. Raises BadInput for a file or a key that is not valid.

    A file that was found in a usual place, and not named, is trusted only if nobody else may write it.
    """
    import tomllib

    try:
        with path.open(encoding="utf-8-sig") as file:
            status = os.fstat(file.fileno())
            if not is_named:
                file_access.refuse_untrusted(path, status, "configuration file", "--config")
            table = tomllib.loads(file.read())
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        hint = "Give the user that runs schedbot the right to read it."
        raise BadInput(f"The configuration file '{path}' cannot be read: {reason}.", hint) from None
    except UnicodeDecodeError:
        raise BadInput(f"The configuration file '{path}' is not UTF-8 text.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        position = str(error).rpartition("(at ")[2].removesuffix(")")  # the words before it are the parser's jargon
        hint = 'Fix that place. A text needs quotes: database = "schedbot.db"'
        raise BadInput(f"The configuration file '{path}' is not valid TOML: {position}.", hint) from None
    check_keys(path, "", table)
    for section in SECTIONS:
        if section in table:
            if not isinstance(table[section], dict):
                raise BadInput(f"'{section}' in '{path}' is not a table.", f"Write [{section}] on a line of its own.")
            if section in KEYS:
                check_keys(path, section, table[section])
    check_python_path(path, table.get("python_path", []))
    if names_code(table):
        file_access.refuse_writers(path, status)
    return table


def names_code(table: dict[str, Any]) -> bool:
    """Does the configuration name a command or a module, which would run as this user?"""
    sources = [*table.get("reports", {}).values(), *table.get("sync", {}).values()]
    names = {"python", "command"}
    return (
        "token_command" in table.get("slack", {})
        or "command" in table.get("alerts", {})
        or any(isinstance(source, dict) and names & set(source) for source in sources)
    )


def check_python_path(path: Path, folders: object) -> None:
    """Raise BadInput unless the value is a list of texts."""
    if not isinstance(folders, list) or not all(isinstance(folder, str) and folder for folder in folders):
        problem = f"'python_path' in '{path}' is not a list of folders."
        raise BadInput(problem, 'Write it like python_path = ["/srv/acme"], above the first table.')


def check_keys(path: Path, section: str, table: dict[str, Any]) -> None:
    """Raise BadInput for an unknown key, a text setting that is no string, or two token sources."""
    place = f" in [{section}]" if section else ""
    for key in table:
        if key not in KEYS[section]:
            from difflib import get_close_matches

            near = get_close_matches(key, KEYS[section], n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known settings: {', '.join(KEYS[section])}."
            raise BadInput(f"Unknown setting '{key}'{place} of '{path}'.", hint)
        if key in TEXTS and not isinstance(table[key], str):
            raise BadInput(f"The setting '{key}'{place} of '{path}' is not a text.", "Write one text in quotes.")
        if key in SWITCHES and not isinstance(table[key], bool):
            raise BadInput(f"The setting '{key}'{place} of '{path}' is neither true nor false.", "Write one of them.")
        if key in TEXTS:
            table[key] = text_input.clean_path(table[key])
    if "token_file" in table and "token_command" in table:
        hint = "The workspace 'default' has one token source: delete one of the two."
        raise BadInput(f"'token_file' and 'token_command' are both set in '{path}'.", hint)
