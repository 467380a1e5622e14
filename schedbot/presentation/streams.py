"""Where the shell and the program meet: arguments and answers are UTF-8, and a stream that is closed is done without.

So a file that `export` writes is one that `import` takes, whatever the locale says. A terminal of another encoding gets
what it can show, the rest as escapes. Only reads and writes streams; what is written is not looked at.
"""

import errno
import io
import os
import sys

from schedbot.errors import BadInput, SchedbotError

# What a write to stdout fails with, the disk below it being full or broken.
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class Unwritten(SchedbotError):
    """The answer could not be written to where stdout leads."""


def ready() -> None:
    """Open in place of each closed stream one that swallows all, and let stdout write UTF-8."""
    # Kept open, and never closed: they live as long as the program.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def refuse_other_encodings(words: list[str]) -> None:
    """Raises BadInput for an argument that is not UTF-8: no name, text or path of schedbot's can hold it."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(word).decode(errors="backslashreplace")
            raise BadInput(
                f"The argument '{shown}' is not UTF-8 text.",
                hint="Type it in a terminal that writes UTF-8; a file of such a name has to be renamed first.",
            ) from None


def unwritten(error: OSError) -> Unwritten | None:
    """What to tell of an answer that could not be written; None for any other error."""
    if error.errno not in UNWRITABLE or error.filename is not None:
        return None
    with open(os.devnull, "w") as nowhere:  # what is still held back would fail once more at the end
        os.dup2(nowhere.fileno(), 1)
    reason = (error.strerror or "unknown").lower()
    return Unwritten(
        f"The answer could not be written: {reason}.",
        hint="Free some space, or let it be written elsewhere. What a command changes was changed all the same.",
    )
