"""Questions before a command changes or posts much: one rule for all commands.

Rule: up to ten objects that the user names are changed without a question, more than ten only after one. A script says
`--yes`. Without a terminal and without `--yes` nothing is changed.
"""

import sys
from collections.abc import Sequence

from schedbot.admin.schedules import selection
from schedbot.errors import BadInput
from schedbot.presentation import output
from schedbot.session import Session

MAX_UNASKED = 10
DONE = {
    "Acknowledge": "acknowledged",
    "Change": "changed",
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


def confirm_schedules(action: str, session: Session, names: Sequence[str], yes: bool) -> bool:
    """Return whether to go on with the schedules of these names and globs. Raises BadInput, and NotFound for a name."""
    selected = selection.find_all(session.db, names).schedules
    examples = ", ".join(schedule.name for schedule in selected[:5])
    objects = f"{output.count(len(selected), 'schedule')} ({examples}{', ...' if len(selected) > 5 else ''})"
    # A removal is not undone.
    is_named = action != "Remove" or not any(map(selection.is_glob, names))
    return confirm(action, objects, count=len(selected), yes=yes, is_named=is_named)


def require_names_or_all(names: Sequence[str] | None, is_all: bool) -> list[str]:
    """Return the names of `pause` and `resume`. Raises BadInput unless there are names, or --all alone."""
    if is_all and names:
        raise BadInput("A name and --all cannot be combined.", "Use one of them.")
    if not is_all and not names:
        raise BadInput("No schedule named.", "Use names or globs, or --all for all posts.")
    return list(names or ())
