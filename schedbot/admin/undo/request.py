"""Request to undo a change: its values before and after, and the refusal with its reason."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.operations import change_log
from schedbot.errors import BadInput
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.history import changes
from schedbot.store.history.changes import RecordedChange

Values = Mapping[str, Any]
# Commands that send messages, with the step to take instead.
SENDING = {
    "retry": "A job that is still queued is called off by a pause of its schedule.",
    "backfill": "Jobs that are still queued are called off by a pause of their schedule.",
    "audit --mark-posted": "If the message is not in Slack, post the report with 'schedbot run-now'.",
}


class UndoRequest:
    """The change to take back, and the context of the change that does it."""

    def __init__(self, session: Session, record: RecordedChange, context: ChangeContext) -> None:
        self.session = session
        self.record = record
        self.context = context

    @property
    def db(self) -> Database:
        """The database."""
        return self.session.db

    @property
    def before(self) -> Values:
        """Values before the change; empty for a new object."""
        return self.record.change.before or {}

    @property
    def after(self) -> Values:
        """Values after the change; empty for an object that it removed."""
        return self.record.change.after or {}

    @property
    def altered(self) -> list[str]:
        """Names of the values that the change altered."""
        return [difference.name for difference in change_log.compare(self.record.change)]

    def refuse(self, why: str, hint: str) -> NoReturn:
        """Raise BadInput with the reason."""
        raise BadInput(f"Change {self.record.id} cannot be undone: {why}.", hint)

    def find_pause_end(self, command: str) -> int | None:
        """Return the end of the pause before the change, in UTC milliseconds; None without one. Raises BadInput.

        `command`: pauses anew, where that end is past.
        """
        text = self.before.get("paused_until")
        if text is None:
            return None
        end = times.from_rfc3339(str(text))
        if end <= self.context.now:
            self.refuse("the pause would have ended by now", f"Use '{command}' for another one.")
        return end

    def refuse_altered_since(self, present: Values, names: Iterable[str]) -> None:
        """Raise BadInput if one of the values was changed since."""
        for name in names:
            if present.get(name) == self.after.get(name):
                continue
            later = changes.find_later(self.db, self.record, name)
            if later is None:
                self.refuse(f"{name} has another value now", f"See 'schedbot log {self.record.change.name}'.")
            self.refuse(f"change {later} altered {name} since", f"First 'schedbot undo {later}'.")
