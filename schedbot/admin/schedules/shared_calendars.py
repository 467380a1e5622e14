"""Set and clear the send windows and blackout dates that all schedules of an account or a workspace share.

Windows that are never open at the same time are refused if a schedule has both. Queued jobs are deferred or skipped
anew in the same transaction.
"""

from dataclasses import dataclass
from typing import Any

from schedbot import text_input, times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import Fields, parse, parse_optional
from schedbot.admin.fields.schedule_fields import OUTSIDE
from schedbot.admin.fields.timing import check_overlap
from schedbot.admin.workspaces import lookup
from schedbot.errors import BadInput
from schedbot.model import OutsidePolicy, SendHours
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.jobs import calendar_deferral
from schedbot.store.jobs.calendar_deferral import DeferralCounts
from schedbot.store.schedules import shared_calendars
from schedbot.store.schedules.shared_calendars import CalendarOwner


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """Send hours of an account or workspace before and after a change (None: no limits), and the affected jobs."""

    owner: CalendarOwner
    before: SendHours | None
    after: SendHours | None
    jobs: DeferralCounts


def set_calendar(session: Session, account: str | None, workspace: str | None, fields: Fields) -> CalendarChange:
    """Set the given fields; the others stay. Raises BadInput and NotFound; nothing is changed then."""
    with session.db.writing():
        context = ChangeContext.begin(session, "calendar set")
        owner = find_owner(session.db, account, workspace)
        before = shared_calendars.find(session.db, owner)
        after = parse_hours(fields, before or SendHours(owner.label))
        if before is None and after is None:
            problem = "No window and no blackout given: use --window or --blackout."
            raise BadInput(problem, "For example --window 'mon-fri 08:00-18:00' or --blackout 2026-12-24/2026-12-27.")
        change = write(session.db, context, owner, before, after)
        for name, hours in shared_calendars.list_combinations(session.db, owner):
            check_overlap(hours, f" for the schedule {times.quote(name)}")
    session.db.wake()
    return change


def clear_calendar(session: Session, account: str | None, workspace: str | None) -> CalendarChange:
    """Remove the limits. Deferred jobs are posted when they are due, or now. Raises BadInput and NotFound."""
    with session.db.writing():
        context = ChangeContext.begin(session, "calendar clear")
        owner = find_owner(session.db, account, workspace)
        change = write(session.db, context, owner, shared_calendars.find(session.db, owner), None)
    session.db.wake()
    return change


def find_owner(db: Database, account: str | None, workspace: str | None) -> CalendarOwner:
    """Return the owner of a calendar. Raises BadInput unless exactly one is given, NotFound for the workspace."""
    text_input.refuse_empty("account", account)
    text_input.refuse_empty("workspace", workspace)
    if account and workspace:
        raise BadInput("Use only one of --account, --workspace.", "Each account and workspace has its own calendar.")
    if workspace:
        stored = lookup.find(db, workspace)
        return CalendarOwner(stored.name, workspace_id=stored.id)
    if not account:
        raise BadInput("No calendar given: use --account or --workspace.", "For example --account 42.")
    name = parse("account", parsers.parse_account, account)
    return CalendarOwner(name, account=name)


def parse_hours(fields: Fields, base: SendHours) -> SendHours | None:
    """Return the send hours of the fields; None without window and blackout. Raises BadField."""
    hours = SendHours(
        base.owner,
        window=parse_optional(fields, "window", parsers.parse_window, base.window, ""),
        outside=parse_optional(fields, "outside", OUTSIDE, base.outside, OutsidePolicy.DEFER),
        blackout=parse_optional(fields, "blackout", parsers.parse_blackout, base.blackout, ""),
    )
    return hours if hours.window or hours.blackout else None


def parse_owned_hours(owner: CalendarOwner, fields: Fields) -> SendHours | None:
    """Return the send hours of an owner. Raises BadField."""
    return parse_hours(fields, SendHours(owner.label))


def write(
    db: Database, context: ChangeContext, owner: CalendarOwner, before: SendHours | None, after: SendHours | None
) -> CalendarChange:
    if before == after:
        return CalendarChange(owner, before, after, DeferralCounts())
    shared_calendars.replace(db, owner, after)
    owner_id = f"account:{owner.account}" if owner.workspace_id is None else f"workspace:{owner.workspace_id}"
    changed = ChangedObject("calendar", owner_id, owner.label, owner.workspace_id)
    context.record(db, changed, serialize(before), serialize(after))
    return CalendarChange(owner, before, after, calendar_deferral.reevaluate_owner(db, owner, context.now))


def serialize(hours: SendHours | None) -> dict[str, Any] | None:
    """Return the send hours for JSON and for change records."""
    if hours is None:
        return None
    return {"window": hours.window, "outside": hours.outside.value, "blackout": hours.blackout}
