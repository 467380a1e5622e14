"""A schedule is read and checked whole before anything is written: `wanted` is that step, `write` the other.

What is wanted of a new schedule and what an edit changes are read by the same function; an edit starts from what
stands (`base`). Nothing here opens a transaction but `add`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from schedbot import times
from schedbot.admin.fields import parsers, terms
from schedbot.admin.fields.parsers import BadField, read
from schedbot.admin.fields.recurrence import rule
from schedbot.admin.fields.terms import Before
from schedbot.admin.schedules import shared_calendars
from schedbot.admin.schedules.change_context import Facts
from schedbot.admin.workspaces.user_zones import NOBODY, Person, Zones, asked, learn, zone_of
from schedbot.errors import TokenUnavailable
from schedbot.model import Recurrence, Schedule, ScheduleState, SendHours, Terms
from schedbot.session import Session
from schedbot.slack import people
from schedbot.store.database import Database
from schedbot.store.fanout import advance
from schedbot.store.history import changes
from schedbot.store.schedules import schedules, workspaces

Fields = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A schedule as somebody wants it: read, checked, not yet written. `workspace` is a name."""

    name: str
    account: str
    workspace: str
    recurrence: Recurrence
    terms: Terms
    paused: bool = False
    made: int = 0  # occurrences that have been, where it stands already


def wanted(said: Fields, now: int, base: Wanted | None = None, zones: Zones = NOBODY) -> Wanted:
    """What the fields come to, by their columns' names. None: not said; empty: the default.

    With `base`, what is not said stays as it is there. `zones` has the zone of whom `person` names. Raises BadField,
    which names the column.
    """
    for column in said:
        if column not in parsers.COLUMNS:
            raise BadField(column, f"There is no field called '{column}'.", f"Known are {', '.join(parsers.COLUMNS)}.")
    whose = person(said, base)
    in_zone = {**said, "tz": zone_of(zones, whose)} if whose else said
    when = rule(in_zone, now, base.recurrence if base else None)
    when = replace(when, before_holidays=terms.region_before(said, base.terms if base else None))
    return Wanted(
        name=kept(said, "name", base.name if base else None),
        account=read("account", parsers.account, said_or(said, "account", base.account if base else "")),
        workspace=workspace_of(said, base),
        recurrence=when,
        terms=terms.terms(said, when, now, Before(base.recurrence, base.terms, base.made) if base else None),
        paused=read("paused", parsers.yes_or_no, said_or(said, "paused", "true" if base and base.paused else "")),
        made=base.made if base else 0,
    )


def person(said: Fields, base: Wanted | None = None) -> Person | None:
    """Whom Slack has to be asked for first, if it is somebody: a user belongs to a workspace. Raises BadField."""
    tz, workspace = said.get("tz"), workspace_of(said, base)
    if not tz and base and workspace != base.workspace:
        tz = base.terms.tz_from
    return Person(workspace, read("tz", people.user_id, tz)) if tz and people.is_person(tz) else None


def person_of(schedule: Schedule) -> Person | None:
    """Whose zone a schedule has."""
    tz = schedule.terms.tz_from
    return Person(schedule.workspace, people.user_id(tz)) if tz else None


def workspace_of(said: Fields, base: Wanted | None) -> str:
    return said_or(said, "workspace", base.workspace if base else "default") or "default"


def kept(said: Fields, column: str, before: str | None) -> str:
    text = said.get(column)
    return before if text is None and before is not None else read(column, parsers.name, text or "")


def said_or(said: Fields, column: str, before: str) -> str:
    text = said.get(column)
    return before if text is None else text


def write(db: Database, new: Wanted, facts: Facts) -> Schedule:
    """Write the schedule and the record of it; `enqueue_own` is the caller's. Inside a transaction.

    Raises BadField for a name that exists and a workspace that does not.
    """
    if schedules.is_taken(db, new.name):
        raise taken(new.name)
    schedule = made(db, new, facts)
    schedules.insert(db, schedule, facts.recurrence_id(db, new.recurrence))
    facts.record(db, None, schedule)
    return schedule


def write_all(db: Database, new: Sequence[Wanted], facts: Facts) -> list[Schedule]:
    """Write many schedules whose names are free, and the record of them. Inside a transaction."""
    written = [made(db, one, facts) for one in new]
    schedules.insert_all(db, [(one, facts.recurrence_id(db, one.recurrence)) for one in written])
    changes.record_all(db, [facts.change(None, one) for one in written])
    return written


def taken(name: str) -> BadField:
    """What is said of a name that another schedule has."""
    hint = f"Change it with 'schedbot edit {name}', or choose another name."
    return BadField("name", f"A schedule is called {times.quote(name)} already.", hint)


def made(db: Database, new: Wanted, facts: Facts) -> Schedule:
    """The schedule that is wanted, as it will stand. Raises BadField for a workspace that does not exist."""
    shared = shared_hours(db, new, facts)
    return Schedule(
        id=facts.new_id(),
        name=new.name,
        account=new.account,
        workspace_id=facts.workspace_id(db, new.workspace),
        workspace=new.workspace,
        recurrence=new.recurrence,
        terms=new.terms,
        state=ScheduleState.PAUSED if new.paused else ScheduleState.ACTIVE,
        reason="added paused" if new.paused else None,
        state_by=facts.actor if new.paused else None,
        effective_at=facts.now,
        created_at=facts.now,
        shared=shared,
    )


def shared_hours(db: Database, new: Wanted, facts: Facts) -> tuple[SendHours, ...]:
    """What its account and its workspace say. Raises BadField where its own window never meets theirs."""
    shared = facts.shared(db, new.account, facts.workspace_id(db, new.workspace))
    shared_calendars.check_meeting((SendHours("", new.terms.window), *shared))
    return shared


def add(session: Session, said: Fields) -> Schedule:
    """Add one schedule, with its occurrences of the look-ahead. Raises BadField; nothing is changed then."""
    whose = person(said)
    zones = asked(session, [whose]) if whose else NOBODY
    facts = Facts(session.actor, "add", session.now())
    new = wanted(said, facts.now, zones=zones)
    with session.db.writing():
        schedule = write(session.db, new, facts)
        learn(session.db, zones, facts.now)
        if schedule.state is ScheduleState.ACTIVE:
            advance.enqueue_upcoming(
                session.db, schedule.id, facts.recurrence_id(session.db, new.recurrence), facts.now
            )
    session.db.wake()
    return schedule


def as_wanted(schedule: Schedule, made: int = 0) -> Wanted:
    """What stands, as if somebody wanted it; `made` occurrences have been."""
    return Wanted(
        name=schedule.name,
        account=schedule.account,
        workspace=schedule.workspace,
        recurrence=schedule.recurrence,
        terms=schedule.terms,
        paused=schedule.state is ScheduleState.PAUSED,
        made=made,
    )


def missing_token(session: Session, schedule: Schedule) -> str:
    """What is to be done before it can be posted, where its workspace's token is not found. Empty if all is well.

    A variable may be there for cron alone, so it is only said; a command is not run for this.
    """
    from schedbot.slack import sources, tokens

    workspace = workspaces.by_id(session.db, schedule.workspace_id)
    try:
        place = sources.source(workspace.token, session.settings.token, workspace.name)
        if place.kind != "command":
            tokens.find(place)
    except TokenUnavailable as error:
        return f"{error} {error.hint}"
    return ""
