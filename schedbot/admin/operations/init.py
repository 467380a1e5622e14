"""`init`: create a database with the workspace `default`, and a commented configuration file."""

import errno
import json
import uuid
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from schedbot import settings, text_input
from schedbot.admin.operations import take_over as takes_over
from schedbot.errors import SchedbotError
from schedbot.file_access import explain_writers, make_folder, private_opener, protect_command
from schedbot.settings import Flags
from schedbot.store.open_database import create_database
from schedbot.store.schedules import workspaces

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CONFIG = """\
# Settings of schedbot. Flags go before the environment, the environment before this file.

# SQLite file, relative to this file.                         SCHEDBOT_DATABASE
{database}
# python_path = ["."]                                       # folders of Python modules of reports

[slack]
# Token of the workspace `default`: from the environment (SLACK_BOT_TOKEN), or from a file that only its owner can read,
# or from the first line that a command prints. Never put the token itself here.
# token_file = "slack.token"
# token_command = "pass show slack/bot"
# api_url = "https://slack.com/api/"                        # SCHEDBOT_SLACK_API_URL
# allow_plain_http = false                                  # SCHEDBOT_SLACK_ALLOW_PLAIN_HTTP; http to another machine
# timeout = "30s"                                           # SCHEDBOT_SLACK_TIMEOUT

[work]
# processes = 2                                             # SCHEDBOT_PROCESSES; default: the number of cores
# in_flight = 100                                           # SCHEDBOT_IN_FLIGHT; posts in flight in each process
# lease = "60s"                                             # SCHEDBOT_LEASE; how long a claim lasts
# renderers = 2                                             # SCHEDBOT_RENDERERS; default: the number of cores

# Reports from live data: docs/reports.md. `schedbot add --report NAME` posts one.
# [databases.sales]
# url_env = "SALES_URL"             # variable that holds the URL; or url = "sqlite:///sales.db"
# [reports.weekly]
# query = "weekly.sql"              # or python = "module:function", command = ["./program"], template, text
# database = "sales"
# [reports.daily]
# python = "daily_reports:daily"    # module:function, found on python_path
# Schedules that follow a table of your own: docs/sync.md. `schedbot sync product` makes them equal to it.
# [sync.product]
# query = "schedules.sql"           # or python = "module:function"; columns as in `schedbot import`
# database = "sales"

# [alerts]
# channel = "C0123456789"           # `tick` and `work` announce failures there, once; `schedbot alerts test` tries it
# command = ["/usr/local/bin/page"] # gets JSON on stdin
# webhook_url_env = "ALERT_WEBHOOK" # variable that holds a URL

# [prune]
# older_than = "90d"                # each tick deletes some of the settled jobs that were due longer ago
# keep_failed = true

[health]
# ping_url = "https://example.com/ping/1234"   # fetched by each tick while posts go out: a dead man's switch
# expect_pool = true                # `health` fails while no `schedbot work` runs; default: once one ran as a service
"""


def initialize(folder: Path, flags: Flags, now: int, *, take_over: bool = False) -> list[str]:
    """Create configuration and database where they are missing. Return a line for each.

    `take_over`: make this file and machine the owner of the installation; its other copies refuse to work.
    """
    named = flags.config or settings.read_variable("SCHEDBOT_CONFIG")
    config = (text_input.parse_path(named) if named else folder / "schedbot.toml").absolute()
    if is_new := not config.exists():
        write_config(config, flags.database)
    try:
        path = settings.load(flags._replace(config=str(config))).database
        had_database = path.is_file()
        database = create_database(path, str(uuid.uuid4()), now, lambda db: workspaces.ensure_default(db, now))
        with closing(database):
            replaced = takes_over.take_over(database, now) if take_over else ""
    except SchedbotError:
        if is_new:  # it would name a path that cannot be a database
            config.unlink()
        raise
    files = ((config, is_new), (path, not had_database))
    warnings = [f"Warning  {warning}" for warning in warn_of_writers(file.parent for file, _ in files)]
    lines = [f"{'Created' if was_created else 'Exists':<7}  {file}" for file, was_created in files]
    return [*warnings, *lines, *([f"Taken over {replaced}"] if replaced else [])]


def warn_of_writers(folders: Iterable[Path]) -> list[str]:
    """Return a warning for each folder in which others may put files beside those of schedbot."""
    return [
        f"The folder '{folder}' {reason}: {protect_command(folder)}"
        for folder in dict.fromkeys(folders)
        if (reason := explain_writers(folder.stat()))
    ]


def write_config(path: Path, database: str | None) -> None:
    # A JSON string is a valid TOML string.
    line = f"database = {json.dumps(str(Path(database).absolute()))}" if database else '# database = "schedbot.db"'
    try:
        make_folder(path.parent)
        with open(path, "x", encoding="utf-8", opener=private_opener) as file:
            file.write(CONFIG.format(database=line))
    except OSError as error:
        if error.errno in FULL:
            path.unlink(missing_ok=True)
            hint = "Free some space, then try again. Nothing was written."
            raise SchedbotError(f"The disk that holds '{path}' is full.", hint) from None
        raise SchedbotError(
            f"'{path}' cannot be written: {error.strerror}.",
            "Run 'schedbot init' in a folder that you may write to, or use --config.",
        ) from None
