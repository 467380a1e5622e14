"""Errors that a person can fix, and the exit codes.

Each error has a message with the wrong value, a hint with the next step, and an exit code. Its class is named for the
cause. Any exception that is not a SchedbotError is a defect and keeps its traceback.
"""

import errno
import re

TOKEN = re.compile(r"(?:xox[a-z]?|xapp)[.-][A-Za-z0-9.-]{4,}")
MACHINE_FAILURES = {
    errno.EMFILE: (
        "This machine has no file descriptor left for schedbot.",
        "Raise the limit: 'ulimit -n', or 'LimitNOFILE=' of the systemd unit.",
    ),
    errno.ENOMEM: (
        "This machine has no memory left for schedbot.",
        "Free memory, or raise the limit: 'ulimit -v', or 'MemoryMax=' of the systemd unit.",
    ),
    errno.EAGAIN: (
        "This machine can start no other process or thread for schedbot.",
        "End other processes, or raise the limit: 'ulimit -u', or 'TasksMax=' of the systemd unit.",
    ),
}
SAME_FAILURES = {errno.ENFILE: errno.EMFILE, errno.ENOBUFS: errno.ENOMEM}
DONE = 0
FAILED = 1
USAGE_ERROR = 2
NEEDS_PERSON = 3


class SchedbotError(Exception):
    """Error that a person can fix. `hint`: the next step, or ''; `code`: the exit code of a command.

    `column`: name of the wrong field of a schedule, as in an import, or ''. Message and hint may quote a file or a
    value: tokens in them are struck out.
    """

    code = FAILED
    column = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(redact_tokens(message))
        self.hint = redact_tokens(hint)

    @property
    def message(self) -> str:
        """Sentence about what was wrong, with the value."""
        return str(self)

    @property
    def command_message(self) -> str:
        """Sentence as a command prints it."""
        return self.message

    @property
    def exit_code(self) -> int:
        """Exit code of a command: 1 failed, 2 used wrongly and nothing was changed."""
        return self.code


def is_secret_variable(name: str, value: str) -> bool:
    """Has the variable a Slack token, or by its name the client secret of an app?"""
    return name.startswith("SLACK_CLIENT_SECRET") or TOKEN.search(value) is not None


def redact_tokens(text: str) -> str:
    """Replace everything in the text that looks like a Slack token."""
    return TOKEN.sub("xox…", text)


def explain_machine_failure(error: BaseException) -> SchedbotError | None:
    """Return the error for a person if this machine has nothing left of what a command needs; None for a defect.

    It imports nothing, since a module could not be opened.
    """
    number = None
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    elif isinstance(error, RuntimeError) and "start new thread" in str(error):
        number = errno.EAGAIN
    elif isinstance(error, OSError) and error.errno:
        number = SAME_FAILURES.get(error.errno, error.errno)
    return SchedbotError(*MACHINE_FAILURES[number]) if number in MACHINE_FAILURES else None


class BadInput(SchedbotError):
    """A typed or imported value is wrong. Nothing was changed."""

    code = USAGE_ERROR


class BadOption(BadInput):
    """The value of an option is wrong; the Python API has a keyword of the same name.

    `problem` follows the name: `: unknown state 'x'.`
    """

    def __init__(self, option: str, problem: str, hint: str = "") -> None:
        super().__init__(f"{option}{problem}", hint)
        self.option = option

    @property
    def command_message(self) -> str:
        """Sentence with the option in the place of the keyword."""
        return f"--{self.option.replace('_', '-')}{self.message.removeprefix(self.option)}"


class NotFound(BadInput):
    """No object has the typed name or job number."""


class BadFile(BadInput):
    """Lines of an imported file are wrong; `lines` has a sentence for each. Nothing was changed."""

    def __init__(self, message: str, hint: str, lines: list[str]) -> None:
        super().__init__(message, hint)
        self.lines = [redact_tokens(line) for line in lines]


class ScheduleChanged(SchedbotError):
    """Somebody else changed the schedule since it was read. Nothing was changed now."""


class HandleUnusable(SchedbotError):
    """The handle of the Python API was closed, or belongs to the process that forked this one."""

    code = USAGE_ERROR


class DatabaseUnusable(SchedbotError):
    """The database file is missing, foreign, newer than this program, read-only, full or locked."""


class DiskFull(DatabaseUnusable):
    """The disk of the database has no room left."""


class DatabaseMissing(DatabaseUnusable):
    """The path of the database names no database file."""

    code = USAGE_ERROR


class ProgramChanged(SchedbotError):
    """Another version of schedbot was installed over the running one. The running one starts no more work."""


class TokenUnavailable(SchedbotError):
    """The source of a workspace's token gives no token. The message never contains the token."""


class MachineFailed(TokenUnavailable):
    """This machine has no descriptor, memory or process left to read a token. `error_code`: see machine_errors."""

    def __init__(self, message: str, hint: str, error_code: str) -> None:
        super().__init__(message, hint)
        self.error_code = error_code


class ReportFailed(SchedbotError):
    """A report could not be rendered into a message. `detail`: lines for `audit JOB`, such as a program's stderr."""

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message, hint)
        self.detail = detail
