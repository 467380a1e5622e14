"""An edit changes what is said and nothing else, and it never fires the past.

A new rule holds from now on: what waits stays one job where both rules have it, and is cancelled where only the old
one had. Any other change reaches what waits, since a job is delivered as its schedule then stands.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schedbot import times
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.terms import first_after
from schedbot.admin.schedules import serialize
from schedbot.admin.schedules.add import Fields, Wanted, as_wanted, person, shared_hours, wanted
from schedbot.admin.schedules.change_context import Facts
from schedbot.admin.schedules.lookup import named
from schedbot.admin.workspaces.user_zones import NOBODY, asked, learn
from schedbot.errors import SchedbotError
from schedbot.model import Recurrence, Schedule, ScheduleState, Terms
from schedbot.rules import calendar as calendar_rules
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import advance, occurrence_count
from schedbot.store.jobs import deferral, pending
from schedbot.store.schedules import schedules

ERROR = "schedule_edited"


@dataclass(frozen=True, slots=True)
class Edited:
    """A schedule before and after, and how many jobs that waited were cancelled."""

    before: Schedule
    after: Schedule
    cancelled: int = 0

    @property
    def differences(self) -> list[tuple[str, object, object]]:
        """Column, old value, new value, of what differs."""
        old, new = serialize.recorded(self.before), serialize.recorded(self.after)
        names = [name for name in {**new, **old} if name != "version" and old.get(name) != new.get(name)]
        return [(name, old.get(name), new.get(name)) for name in names]


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters of the report to set and to take away; the others stay."""

    put: Mapping[str, Any] = field(default_factory=dict)
    unset: Sequence[str] = ()


def edit(session: Session, name: str, said: Fields, params: Params | None = None) -> Edited:
    """Change what is said of one schedule. Raises NotFound and BadField; nothing is changed then."""
    whose = person(said, as_wanted(named(session.db, name)))
    zones = asked(session, [whose]) if whose else NOBODY
    facts = Facts(session.actor, "edit", session.now())
    with session.db.writing():
        before = named(session.db, name)
        made = occurrence_count.made(session.db, before, facts.now)
        if params and (params.put or params.unset):
            said = {**said, "params": json.dumps(merged(before.terms.report.params, params))}
        new = wanted(said, facts.now, as_wanted(before, made), zones)
        edited = write(session.db, before, new, facts)
        learn(session.db, zones, facts.now)
        if edited.after.state is ScheduleState.ACTIVE:
            number = facts.recurrence_id(session.db, new.recurrence)
            advance.enqueue_upcoming(session.db, before.id, number, facts.now)
    session.db.wake()
    return edited


def merged(before: Mapping[str, Any], params: Params) -> dict[str, Any]:
    """The parameters as they will be. Raises BadField for one to take away that is not there."""
    for key in params.unset:
        if key not in before:
            there = ", ".join(before) or "none"
            raise BadField("params", f"There is no parameter {times.quote(key)}.", f"There are: {there}.")
    return {key: value for key, value in {**before, **params.put}.items() if key not in params.unset}


def write(db: Database, before: Schedule, new: Wanted, facts: Facts) -> Edited:
    """Let a schedule be as it is wanted; `enqueue_own` is the caller's. Inside a transaction.

    Where nothing differs, nothing is written. Raises BadField for a name that is taken or an unknown workspace.
    """
    after = changed(before, new, facts.workspace_id(db, new.workspace), facts)
    after = replace(after, shared=shared_hours(db, new, facts))
    if same(before, after):
        return Edited(before, before)
    if after.name != before.name and schedules.is_taken(db, after.name):
        raise BadField("name", f"A schedule is called {times.quote(after.name)} already.", "Choose another name.")
    if has_new_rule(before, after):
        advance.catch_up(db, schedules.recurrence_id(db, before.id), facts.now)
    if not schedules.turn_to_version(db, after, facts.recurrence_id(db, after.recurrence), facts.now):
        raise SchedbotError(f"'{before.name}' was changed by somebody else meanwhile.", "Look at it, then try again.")
    cancelled = settle(db, before, after, facts.now)
    facts.record(db, before, after)
    return Edited(before, after, cancelled)


def changed(before: Schedule, new: Wanted, workspace_id: str, facts: Facts) -> Schedule:
    """The schedule as it will stand: a new rule holds from now on, and gives a finished one something to come.

    An edit may pause, and never resumes: that is `resume`'s.
    """
    after = replace(
        before,
        name=new.name,
        account=new.account,
        workspace_id=workspace_id,
        workspace=new.workspace,
        recurrence=new.recurrence,
        terms=new.terms,
        version=before.version + 1,
    )
    if has_new_rule(before, after):
        after = replace(after, effective_at=facts.now)
        if before.state is ScheduleState.FINISHED and comes(after, facts.now):
            after = replace(after, state=ScheduleState.ACTIVE, reason=None)
    if new.paused and after.state is ScheduleState.ACTIVE:
        return replace(after, state=ScheduleState.PAUSED, reason="added paused", state_by=facts.actor)
    return after


def comes(schedule: Schedule, now: int) -> bool:
    """Is there an occurrence to come?"""
    first = first_after(schedule.recurrence, max(now, (schedule.terms.starts_at or 0) - 1))
    return first is not None and (schedule.terms.until_at is None or first <= schedule.terms.until_at)


def same(before: Schedule, after: Schedule) -> bool:
    return replace(after, version=before.version, effective_at=before.effective_at) == before


def has_new_rule(before: Schedule, after: Schedule) -> bool:
    """Do they differ in when they are due?"""
    return (before.recurrence, span(before.terms)) != (after.recurrence, span(after.terms))


def span(terms: Terms) -> tuple[int | None, int | None]:
    return terms.starts_at, terms.until_at


def settle(db: Database, before: Schedule, after: Schedule, now: int) -> int:
    """Cancel what waits and is not of the new rule; let the rest follow. Returns how many were cancelled."""
    cancelled = 0
    if after.state is ScheduleState.PAUSED is not before.state:
        return pending.cancel(db, after.id, "schedule_paused")
    if has_new_rule(before, after):
        pending.give_up(db, after.id, ERROR, now)
        for job in pending.waiting(db, after.id):
            if not owes(after, job.due_at):
                cancelled += pending.cancel(db, after.id, ERROR, job.due_at)
    pending.follow(db, after, after.terms.grace_ms - before.terms.grace_ms)
    if calendar(before) != calendar(after):
        cancelled += deferral.reevaluate_schedule(db, after.id, now).skipped
    return cancelled


def calendar(schedule: Schedule) -> tuple[calendar_rules.Calendar, Recurrence] | None:
    """What decides whether it is put off or left out; None: nothing."""
    found = calendar_rules.get_calendar(schedule)
    return None if found.is_empty else (found, schedule.recurrence)


def owes(schedule: Schedule, due_at: int) -> bool:
    """Is that instant an occurrence by its rule, start and end?"""
    starts_at, until_at = span(schedule.terms)
    if (starts_at is not None and due_at < starts_at) or (until_at is not None and due_at > until_at):
        return False
    return first_after(schedule.recurrence, due_at - 1) == due_at
