"""Time zones of Slack users, for `--tz slack:U0123456789`. They are requested before anything is written.

Each user is requested once, with no transaction open. A refusal by Slack, or an unknown zone, is an error of the field
`tz` with a remedy.
Source: https://docs.slack.dev/reference/methods/users.info
"""

import time
from collections.abc import Callable, Iterable, Mapping

from schedbot import times
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.schedule_fields import SlackUser, Zones
from schedbot.admin.workspaces import lookup
from schedbot.errors import BadInput, NotFound, TokenUnavailable
from schedbot.model import AttemptResult, Outcome
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.slack import error_codes, scopes
from schedbot.slack.response_models import UserInfo
from schedbot.slack.user_ids import FIND_USER_ID, USER_ERRORS
from schedbot.store.database import Database
from schedbot.store.schedules import user_zones as stored
from schedbot.store.schedules import workspaces

TIMEOUT_MS = 10_000
MAX_WAIT_MS = 60_000  # for a rate limit; a longer one is an error
DEACTIVATED, NO_ZONE, UNKNOWN_ZONE = "user_deactivated", "no_time_zone", "unknown_time_zone"
MISSING_SCOPE = "missing_scope"
INSTEAD = "or use the zone's name, for example --tz America/New_York"


def ask(session: Session, users: Iterable[SlackUser], sleep: Callable[[float], None] = time.sleep) -> Zones:
    """Return the time zone of each user, or the reason why there is none; each is asked for once."""
    by_workspace: dict[str, list[str]] = {}
    for user in dict.fromkeys(users):
        by_workspace.setdefault(user.workspace, []).append(user.user_id)
    zones: dict[SlackUser, str | BadField] = {}
    for name, user_ids in by_workspace.items():
        answers = ask_workspace(session, name, user_ids, sleep)
        zones.update((SlackUser(name, user_id), zone) for user_id, zone in answers.items())
    return zones


def ask_workspace(
    session: Session, name: str, user_ids: list[str], sleep: Callable[[float], None]
) -> Mapping[str, str | BadField]:
    """Return the zone of each user of one workspace, or the error."""
    from schedbot.admin.workspaces import check

    settings = session.settings
    try:
        token = check.find_token(settings, lookup.find(session.db, name))
    except NotFound as error:
        return dict.fromkeys(user_ids, BadField("workspace", str(error), error.hint))
    except TokenUnavailable as error:
        return dict.fromkeys(user_ids, BadField("tz", str(error), error.hint))
    answers: dict[str, UserInfo | AttemptResult] = {}
    while remaining := [user_id for user_id in user_ids if user_id not in answers]:
        answers |= ask_slack(settings, token, remaining, sleep)
    return {user_id: to_zone(user_id, answer, name) for user_id, answer in answers.items()}


def ask_slack(
    settings: Settings, token: str, user_ids: list[str], sleep: Callable[[float], None]
) -> dict[str, UserInfo | AttemptResult]:
    """Return Slack's answers about at least the first user.

    A short rate limit after the first user is waited for. An error that is not a single user's counts for all users.
    """
    from schedbot.slack import one_shot

    timeout_ms = min(settings.timeout_ms, TIMEOUT_MS)
    answers = one_shot.fetch_users(settings.api_url, token, user_ids, timeout_ms, timeout_ms * len(user_ids))
    last, answer = list(answers.items())[-1]
    if not isinstance(answer, AttemptResult) or answer.error in USER_ERRORS:
        return answers
    if last != user_ids[0] and answer.retry_after_ms is not None and answer.retry_after_ms <= MAX_WAIT_MS:
        del answers[last]
        sleep(answer.retry_after_ms / 1000)
        return answers
    return {**dict.fromkeys(user_ids, answer), **answers}


def to_zone(user_id: str, answer: UserInfo | AttemptResult, workspace: str) -> str | BadField:
    """Return the zone in Slack's answer about a user, or the error."""
    zone, error = read_zone(answer)
    if error is None:
        return zone
    sentence, remedy = explain(error, user_id, workspace, zone)
    return BadField("tz", sentence, remedy)


def read_zone(answer: UserInfo | AttemptResult) -> tuple[str, str | None]:
    """Return the zone in an answer and None, or its text and the code of the error."""
    if isinstance(answer, AttemptResult):
        return "", answer.error or "not_json"
    if answer.is_deactivated:
        return "", DEACTIVATED
    if not answer.tz:
        return "", NO_ZONE
    try:
        return times.zone(answer.tz).key, None
    except BadInput:
        return answer.tz, UNKNOWN_ZONE


def explain(error: str, user_id: str, workspace: str, zone: str = "") -> tuple[str, str]:
    """Return a sentence and a remedy for the error of a user's zone."""
    shown = f" {times.quote(zone)}" if zone else ""
    missing = f"The token of the workspace '{workspace}' lacks the scope {scopes.USERS}, which time zones need."
    another = f"Use another user, {INSTEAD}."
    explained = {
        **dict.fromkeys(USER_ERRORS, (f"Slack knows no user {user_id} in the workspace '{workspace}'.", FIND_USER_ID)),
        DEACTIVATED: (f"The user {user_id} is deactivated in Slack.", another),
        NO_ZONE: (f"Slack has no time zone of the user {user_id}.", another),
        UNKNOWN_ZONE: (f"The time zone{shown} of the user {user_id} in Slack is unknown.", another),
        MISSING_SCOPE: (
            missing,
            f"Add it on the app's page under OAuth & Permissions and reinstall the app, {INSTEAD}.",
        ),
    }
    return explained[error] if error in explained else explain_outcome(error, user_id, workspace)


def explain_outcome(error: str, user_id: str, workspace: str) -> tuple[str, str]:
    entry = error_codes.explain(error)
    match entry.outcome:
        case Outcome.TOKEN_REFUSED:
            remedy = f"Put a valid token at the workspace's token source; test: 'schedbot workspace check {workspace}'."
            return f"{entry.sentence} ({error})", remedy
        case Outcome.RATE_LIMITED:
            return f"Slack's rate limit delays the time zone of {user_id}.", f"Try again in a minute, {INSTEAD}."
        case Outcome.NOT_POSTED:
            return f"{entry.sentence} ({error})", f"Try again ('schedbot doctor --online' tests Slack), {INSTEAD}."
    return f"Slack did not return the time zone of {user_id} ({error}).", f"Try again, {INSTEAD}."


def learn(db: Database, zones: Zones, now: int) -> None:
    """Store the zones, which are refreshed in a day. Inside the transaction of the change that needs them."""
    for user, zone in zones.items():
        workspace = workspaces.by_name(db, user.workspace)
        if workspace is not None and isinstance(zone, str):
            stored.record_zone(db, stored.UserZone(workspace.id, user.user_id, zone, now))
