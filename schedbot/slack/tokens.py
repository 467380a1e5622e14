"""A workspace's token is read where it is kept, at the moment it is used, and is never written down.

Rules: no message, log or error holds a token or any part of what was read; a token file must be its reader's alone;
a command runs without a shell and within ten seconds.
"""

import os
import re
import shlex
import stat
import subprocess
from pathlib import Path

from schedbot.errors import TokenUnavailable
from schedbot.model import TokenSource

COMMAND_SECONDS = 10
LONGEST = 4_096
SHAPE = re.compile(r"[!-~]{1,2000}")  # one printable word: what it begins with is Slack's business


def find(source: TokenSource) -> str:
    """The token that `source` leads to (kinds `env`, `file`, `command`). Raises TokenUnavailable, naming the place."""
    match source.kind:
        case "env":
            return _shaped(_from_environment(source.place), f"The variable {source.place}")
        case "file":
            return _shaped(_from_file(Path(source.place).expanduser()), f"The token file '{source.place}'")
        case "command":
            return _shaped(_from_command(source.place), f"The token command ({_program(source.place)})")
    raise TokenUnavailable(
        "No token is set for this workspace.",
        hint="Set SLACK_BOT_TOKEN, or token_file or token_command below [slack] in schedbot.toml.",
    )


def _shaped(text: str, place: str) -> str:
    token = text.strip()
    if not token:
        raise TokenUnavailable(f"{place} is empty: there is no token in it.", hint="A bot token begins with xoxb-.")
    if not SHAPE.fullmatch(token):
        raise TokenUnavailable(
            f"{place} holds something that does not look like a Slack token.",
            hint="A bot token is one line and begins with xoxb-: the app's page, OAuth & Permissions, shows it.",
        )
    return token


def _from_environment(name: str) -> str:
    if name not in os.environ:
        raise TokenUnavailable(
            f"The variable {name} is not set, and the workspace's token is to be found there.",
            hint=f"Export {name} where schedbot runs (for cron: in the crontab or a wrapper), or keep it in a file.",
        )
    return os.environ[name]


def _from_file(path: Path) -> str:
    """Read through one open file, so that what was checked is what is read."""
    try:
        # Without O_NONBLOCK, a pipe would be waited for.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _check_owner(path, os.fstat(file.fileno()))
            return file.read(LONGEST).decode("ascii", "replace")
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise TokenUnavailable(
            f"The token file '{path}' cannot be read: {reason}.",
            hint="The file must exist and belong to the user that schedbot runs as.",
        ) from None


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise TokenUnavailable(f"The token file '{path}' is no plain file.", hint="Name the file that holds the token.")
    if status.st_uid not in (os.geteuid(), 0):
        raise TokenUnavailable(
            f"The token file '{path}' belongs to another user.",
            hint=f"chown it to the user that schedbot runs as: chown $(id -un) {shlex.quote(str(path))}",
        )
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise TokenUnavailable(
            f"The token file '{path}' can be read by others (mode {stat.S_IMODE(status.st_mode):04o}).",
            hint=f"chmod 600 {shlex.quote(str(path))}",
        )


def _from_command(command: str) -> str:
    place = _program(command)
    hint = "Run the command by hand as the user that schedbot runs as: it must print the token and end with 0."
    try:
        ended = subprocess.run(
            shlex.split(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise TokenUnavailable(f"The token command ({place}) took over {COMMAND_SECONDS} s.", hint=hint) from None
    except (OSError, ValueError, IndexError) as error:
        reason = (getattr(error, "strerror", None) or "it cannot be understood").lower()
        raise TokenUnavailable(f"The token command ({place}) cannot be run: {reason}.", hint=hint) from None
    if ended.returncode != 0:
        raise TokenUnavailable(f"The token command ({place}) ended with {ended.returncode}.", hint=hint)
    return ended.stdout[:LONGEST].decode("ascii", "replace").strip().partition("\n")[0]


def _program(command: str) -> str:
    """The command's program alone: an argument may be a secret."""
    return command.split()[0] if command.split() else "empty"
