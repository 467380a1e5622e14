"""Questions before a command changes or posts much: one rule for all commands.

Rule: up to ten objects that the user names are changed without a question, more than ten only after one. A script says
`--yes`. Without a terminal and without `--yes` nothing is changed.
"""

import sys

from schedbot.errors import BadInput
from schedbot.presentation import output

MAX_UNASKED = 10
DONE = {
    "Acknowledge": "acknowledged",
    "Post": "posted",
    "Retry": "retried",
    "Remove": "removed",
    "Pause": "paused",
    "Resume": "resumed",
}


def confirm(action: str, objects: str, *, count: int, yes: bool, is_named: bool = True) -> bool:
    """Return whether to go on with an action of DONE on `objects`, such as "12 jobs". Raises BadInput.

    `is_named` False: the objects were found by a filter, and the question is always asked.
    """
    if yes or count == 0 or (is_named and count <= MAX_UNASKED):
        return True
    if not sys.stdin.isatty():
        raise BadInput(
            f"{objects} would be {DONE[action]}; nothing was changed.", "Use --yes to go on without a question."
        )
    return output.ask(f"{action} {objects}?")
