"""Skip the next occurrence of a schedule, whether its job is queued already or not enqueued yet."""

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.schedules import pause_all
from schedbot.admin.schedules.occurrences import Occurrence, find_next_due, find_upcoming
from schedbot.admin.schedules.selection import find
from schedbot.admin.schedules.serialize import changed_schedule
from schedbot.errors import BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.jobs import pending

STOPPED = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)


def skip_next(session: Session, name: str) -> tuple[Schedule, Occurrence]:
    """Skip the next occurrence that is not skipped already. Raises NotFound, and BadInput if there is none."""
    context = ChangeContext.begin(session, "skip-next")
    with session.db.writing():
        schedule = find(session.db, name)
        skips = pending.list_skipped(session.db, context.now, schedule.id)
        first = find_next_due(schedule, context.now, skips)
        upcoming = () if first is None else find_upcoming(schedule, first - 1, skips)
        for occurrence in upcoming:
            if occurrence.skip_reason is None and pending.skip(session.db, schedule, occurrence.due_at):
                before, after = ({"due_at": occurrence.due_at, "skipped": skipped} for skipped in (False, True))
                context.record(session.db, changed_schedule(schedule), before, after)
                return schedule, occurrence
    pause_all.refuse_while_paused(session)
    raise nothing_to_skip(schedule)


def nothing_to_skip(schedule: Schedule) -> BadInput:
    name = schedule.name
    hint = f"Use 'schedbot resume {name}' first." if schedule.state in STOPPED else f"See 'schedbot next {name}'."
    is_active = schedule.state is ScheduleState.ACTIVE
    why = "all are skipped already" if is_active else f"the schedule is {schedule.state.value}"
    return BadInput(f"'{name}' has no occurrence to skip: {why}.", hint)
