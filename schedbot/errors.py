"""What can go wrong in a way that a person can mend, and the exit codes.

Every error says what was wrong, with the value in it, and what to do (`hint`); its class is named for the cause and
carries the exit code. Anything that is not a SchedbotError is a defect and keeps its traceback.
"""

DONE = 0
FAILED = 1
USAGE_ERROR = 2
NEEDS_PERSON = 3


class SchedbotError(Exception):
    """Something went wrong that a person can mend. `code` is the exit code, `hint` says what to do."""

    code = FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BadInput(SchedbotError):
    """A value that was typed or imported is wrong. Nothing was changed."""

    code = USAGE_ERROR


class NotFound(BadInput):
    """A name or a job number that was typed out is not there."""


class BadFile(BadInput):
    """Lines of an imported file are wrong: `lines` holds a sentence for each. Nothing was changed."""

    def __init__(self, message: str, hint: str, lines: list[str]) -> None:
        super().__init__(message, hint)
        self.lines = lines


class DatabaseUnusable(SchedbotError):
    """The database file is missing, foreign, newer than this program, read-only, full or locked."""


class ProgramChanged(SchedbotError):
    """Another version has been installed in the place of the one that runs: this one begins nothing more."""


class TokenUnavailable(SchedbotError):
    """A workspace's token could not be had from where it is said to be. The token itself is never in the message."""


class ReportFailed(SchedbotError):
    """A report could not be rendered into a message."""
