"""Apply the plan of a sync in one transaction, all or nothing.

Rule: inside the transaction, the schedules of the source are compared with the plan again. A plan that is out of date
changes nothing: a person may have edited a schedule, or another sync may have been faster.
"""

from collections.abc import Iterable

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.import_export.import_plan import batches
from schedbot.admin.import_export.importer import enqueue
from schedbot.admin.import_export.new_schedules import LARGE, NewSchedules
from schedbot.admin.schedules import pause, remove
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.admin.sync.plan import BATCH, SyncChange, SyncPlan, outdated
from schedbot.admin.workspaces import user_zones
from schedbot.model import Schedule
from schedbot.session import Session
from schedbot.store.history import changes
from schedbot.store.schedules import lookup


def apply_sync(session: Session, plan: SyncPlan, yes_remove: bool = False) -> None:
    """Write a plan. Raises BadInput for too many removals without `yes_remove`, and SchedbotError for an old plan."""
    if not yes_remove:
        plan.refuse_removals()
    if plan.is_empty:
        return
    context = ChangeContext.begin(session, "sync")
    writer = ScheduleWriter(session.db, context, plan.source)
    with NewSchedules(writer, plan.last_change, len(plan.added) > LARGE) as new:
        for added in plan.added:
            new.add(added)
        new.end_staging()
        with session.db.writing(is_large=new.count > LARGE, only_adds=not (plan.changed or plan.removed)):
            refuse_outdated(session, plan, new)
            new.write()
            for schedule in plan.removed:
                remove.remove_one(session.db, schedule.id, context)
            enqueue(writer, [change_one(writer, change) for change in plan.changed])
            user_zones.learn(session.db, plan.zones, context.now)
    session.db.wake()


def refuse_outdated(session: Session, plan: SyncPlan, new: NewSchedules) -> None:
    """Raise SchedbotError where a schedule of the source, or a name of the plan, was changed after the plan."""
    planned = [change.before for change in plan.changed]
    changed = changes.list_changed_of_source(session.db, plan.source, plan.last_change)
    changed += find_changed(session, [*plan.removed, *planned])
    changed += [in_use.name for in_use in new.list_names_in_use()]
    if changed:
        raise outdated(plan, changed)


def find_changed(session: Session, planned: Iterable[Schedule]) -> list[str]:
    """Return the names of schedules that are not as they were planned."""
    changed = []
    for batch in batches(planned, BATCH):
        present = lookup.by_names(session.db, [schedule.name for schedule in batch])
        changed += [schedule.name for schedule in batch if present.get(schedule.name) != schedule]
    return changed


def change_one(writer: ScheduleWriter, change: SyncChange) -> Schedule:
    """Write one changed schedule, and resume it where the list has it active."""
    after = writer.update(change.before, change.fields).after
    return pause.resume_one(writer.db, after, writer.context).schedule if change.resumes else after
