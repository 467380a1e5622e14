"""Once a day Slack is asked again for the people whose zones schedules have, and the schedules follow who has moved.

Rule: a schedule moves as by an edit, on record with Slack as the one who said so: nothing is made before now, what only
the old zone had is cancelled. A question that fails changes no zone and is put again in an hour. It is bounded in time,
one process asks at a time, and whoever calls it neither waits for long nor fails.
"""

from collections.abc import Iterator
from itertools import groupby

from schedbot import log, times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.schedule_fields import ScheduleFields, slack_user_of
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.admin.workspaces import check, user_zones
from schedbot.clock import steady_ms
from schedbot.errors import SchedbotError, TokenUnavailable
from schedbot.model import AttemptResult, Outcome
from schedbot.session import Session
from schedbot.slack.responses import UserInfo
from schedbot.store.fanout import occurrence_count
from schedbot.store.schedules import schedules, workspaces
from schedbot.store.schedules import user_zones as stored
from schedbot.store.schedules.user_zones import Person
from schedbot.store.sqlite.write_lock import process_lock

MOST = 50  # people in one go; users.info allows more than 100 a minute
SLICE = 50  # schedules in one transaction
AGAIN_MS = 3_600_000
ANSWER_MS = 5_000
NO_TOKEN = "token_unavailable"
SILENT_MS = 2 * 86_400_000

Told = dict[str, UserInfo | AttemptResult]


def try_refresh(session: Session, command: str, within_ms: int) -> None:
    """Ask for whom it is time, and let schedules follow, within `within_ms` or little more. Raises nothing."""
    try:
        with process_lock(session.db, "people") as is_alone:
            if is_alone:
                refresh(session, command, within_ms)
    except (SchedbotError, OSError) as error:
        log.event("people_not_asked", "error", why=error)
    except Exception as error:  # a defect here must not keep jobs from being made and posted
        log.event("people_not_asked", "error", why=f"a defect: {type(error).__name__}: {error}")


def refresh(session: Session, command: str = "tick", within_ms: int = 15_000) -> int:
    """As `follow`, but it raises, and does not look whether somebody else is at it. Returns how many moved."""
    end = steady_ms() + within_ms
    now, moved = session.now(), 0
    with session.db.writing():
        stored.forget_unused(session.db, now)
    due = sorted(stored.to_ask(session.db, now, MOST), key=lambda person: person.workspace_id)
    for workspace_id, some in groupby(due, key=lambda person: person.workspace_id):
        if steady_ms() >= end:
            break
        persons = list(some)
        told = ask(session, workspace_id, persons, end)
        for person in persons:
            if person.user_id in told:
                moved += take(session, person, told[person.user_id], command, end)
    if moved:
        session.db.wake()
    return moved


def ask(session: Session, workspace_id: str, persons: list[Person], end: int) -> Told:
    """What Slack tells of people of one workspace. Trouble that is not a person's own is that of all who follow."""
    from schedbot.slack import one_shot
    from schedbot.slack.users import USER_ERRORS

    settings, users = session.settings, [person.user_id for person in persons]
    try:
        token = check.find_token(settings, workspaces.by_id(session.db, workspace_id))
    except TokenUnavailable:
        return dict.fromkeys(users, AttemptResult(Outcome.TOKEN_REFUSED, NO_TOKEN))
    timeout_ms = min(settings.timeout_ms, ANSWER_MS)
    told = one_shot.fetch_users(settings.api_url, token, users, timeout_ms, max(1_000, end - steady_ms()))
    answer = list(told.values())[-1]
    if not isinstance(answer, AttemptResult) or answer.error in USER_ERRORS or answer.retry_after_ms is not None:
        return told
    return {**dict.fromkeys(users, answer), **told}


def take(session: Session, person: Person, seen: UserInfo | AttemptResult, command: str, end: int) -> int:
    """Let what Slack told of one person hold. Returns how many schedules moved."""
    now = session.now()
    zone, error = user_zones.read_zone(seen)
    if error is None:
        return move(session, Person(person.workspace_id, person.user_id, zone, now), command, end)
    if isinstance(seen, AttemptResult) and seen.retry_after_ms is not None:
        with session.db.writing():
            stored.hold(session.db, person.workspace_id, now + seen.retry_after_ms)
        return 0
    with session.db.writing():
        stored.fail(session.db, person, now + AGAIN_MS, error)
    if error != person.error:
        log.event("person_not_asked", "warning", person=person.user_id, why=error)
    return 0


def move(session: Session, told: Person, command: str, end: int) -> int:
    """Let the schedules of a person follow to the zone that was told, some at a time. Returns how many moved.

    Where the time is up before all have, the person is to be asked for again by the next who comes.
    """
    moved, after = 0, ""
    while steady_ms() < end:
        context = ChangeContext.begin(session, command, f"Slack (users.info of {told.user_id})")
        with session.db.writing():
            found = stored.behind(session.db, told, after, SLICE)
            writer = ScheduleWriter(session.db, context)
            moved += sum(move_one(writer, number, told) for number in found)
            if len(found) < SLICE:
                stored.settle(session.db, told)
                return moved
        after = found[-1]
    return moved


def move_one(writer: ScheduleWriter, number: str, told: Person) -> bool:
    """Let one schedule follow. False where it cannot, which is in the log. Inside a transaction."""
    db, now = writer.db, writer.context.now
    before = schedules.by_id(db, number)
    user = slack_user_of(before)
    assert user is not None
    base = ScheduleFields.of(before, occurrence_count.count_occurrences(db, before, now))
    try:
        new = ScheduleFields.parse({"tz": before.terms.tz_from}, now, base, {user: told.zone})
    except BadField as error:
        log.event("schedule_not_moved", "warning", schedule=before.name, zone=told.zone, why=error)
        return False
    edited = writer.update(before, new)
    writer.enqueue(edited.after)
    log.event(
        "schedule_moved", schedule=before.name, before=before.recurrence.tz, after=told.zone, cancelled=edited.cancelled
    )
    return True


def find_unanswered(session: Session) -> Iterator[tuple[str, str, str]]:
    """Of whom Slack has told nothing for two days: the user's id, what was seen, and what helps."""
    for person in stored.silent(session.db, session.now() - SILENT_MS):
        name = workspaces.by_id(session.db, person.workspace_id).name
        why, remedy = user_zones.explain(person.error or "", person.user_id, name)
        since = times.format_relative(person.asked_at, session.now())
        yield person.user_id, f"{person.zone}, as Slack told it {since}. Since then: {why}", remedy
