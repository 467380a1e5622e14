"""The first step: a database with the workspace `default`, and a configuration file that explains itself."""

import os
import uuid
from dataclasses import replace
from pathlib import Path

from schedbot import settings
from schedbot.errors import SchedbotError
from schedbot.settings import Flags
from schedbot.store.opening import create_database
from schedbot.store.schedules import workspaces

CONFIG = """\
# schedbot's settings. Flags go before the environment, the environment before this file.

# SQLite file, counted from this file.                        SCHEDBOT_DATABASE
{database}

[slack]
# The token of the workspace `default`: from the environment (SLACK_BOT_TOKEN), or a file that only its owner can
# read, or a command's first line. A token itself never stands here.
# token_file = "slack.token"
# token_command = "pass show slack/bot"
# api_url = "https://slack.com/api/"                        # SCHEDBOT_SLACK_API_URL
# timeout = "30s"                                           # SCHEDBOT_SLACK_TIMEOUT

[work]
# processes = 2                                             # SCHEDBOT_PROCESSES, the number of cores by default
# in_flight = 100                                           # SCHEDBOT_IN_FLIGHT, posts at once in each child
# lease = "60s"                                             # SCHEDBOT_LEASE, how long a claim holds
"""


def begin(folder: Path, said: Flags, now: int) -> list[str]:
    """Make what is missing of configuration and database. Returns a line for each, saying what was done."""
    config = Path(said.config or os.environ.get("SCHEDBOT_CONFIG") or folder / "schedbot.toml").absolute()
    if is_new := not config.exists():
        write_config(config, said.database)
    try:
        path = settings.load(replace(said, config=str(config))).database
        was_there = path.is_file()
        create_database(path, str(uuid.uuid4()), now, lambda db: workspaces.ensure_default(db, now)).close()
    except SchedbotError:
        if is_new:  # it would go on naming a database that cannot be one
            config.unlink()
        raise
    return [f"{'Made' if is_new else 'Kept'}   {config}", f"{'Kept' if was_there else 'Made'}   {path}"]


def write_config(path: Path, database: str | None) -> None:
    # A JSON string is a TOML string too.
    import json

    line = f"database = {json.dumps(str(Path(database).absolute()))}" if database else '# database = "schedbot.db"'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(CONFIG.format(database=line))
    except OSError as error:
        raise SchedbotError(
            f"'{path}' cannot be written: {error.strerror}.", "Run it in a folder of yours, or say --config."
        ) from None
