"""The next occurrence alone is dropped: on record as skipped, whether it waits already or is yet to be enqueued."""

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.lookup import find
from schedbot.admin.schedules.occurrences import Occurrence
from schedbot.admin.schedules.serialize import changed_schedule
from schedbot.errors import BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.jobs import pending

ERROR = "skipped_by_hand"


def skip_next(session: Session, name: str) -> tuple[Schedule, Occurrence]:
    """Drop the next occurrence of one schedule that is not dropped yet. Raises NotFound, and BadInput if none comes."""
    context = ChangeContext.begin(session, "skip-next")
    with session.db.writing():
        schedule = find(session.db, name)
        dropped = pending.list_skipped(session.db, context.now, schedule.id)
        first = occurrences.find_next_due(schedule, context.now, dropped)
        coming = () if first is None else occurrences.find_upcoming(schedule, first - 1, dropped)
        for occurrence in coming:
            if occurrence.left_out is None and pending.skip(session.db, schedule, occurrence.due_at, ERROR):
                before, after = ({"due_at": occurrence.due_at, "skipped": skipped} for skipped in (False, True))
                context.record(session.db, changed_schedule(schedule), before, after)
                return schedule, occurrence
    hint = f"Let it go on with 'schedbot resume {name}'." if is_off(schedule) else f"See 'schedbot next {name}'."
    why = "all are left out already" if schedule.state is ScheduleState.ACTIVE else f"it is {schedule.state.value}"
    raise BadInput(f"'{name}' has no occurrence to skip: {why}.", hint)


def is_off(schedule: Schedule) -> bool:
    return schedule.state in (ScheduleState.PAUSED, ScheduleState.SUSPENDED)
