"""When may be posted, for all schedules of an account or of a workspace: said, changed and taken back here.

Rule: windows that are never open at once are refused where they meet a schedule. What already waits is ruled on again
in the same transaction, and the change is on record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schedbot import times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import BadField, Fields, parse, parse_optional
from schedbot.admin.fields.schedule_fields import OUTSIDE
from schedbot.admin.workspaces import lookup
from schedbot.errors import BadInput
from schedbot.model import OutsidePolicy, SendHours
from schedbot.rules import windows
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.jobs import deferral
from schedbot.store.jobs.deferral import DeferralCounts
from schedbot.store.schedules import shared_calendars
from schedbot.store.schedules.shared_calendars import Whose


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What was said before and what is said now (None: nothing), and what became of the jobs that waited."""

    owner: Whose
    before: SendHours | None
    after: SendHours | None
    jobs: DeferralCounts


def find_owner(db: Database, account: str | None, workspace: str | None) -> Whose:
    """Whose calendar is meant. Raises BadInput unless it is one of the two, and NotFound for no such workspace."""
    if bool(account) == bool(workspace):
        said = "Both an account and a workspace are said." if account else "It is not said whose calendar is meant."
        raise BadInput(said, "Say --account ID or --workspace NAME.")
    if workspace:
        found = lookup.find(db, workspace)
        return Whose(found.name, workspace_id=found.id)
    name = parse("account", parsers.parse_account, account or "")
    return Whose(name, account=name)


def set_calendar(session: Session, account: str | None, workspace: str | None, said: Fields) -> CalendarChange:
    """Say when may be posted; what is not said stays. Raises BadInput and NotFound; nothing is changed then."""
    with session.db.writing():
        meant = find_owner(session.db, account, workspace)
        before = shared_calendars.said(session.db, meant)
        after = parse_hours(said, before or SendHours(meant.words))
        if before is None and after is None:
            problem = "Neither a window nor a blackout is said."
            raise BadInput(problem, "Add --window 'mon-fri 08:00-18:00' or --blackout 2026-12-24/2026-12-27.")
        turned = write(session.db, ChangeContext.begin(session, "calendar set"), meant, before, after)
        for name, hours in shared_calendars.combined(session.db, meant):
            check_overlap(hours, f" for the schedule {times.quote(name)}")
    session.db.wake()
    return turned


def clear_calendar(session: Session, account: str | None, workspace: str | None) -> CalendarChange:
    """Take back what is said: what it put off goes at its own time, or now. Raises BadInput and NotFound."""
    with session.db.writing():
        meant = find_owner(session.db, account, workspace)
        before = shared_calendars.said(session.db, meant)
        turned = write(session.db, ChangeContext.begin(session, "calendar clear"), meant, before, None)
    session.db.wake()
    return turned


def parse_hours(said: Fields, base: SendHours) -> SendHours | None:
    """The hours that the fields come to; None where nothing is left that closes. Raises BadField."""
    hours = SendHours(
        base.owner,
        window=parse_optional(said, "window", parsers.parse_window, base.window, ""),
        outside=parse_optional(said, "outside", OUTSIDE, base.outside, OutsidePolicy.DEFER),
        blackout=parse_optional(said, "blackout", parsers.parse_blackout, base.blackout, ""),
    )
    return hours if hours.window or hours.blackout else None


def write(
    db: Database, context: ChangeContext, owner: Whose, before: SendHours | None, after: SendHours | None
) -> CalendarChange:
    if before == after:
        return CalendarChange(owner, before, after, DeferralCounts())
    shared_calendars.put(db, owner, after)
    owner_id = f"account:{owner.account}" if owner.workspace_id is None else f"workspace:{owner.workspace_id}"
    changed = ChangedObject("calendar", owner_id, owner.words, owner.workspace_id)
    context.record(db, changed, serialize(before), serialize(after))
    return CalendarChange(owner, before, after, deferral.reevaluate_owner(db, owner, context.now))


def serialize(hours: SendHours | None) -> dict[str, Any] | None:
    """Hours as programs and the record of changes have them."""
    if hours is None:
        return None
    return {"window": hours.window, "outside": hours.outside.value, "blackout": hours.blackout}


def check_overlap(hours: Iterable[SendHours], where: str = "") -> None:
    """Raises BadField where the windows are never open at once: nothing would ever be posted."""
    named = [one for one in hours if one.window]
    if len(named) < 2 or windows.intersect(tuple(one.window for one in named)) is not None:
        return
    each = " and ".join(f"'{one.window}'" + (f" ({one.owner})" if one.owner else "") for one in named)
    problem = f"The windows {each} are never open at once{where}."
    raise BadField("window", problem, "'schedbot calendar list' shows those of accounts and workspaces.")
