"""Where things are found: flags before environment before `schedbot.toml` before the defaults.

Reading settings never touches the database and never reads a token: only where a token is to be found.
"""

import getpass
import os
import socket
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from schedbot import times
from schedbot.errors import BadInput
from schedbot.model import TokenSource

SLACK_API_URL = "https://slack.com/api/"
KEYS = {
    "": ("database", "slack", "work"),
    "slack": ("api_url", "timeout", "token_file", "token_command"),
    "work": ("processes", "in_flight", "lease"),
}
TEXTS = frozenset({"database", "api_url", "token_file", "token_command"})


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said before the command's name."""

    config: str | None = None
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All that one call of schedbot goes by. Spans are milliseconds."""

    config: Path | None
    database: Path
    api_url: str = SLACK_API_URL
    timeout_ms: int = 30_000
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)
    in_flight: int = 100
    lease_ms: int = 60_000
    token: TokenSource | None = None
    actor: str = ""


flags = Flags()


def load(said: Flags | None = None) -> Settings:
    """Read the settings of this call. Raises BadInput for a file or a value that cannot be used."""
    said = said or flags
    config = find_config(said)
    table = read(config) if config else {}
    env, slack, work = os.environ, table.get("slack", {}), table.get("work", {})
    return Settings(
        config=config,
        database=database_path(said, config, table),
        api_url=api_url(env.get("SCHEDBOT_SLACK_API_URL") or slack.get("api_url") or SLACK_API_URL),
        timeout_ms=span("SCHEDBOT_SLACK_TIMEOUT", slack.get("timeout"), 30_000, least=1_000),
        processes=count("SCHEDBOT_PROCESSES", work.get("processes"), os.cpu_count() or 1),
        in_flight=count("SCHEDBOT_IN_FLIGHT", work.get("in_flight"), 100),
        lease_ms=span("SCHEDBOT_LEASE", work.get("lease"), 60_000, least=1_000),
        token=default_token(slack, config),
        actor=one_line(env.get("SCHEDBOT_ACTOR") or f"{user()}@{socket.gethostname()}"),
    )


def one_line(name: str) -> str:
    """The name with '?' for what does not print: it stands in tables and in the database."""
    return "".join(one if one.isprintable() else "?" for one in name[:200])


def user() -> str:
    """The name of the operating system's user, or its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def find_config(said: Flags) -> Path | None:
    """The configuration file that holds: a named one must be there, the usual places may be empty."""
    named = said.config or os.environ.get("SCHEDBOT_CONFIG")
    if named:
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            raise BadInput(
                f"There is no configuration file '{named}'.", "Make one with 'schedbot init', or leave it out."
            )
        return path
    here = Path("schedbot.toml").absolute()
    if here.is_file():
        return here
    from platformdirs import user_config_path

    usual = (user_config_path("schedbot") / "schedbot.toml", Path("/etc/schedbot/schedbot.toml"))
    return next((path for path in usual if path.is_file()), None)


def read(path: Path) -> dict[str, Any]:
    """The file's tables, with every key known."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        hint = "Give the user that runs schedbot the right to read it."
        raise BadInput(f"The configuration file '{path}' cannot be read: {reason}.", hint) from None
    except UnicodeDecodeError:
        raise BadInput(f"The configuration file '{path}' is not UTF-8 text.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        where = str(error).rpartition("(at ")[2].removesuffix(")")  # the parser's own words before it name its grammar
        hint = 'Mend what stands there; a text stands in quotes: database = "schedbot.db"'
        raise BadInput(f"The configuration file '{path}' is not TOML: {where}.", hint) from None
    check_keys(path, "", table)
    for section in ("slack", "work"):
        if section in table:
            if not isinstance(table[section], dict):
                raise BadInput(f"'{section}' in '{path}' must be a table.", f"Write [{section}] on a line of its own.")
            check_keys(path, section, table[section])
    return table


def check_keys(path: Path, section: str, table: dict[str, Any]) -> None:
    where = f" in [{section}]" if section else ""
    for key in table:
        if key not in KEYS[section]:
            near = get_close_matches(key, KEYS[section], n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(KEYS[section])}."
            raise BadInput(f"The setting '{key}'{where} of '{path}' is not known.", hint)
        if key in TEXTS and not isinstance(table[key], str):
            raise BadInput(f"The setting '{key}'{where} of '{path}' is not a text.", "Write one text in quotes.")
    if "token_file" in table and "token_command" in table:
        hint = "The workspace 'default' has one token: leave one of the two out."
        raise BadInput(f"'token_file' and 'token_command' are both said in '{path}'.", hint)


def database_path(said: Flags, config: Path | None, table: dict[str, Any]) -> Path:
    """A flag's or the environment's path counts from here, the file's from the file."""
    named = said.database or os.environ.get("SCHEDBOT_DATABASE")
    if named or "database" in table:
        value = str(named or table["database"])
        if "://" in value:
            raise BadInput(
                f"The database '{value}' is not a path.", "This version keeps its database in an SQLite file."
            )
        base = Path.cwd() if named or config is None else config.parent
        return base / Path(value).expanduser()
    if config:
        return config.parent / "schedbot.db"
    from platformdirs import user_data_path

    return user_data_path("schedbot") / "schedbot.db"


def api_url(value: object) -> str:
    text = str(value)
    if not text.startswith(("http://", "https://")):
        raise BadInput(f"Slack's address '{text}' is not a web address.", f"Write it like {SLACK_API_URL}")
    return text if text.endswith("/") else text + "/"


def default_token(slack: dict[str, Any], config: Path | None) -> TokenSource | None:
    """Where the token of the workspace `default` is found: the environment first."""
    if os.environ.get("SLACK_BOT_TOKEN"):
        return TokenSource("env", "SLACK_BOT_TOKEN")
    if "token_file" in slack:
        base = config.parent if config else Path.cwd()
        return TokenSource("file", str(base / Path(str(slack["token_file"])).expanduser()))
    if "token_command" in slack:
        return TokenSource("command", str(slack["token_command"]))
    return None


def span(variable: str, value: object, default: int, least: int) -> int:
    said = os.environ.get(variable) or value
    if said is None:
        return default
    try:
        span_ms = times.parse_duration(str(said))
    except BadInput as error:
        raise BadInput(f"{place(variable)}: {error}", error.hint) from None
    if span_ms < least:
        raise BadInput(f"{place(variable)} is '{said}', which is too short.", f"At least {least // 1000}s.")
    return span_ms


def count(variable: str, value: object, default: int) -> int:
    said = os.environ.get(variable) or value
    if said is None:
        return default
    try:
        number = int(str(said))
    except ValueError:
        number = 0
    if not 1 <= number <= 10_000:
        told = f"{place(variable)} is '{said}', which is not a number from 1 to 10000."
        raise BadInput(told, "Say how many, like 4.")
    return number


def place(variable: str) -> str:
    """Where the value of a setting stands: `SCHEDBOT_LEASE`, or `'lease' in the configuration file`."""
    key = variable.removeprefix("SCHEDBOT_").removeprefix("SLACK_").lower()
    return variable if os.environ.get(variable) else f"'{key}' in the configuration file"
