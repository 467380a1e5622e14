"""Standard streams and arguments: UTF-8 whatever the locale is, and closed streams do no harm.

A file that `export` writes can be imported under any locale. A terminal with another encoding shows other letters as
escapes.
"""

import errno
import io
import os
import sys
from collections.abc import Sequence

from schedbot.errors import BadInput, SchedbotError

# Errors of a write to stdout whose disk is full or broken.
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class OutputUnwritable(SchedbotError):
    """The output could not be written to stdout."""


def prepare() -> None:
    """Replace closed standard streams by the null device, and make stdout UTF-8."""
    # Kept open, and never closed: they live as long as the program.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def refuse_other_encodings(arguments: Sequence[str]) -> None:
    """Raises BadInput for an argument that is not UTF-8."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(argument).decode(errors="backslashreplace")
            raise BadInput(
                f"The argument '{shown}' is not UTF-8 text.",
                hint="Use a terminal with UTF-8. If it is the name of a file, rename the file.",
            ) from None


def unwritable(error: OSError) -> OutputUnwritable | None:
    """Return the error to show for a failed write to stdout; None for any other error."""
    if error.errno not in UNWRITABLE or error.filename is not None:
        return None
    drop_output()
    reason = (error.strerror or "unknown error").lower()
    return OutputUnwritable(
        f"The output could not be written: {reason}.",
        hint="Free some disk space, or write the output elsewhere. Changes that the command made are saved.",
    )


def drop_output() -> None:
    """Let stdout write to the null device: the rest of its buffer would fail again at the end."""
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 1)
