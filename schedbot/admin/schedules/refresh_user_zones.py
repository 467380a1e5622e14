"""Refresh the time zones that schedules take from Slack users, once a day for each user.

A schedule follows its user by an edit, recorded with Slack as the actor: no occurrence in the past is posted, and jobs
that only the old zone had are cancelled. A request that fails changes no zone and is repeated in an hour. The refresh
is bounded in time, and one process at a time runs it.
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
from schedbot.model import TOKEN_UNAVAILABLE, AttemptResult, Outcome
from schedbot.session import Session
from schedbot.slack.response_models import UserInfo
from schedbot.store.fanout import count_past_occurrences
from schedbot.store.schedules import schedules, workspaces
from schedbot.store.schedules import user_zones as stored
from schedbot.store.schedules.user_zones import UserZone
from schedbot.store.sqlite.write_lock import process_lock

MAX_USERS = 50  # in one refresh; users.info allows more than 100 a minute
BATCH = 50  # schedules in one transaction
RETRY_MS = 3_600_000
TIMEOUT_MS = 5_000
UNANSWERED_MS = 2 * 86_400_000

Answers = dict[str, UserInfo | AttemptResult]  # by user id


def try_refresh(session: Session, command: str, within_ms: int) -> None:
    """Refresh the zones that are due, within `within_ms` or little more. Raises nothing."""
    try:
        with process_lock(session.db, "people") as is_alone:
            if is_alone:
                refresh(session, command, within_ms)
    except (SchedbotError, OSError) as error:
        log.event("user_zones_not_refreshed", "error", why=error)
    except Exception as error:  # a bug here must not keep jobs from being enqueued and posted
        log.event("user_zones_not_refreshed", "error", why=f"a bug: {type(error).__name__}: {error}")


def refresh(session: Session, command: str = "tick", within_ms: int = 15_000) -> int:
    """Refresh the zones that are due, without a lock. Returns the number of schedules that changed their zone."""
    end = steady_ms() + within_ms
    now, moved = session.now(), 0
    with session.db.writing():
        stored.delete_unused(session.db, now)
    due = sorted(stored.list_due(session.db, now, MAX_USERS), key=lambda user: user.workspace_id)
    for workspace_id, group in groupby(due, key=lambda user: user.workspace_id):
        if steady_ms() >= end:
            break
        users = list(group)
        answers = ask(session, workspace_id, [user.user_id for user in users], end)
        for user in users:
            if user.user_id in answers:
                moved += apply_answer(session, user, answers[user.user_id], command, end)
    if moved:
        session.db.wake()
    return moved


def ask(session: Session, workspace_id: str, user_ids: list[str], end: int) -> Answers:
    """Return Slack's answers about users of one workspace. An error of the whole workspace counts for all of them."""
    from schedbot.slack import one_shot
    from schedbot.slack.user_ids import USER_ERRORS

    settings = session.settings
    try:
        token = check.find_token(settings, workspaces.by_id(session.db, workspace_id))
    except TokenUnavailable:
        return dict.fromkeys(user_ids, AttemptResult(Outcome.TOKEN_REFUSED, TOKEN_UNAVAILABLE))
    timeout_ms = min(settings.timeout_ms, TIMEOUT_MS)
    answers = one_shot.fetch_users(settings.api_url, token, user_ids, timeout_ms, max(1_000, end - steady_ms()))
    last = list(answers.values())[-1]
    if not isinstance(last, AttemptResult) or last.error in USER_ERRORS or last.retry_after_ms is not None:
        return answers
    return {**dict.fromkeys(user_ids, last), **answers}


def apply_answer(session: Session, user: UserZone, answer: UserInfo | AttemptResult, command: str, end: int) -> int:
    """Store the answer about one user and move the schedules. Returns the number of schedules that moved."""
    now = session.now()
    zone, error = user_zones.read_zone(answer)
    if error is None:
        return move_schedules(session, UserZone(user.workspace_id, user.user_id, zone, now), command, end)
    if isinstance(answer, AttemptResult) and answer.retry_after_ms is not None:
        with session.db.writing():
            stored.postpone(session.db, user.workspace_id, now + answer.retry_after_ms)
        return 0
    with session.db.writing():
        stored.record_failure(session.db, user, now + RETRY_MS, error)
    if error != user.error:
        log.event("user_zone_not_refreshed", "warning", user=user.user_id, why=error)
    return 0


def move_schedules(session: Session, user: UserZone, command: str, end: int) -> int:
    """Move the schedules of a user to the user's zone, in batches. Returns the number of schedules that moved.

    If the time is up before the last batch, the next refresh asks for the user again.
    """
    moved, after = 0, ""
    while steady_ms() < end:
        context = ChangeContext.begin(session, command, f"Slack (users.info of {user.user_id})")
        with session.db.writing():
            schedule_ids = stored.list_outdated(session.db, user, after, BATCH)
            writer = ScheduleWriter(session.db, context)
            moved += sum(move_schedule(writer, schedule_id, user.zone) for schedule_id in schedule_ids)
            if len(schedule_ids) < BATCH:
                stored.record_adopted_zone(session.db, user)
                return moved
        after = schedule_ids[-1]
    return moved


def move_schedule(writer: ScheduleWriter, schedule_id: str, zone: str) -> bool:
    """Move one schedule to the zone. False if it cannot move, with a log event. Inside a transaction."""
    db, now = writer.db, writer.context.now
    before = schedules.by_id(db, schedule_id)
    user = slack_user_of(before)
    assert user is not None
    base = ScheduleFields.of(before, count_past_occurrences.count_occurrences(db, before, now))
    try:
        fields = ScheduleFields.parse({"tz": before.terms.tz_from}, now, base, {user: zone})
    except BadField as error:
        log.event("schedule_not_moved", "warning", schedule=before.name, zone=zone, why=error)
        return False
    result = writer.update(before, fields)
    writer.enqueue(result.after)
    old_zone = before.recurrence.tz
    log.event("schedule_moved", schedule=before.name, before=old_zone, after=zone, cancelled=result.cancelled)
    return True


def find_unanswered(session: Session) -> Iterator[tuple[str, str, str]]:
    """Yield the users without an answer from Slack for two days: user id, problem and remedy."""
    for user in stored.list_unanswered(session.db, session.now() - UNANSWERED_MS):
        workspace = workspaces.by_id(session.db, user.workspace_id).name
        why, remedy = user_zones.explain(user.error or "", user.user_id, workspace)
        since = times.format_relative(user.asked_at, session.now())
        yield user.user_id, f"{user.zone}, read from Slack {since}. Since then: {why}", remedy
