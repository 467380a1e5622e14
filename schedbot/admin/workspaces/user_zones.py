"""`--tz slack:U0123456789`: the zone is what Slack tells of that person, asked for before anything is written.

Rule: each person is asked for once, with no transaction open; what Slack refuses is an error of the field `tz`, in
words and with what helps. A zone that is not known is refused as if it had been typed.
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
from schedbot.slack.responses import UserInfo
from schedbot.slack.users import FIND_USER_ID, USER_ERRORS
from schedbot.store.database import Database
from schedbot.store.schedules import user_zones as stored
from schedbot.store.schedules import workspaces

ANSWER_MS = 10_000
LONGEST_WAIT_MS = 60_000  # a limit for longer than that is told, not waited for
DEACTIVATED, NO_ZONE, UNKNOWN_ZONE = "user_deactivated", "no_time_zone", "unknown_time_zone"
INSTEAD = "or name the zone itself, such as --tz America/New_York"


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
    session: Session, name: str, users: list[str], sleep: Callable[[float], None]
) -> Mapping[str, str | BadField]:
    """The zones of users of one workspace, or why there are none."""
    from schedbot.admin.workspaces import check

    settings = session.settings
    try:
        token = check.find_token(settings, lookup.find(session.db, name))
    except NotFound as error:
        return dict.fromkeys(users, BadField("workspace", str(error), error.hint))
    except TokenUnavailable as error:
        return dict.fromkeys(users, BadField("tz", str(error), error.hint))
    told: dict[str, UserInfo | AttemptResult] = {}
    while left := [user for user in users if user not in told]:
        told |= ask_slack(settings, token, left, sleep)
    return {user: to_zone(user, seen, name) for user, seen in told.items()}


def ask_slack(
    settings: Settings, token: str, left: list[str], sleep: Callable[[float], None]
) -> dict[str, UserInfo | AttemptResult]:
    """What Slack tells of at least the first. A short limit later on is waited for; other trouble is everybody's."""
    from schedbot.slack import one_shot

    timeout_ms = min(settings.timeout_ms, ANSWER_MS)
    told = one_shot.fetch_users(settings.api_url, token, left, timeout_ms, timeout_ms * len(left))
    last, answer = list(told.items())[-1]
    if not isinstance(answer, AttemptResult) or answer.error in USER_ERRORS:
        return told
    if last != left[0] and answer.retry_after_ms is not None and answer.retry_after_ms <= LONGEST_WAIT_MS:
        del told[last]
        sleep(answer.retry_after_ms / 1000)
        return told
    return {**dict.fromkeys(left, answer), **told}


def to_zone(user: str, seen: UserInfo | AttemptResult, workspace: str) -> str | BadField:
    """The zone that Slack told, or the error that its answer is."""
    zone, error = read_zone(seen)
    if error is None:
        return zone
    sentence, remedy = explain(error, user, workspace, zone)
    return BadField("tz", sentence, remedy)


def read_zone(seen: UserInfo | AttemptResult) -> tuple[str, str | None]:
    """The zone in an answer, and None or a code that says why it cannot be used."""
    if isinstance(seen, AttemptResult):
        return "", seen.error or "not_json"
    if seen.is_deactivated:
        return "", DEACTIVATED
    if not seen.tz:
        return "", NO_ZONE
    try:
        return times.zone(seen.tz).key, None
    except BadInput:
        return seen.tz, UNKNOWN_ZONE


def explain(error: str, user: str, workspace: str, zone: str = "") -> tuple[str, str]:
    """Why there is no zone of that user, and what helps."""
    own = {
        **dict.fromkeys(USER_ERRORS, (f"Slack knows no user {user} in the workspace '{workspace}'.", FIND_USER_ID)),
        DEACTIVATED: (f"The user {user} is deactivated in Slack.", f"Take another person, {INSTEAD}."),
        NO_ZONE: (f"Slack tells no time zone of {user}.", f"Take another person, {INSTEAD}."),
        UNKNOWN_ZONE: (
            f"Slack's time zone of {user} is none that is known{': ' + times.quote(zone) if zone else ''}.",
            f"Take another person, {INSTEAD}.",
        ),
        "missing_scope": (
            f"The token of the workspace '{workspace}' lacks the scope {scopes.USERS_SCOPE[0]}: no zone is told.",
            f"Add it on the app's page under OAuth & Permissions and reinstall the app, {INSTEAD}.",
        ),
    }
    if error in own:
        return own[error]
    told = error_codes.explain(error)
    match told.outcome:
        case Outcome.TOKEN_REFUSED:
            remedy = (
                f"Put a valid token where the workspace's is kept: 'schedbot workspace check {workspace}' tries it."
            )
            return f"{told.sentence} ({error})", remedy
        case Outcome.RATE_LIMITED:
            return f"Slack asked to wait before it tells the time zone of {user}.", f"Try again in a minute, {INSTEAD}."
        case Outcome.NOT_POSTED:
            return f"{told.sentence} ({error})", f"Try again ('schedbot doctor --online' tells when), {INSTEAD}."
    return f"Slack did not tell the time zone of {user} ({error}).", f"Try again, {INSTEAD}."


def learn(db: Database, zones: Zones, now: int) -> None:
    """Keep what was told, so that it is asked for again in a day. Inside the transaction of what needed it."""
    for user, zone in zones.items():
        workspace = workspaces.by_name(db, user.workspace)
        if workspace is not None and isinstance(zone, str):
            stored.learn(db, stored.Person(workspace.id, user.user_id, zone, now))
