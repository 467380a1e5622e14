"""Whether a workspace's token works, what it lacks, and whether the channels of its schedules can be posted to.

Rule: nothing is changed and nothing is posted; channels are asked for one by one, no faster than Slack allows.
Source: https://docs.slack.dev/apis/web-api/rate-limits (conversations.info: 50 a minute and workspace)
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from schedbot.errors import TokenUnavailable
from schedbot.model import AttemptResult, TokenSource
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.slack import error_codes, remedies, scopes, tokens
from schedbot.store.schedules import workspace_usage
from schedbot.store.schedules.workspace_usage import ChannelUsed
from schedbot.store.schedules.workspaces import Workspace

APART_S = 1.2
# Said of a workspace that a refusal has paused: this one may not be.
THEN_RESUME = re.compile(r", then run 'schedbot workspace resume .*")
CANNOT_ASK = "missing_scope"


@dataclass(frozen=True, slots=True)
class ChannelCheck:
    """A channel that schedules post to; `ok` None: it could not be asked for. `problem` is empty when all is well."""

    id: str
    name: str
    schedules: int
    ok: bool | None
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class WorkspaceCheck:
    """What Slack says of a workspace's token. `missing` are scopes, each with what it is for."""

    workspace: str
    ok: bool
    team: str = ""
    url: str = ""
    bot: str = ""
    missing: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""
    remedy: str = ""
    channels: list[ChannelCheck] = field(default_factory=list)


def token_source(settings: Settings, workspace: Workspace) -> TokenSource:
    """Return the token source of a workspace: its own, or that of the settings. Raises TokenUnavailable."""
    return tokens.resolve_source(workspace.token, settings.token, workspace.name)


def find_token(settings: Settings, workspace: Workspace) -> str:
    """Return the token of a workspace, read from its source. Raises TokenUnavailable."""
    return tokens.read_token(token_source(settings, workspace))


def check(
    session: Session, workspace: Workspace, channels: bool, sleep: Callable[[float], None] = time.sleep
) -> WorkspaceCheck:
    """Ask Slack about a workspace (auth.test), and about its schedules' channels too where `channels` is set."""
    from schedbot.slack import one_shot

    settings = session.settings
    try:
        token = find_token(settings, workspace)
    except TokenUnavailable as error:
        return WorkspaceCheck(workspace.name, False, problem=str(error), remedy=error.hint)
    seen = one_shot.fetch_identity(settings.api_url, token, settings.timeout_ms)
    if isinstance(seen, AttemptResult):
        problem, remedy = in_words(seen)
        remedy = remedies.fill_names(remedy, workspace.name).removesuffix(error_codes.RETRIED)
        if workspace.paused_at is None:
            remedy = THEN_RESUME.sub(".", remedy)
        return WorkspaceCheck(workspace.name, False, problem=problem, remedy=remedy)
    missing = scopes.find_missing(seen.scopes, with_users=workspace_usage.has_people(session.db, workspace.id))
    used = workspace_usage.channels(session.db, workspace.id) if channels else []
    asked = list(ask_each(settings, workspace, token, used, sleep))
    return WorkspaceCheck(
        workspace.name,
        ok=scopes.REQUIRED not in dict(missing) and not any(one.ok is False for one in asked),
        team=seen.team,
        url=seen.url,
        bot=seen.user,
        missing=missing,
        channels=asked,
    )


def ask_each(
    settings: Settings, workspace: Workspace, token: str, used: list[ChannelUsed], sleep: Callable[[float], None]
) -> Iterator[ChannelCheck]:
    for number, channel in enumerate(used):
        if number:
            sleep(APART_S)
        yield ask(settings, workspace, token, channel)


def ask(settings: Settings, workspace: Workspace, token: str, channel: ChannelUsed) -> ChannelCheck:
    """One channel (conversations.info)."""
    from schedbot.slack import one_shot as single_request

    if channel.id.startswith(("U", "W")):
        return ChannelCheck(channel.id, "", channel.schedules, True, "a person: posts go to the direct message")
    seen = single_request.fetch_channel(settings.api_url, token, channel.id, settings.timeout_ms)
    if isinstance(seen, AttemptResult):
        ok = None if seen.error == CANNOT_ASK else False
        problem, remedy = in_words(seen)
        return ChannelCheck(channel.id, "", channel.schedules, ok, problem, helps(remedy, workspace, channel))
    outside = not seen.is_member and not channel.id.startswith("D")
    if seen.is_archived or outside:
        told = error_codes.explain("is_archived" if seen.is_archived else "not_in_channel")
        remedy = helps(told.remedy, workspace, channel)
        return ChannelCheck(channel.id, seen.name, channel.schedules, False, told.sentence, remedy)
    return ChannelCheck(channel.id, seen.name, channel.schedules, True)


def helps(remedy: str, workspace: Workspace, channel: ChannelUsed) -> str:
    """What helps a channel, told of one of its schedules."""
    told = remedies.fill_names(remedy, workspace.name, channel.example)
    if told == remedies.fill_names(remedy, workspace.name) or channel.schedules == 1:
        return told
    return f"{told} '{channel.example}' is one of {channel.schedules} schedules that post there."


def in_words(reply: AttemptResult) -> tuple[str, str]:
    """A refusal as a sentence with Slack's code in it, and what helps."""
    told = error_codes.explain(reply.error or "")
    return f"{told.sentence.removesuffix('.')} ({reply.error}).", told.remedy
