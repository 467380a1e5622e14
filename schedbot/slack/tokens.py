"""Reads a workspace's token from its source at the moment of use; the token is never written down.

Rules: no message, log or error contains a token or any part of the source's content; a token file must be readable by
its owner alone; a command runs without a shell and within ten seconds. The workspace `default` uses the token source
of the settings, every other workspace its own.
"""

import codecs
import os
import re
import select
import shlex
import signal
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from schedbot.errors import MachineFailed, TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack import machine_errors
from schedbot.slack.token_stores.place import RotationSettings, decode
from schedbot.text_input import is_quoted

SETTING = "setting"
SET_TOKEN = "Set SLACK_BOT_TOKEN, or token_file or token_command below [slack] in schedbot.toml."
COMMAND_SECONDS = 10
MAX_BYTES = 4_096
SHAPE = re.compile(r"[!-~]{1,2000}")  # one printable word; only Slack defines its prefix


def resolve_source(token: TokenSource, default: TokenSource | None, workspace: str) -> TokenSource:
    """Return the token source of `workspace`: `token`, or the settings' `default` for the kind `setting`.

    Reads nothing. Raises TokenUnavailable when the settings have none.
    """
    if token.kind != SETTING:
        return token
    if default is None:
        raise TokenUnavailable(f"The workspace '{workspace}' has no token.", hint=SET_TOKEN)
    return default


def read_token(source: TokenSource, rotation: RotationSettings | None = None) -> str:
    """Return the token from `source` (any kind but `setting`). Raises TokenUnavailable, naming the source.

    `rotation`: a token that expires soon is replaced first, if its source says so.
    """
    match source.kind:
        case "env":
            return _check_token(_read_variable(source.place), f"The variable {source.place}")
        case "file":
            return _check_token(_read_file(Path(source.place).expanduser()), f"The token file '{source.place}'")
        case "command":
            return _check_token(_run_command(source.place), f"The token command ({_get_program(source.place)})")
        case "store":
            return _check_token(_read_store(source.place, rotation), "The token in the token store")
    raise TokenUnavailable("No token is set for this workspace.", hint=SET_TOKEN)


def _check_token(text: str, place: str) -> str:
    token = text.strip().removeprefix("\ufeff")
    if not token:
        raise TokenUnavailable(f"{place} is empty.", hint="Put a bot token there; it begins with xoxb-.")
    if is_quoted(token):
        raise TokenUnavailable(
            f"{place} has quotation marks around the token.",
            hint="Remove them. 'docker --env-file' keeps them, unlike a shell.",
        )
    if not SHAPE.fullmatch(token):
        raise TokenUnavailable(
            f"{place} holds something that does not look like a Slack token.",
            hint="A bot token is one line and begins with xoxb-: see OAuth & Permissions on the app's page.",
        )
    return token


def _read_store(text: str, rotation: RotationSettings | None) -> str:
    from schedbot.slack.token_stores import installations  # takes 0.1 s to load

    place = decode(text)
    if rotation is None or not place.secret_env:
        return installations.read_token(place)
    from schedbot.slack.token_stores.rotation import Rotation

    return Rotation(place, rotation).read_token()


def _read_variable(name: str) -> str:
    if name not in os.environ:
        raise TokenUnavailable(
            f"The variable {name} is not set, and it is the workspace's token source.",
            hint=f"Export {name} where schedbot runs (for cron: in the crontab or a wrapper), or use a token file.",
        )
    return os.environ[name]


def _read_file(path: Path) -> str:
    """Check and read the same open file."""
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _check_owner(path, os.fstat(file.fileno()))
            return file.read(MAX_BYTES).removeprefix(codecs.BOM_UTF8).decode("ascii", "replace")
    except OSError as error:
        reason = (error.strerror or "no access").lower()
        hint = "The file must exist and belong to the user that runs schedbot."
        raise _unavailable(error, f"The token file '{path}' cannot be read: {reason}.", hint) from None


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise TokenUnavailable(f"The token file '{path}' is not a regular file.", hint="Use a file with the token.")
    if status.st_uid not in (os.geteuid(), 0):
        raise TokenUnavailable(
            f"The token file '{path}' belongs to another user.",
            hint=f"Make it belong to the user that runs schedbot: chown $(id -un) {shlex.quote(str(path))}",
        )
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise TokenUnavailable(
            f"The token file '{path}' can be read by others (mode {stat.S_IMODE(status.st_mode):04o}).",
            hint=f"chmod 600 {shlex.quote(str(path))}",
        )


def _run_command(command: str) -> str:
    program = _get_program(command)
    hint = "Run the command as the user that runs schedbot: it must print the token and exit with 0."
    try:
        # A session of its own: all of its processes can be ended, and no signal of a terminal reaches it.
        process = subprocess.Popen(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:
        reason = (getattr(error, "strerror", None) or "invalid command line").lower()
        raise _unavailable(error, f"The token command ({program}) cannot be run: {reason}.", hint) from None
    with process:
        try:
            output = _read_output(process)
        except subprocess.TimeoutExpired:
            raise TokenUnavailable(f"The token command ({program}) took over {COMMAND_SECONDS} s.", hint=hint) from None
    if len(output) > MAX_BYTES:
        raise TokenUnavailable(f"The token command ({program}) printed more than {MAX_BYTES} bytes.", hint=hint)
    if process.returncode != 0:
        raise TokenUnavailable(f"The token command ({program}) exited with {process.returncode}.", hint=hint)
    return output.decode("ascii", "replace").strip().partition("\n")[0]


def _read_output(process: subprocess.Popen[bytes]) -> bytes:
    """Return what the command prints, at most MAX_BYTES + 1 bytes. Raises TimeoutExpired.

    A command that takes too long or prints too much is killed with all processes of its group.
    """
    assert process.stdout is not None
    end, output, is_complete = time.monotonic() + COMMAND_SECONDS, b"", False
    poll = select.poll()
    poll.register(process.stdout)
    try:
        while len(output) <= MAX_BYTES:
            if not poll.poll(max(0, end - time.monotonic()) * 1000):
                raise subprocess.TimeoutExpired(process.args, COMMAND_SECONDS)
            chunk = os.read(process.stdout.fileno(), MAX_BYTES + 1 - len(output))
            output += chunk
            if not chunk:
                process.wait(max(0, end - time.monotonic()))
                is_complete = True
                break
        return output
    finally:
        if not is_complete:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _unavailable(error: Exception, message: str, hint: str) -> TokenUnavailable:
    """Return the error of a source that cannot be read, because of the source or of this machine."""
    machine_error = machine_errors.find_code(error)
    return MachineFailed(message, hint, machine_error) if machine_error else TokenUnavailable(message, hint)


def _get_program(command: str) -> str:
    """Return the command's program without its arguments, as an argument may be a secret."""
    return command.split()[0] if command.split() else "empty"
