"""Before a suspended schedule goes on, Slack is asked whether its channel takes posts again.

Only a clear refusal keeps it suspended: where Slack cannot be asked (no scope, no token, no network), a person's word
is enough.
"""

import shlex
from collections.abc import Iterable

from schedbot.errors import SchedbotError, TokenUnavailable
from schedbot.model import AttemptResult, Outcome, Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.schedules import workspaces


def ask_first(session: Session, schedules: Iterable[Schedule]) -> None:
    """Ask for the channel of each schedule that is suspended. Raises SchedbotError for the first that still refuses."""
    for schedule in schedules:
        if schedule.state is ScheduleState.SUSPENDED and (error := refusal(session, schedule)):
            from schedbot.slack.error_codes import explain

            raise SchedbotError(
                f"The channel {schedule.terms.channel} of '{schedule.name}' still refuses posts: {error}. "
                f"{explain(error).sentence}",
                f"Name another with 'schedbot edit {shlex.quote(schedule.name)} --channel ID', or say --unasked.",
            )


def refusal(session: Session, schedule: Schedule) -> str | None:
    """Slack's code for why the channel takes no posts; None where it does, or where that cannot be asked."""
    from schedbot.slack import one_shot, tokens

    workspace = workspaces.by_id(session.db, schedule.workspace_id)
    try:
        token = tokens.read_token(tokens.resolve_source(workspace.token, session.settings.token, workspace.name))
    except TokenUnavailable:
        return None
    settings = session.settings
    seen = one_shot.fetch_channel(settings.api_url, token, schedule.terms.channel, settings.timeout_ms)
    if isinstance(seen, AttemptResult):
        return seen.error if seen.outcome is Outcome.CHANNEL_REFUSED else None
    if seen.is_archived:
        return "is_archived"
    return "not_in_channel" if seen.is_private and not seen.is_member else None
