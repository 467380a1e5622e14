"""`undo`: restore the values before a recorded change, if nothing has been sent by it since."""

from collections.abc import Callable
from dataclasses import replace

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.undo import other_changes, schedule_change
from schedbot.admin.undo.request import SENDING, UndoRequest
from schedbot.errors import NotFound
from schedbot.session import Session
from schedbot.store.history import changes
from schedbot.store.history.changes import ChangeFilter, RecordedChange

OF_KIND: dict[str, Callable[[UndoRequest], None]] = {
    "schedule": schedule_change.undo,
    "workspace": other_changes.undo_workspace,
    "calendar": other_changes.undo_calendar,
    "installation": other_changes.undo_pause_of_all,
    "job": other_changes.undo_job,
    "missed": other_changes.undo_acknowledgement,
}


def undo(session: Session, number: int) -> tuple[RecordedChange, list[RecordedChange]]:
    """Undo a change. Returns the change, and the changes that undo it, the first one first.

    Raises NotFound for an unknown number, and BadInput with the reason for a change that cannot be undone.
    """
    record = changes.by_number(session.db, number)
    if record is None:
        raise NotFound(f"No change {number} is on record.", "'schedbot log' shows the changes with their numbers.")
    context = replace(ChangeContext.begin(session, "undo"), undoes=number)
    request = UndoRequest(session, record, context)
    if done := changes.find_undo(session.db, number):
        request.refuse(f"change {done} did so already", f"To have it again, use 'schedbot undo {done}'.")
    if record.change.command in SENDING:
        request.refuse(
            f"'{record.change.command}' is about messages, not about settings", SENDING[record.change.command]
        )
    OF_KIND[record.change.kind](request)
    session.db.wake()
    undone = changes.select(session.db, ChangeFilter(undoes=number))
    return record, sorted(undone, key=lambda change: change.id)
