"""Check workspaces: whether the token works, which scopes it lacks, and which channels take posts.

Nothing is posted, and only the scopes of the token are written. Channels are asked about one by one, no faster than
Slack allows.
Source: https://docs.slack.dev/apis/web-api/rate-limits (conversations.info: 50 a minute and workspace)
"""

import re
import time
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field

from schedbot.errors import DatabaseUnusable, TokenUnavailable
from schedbot.model import AttemptResult, Outcome, Schedule
from schedbot.posts import ScopeNeed
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.slack import channel_ids, error_codes, remedies, remedy_texts, scopes, tokens
from schedbot.slack.token_stores.place import decode, find_rotation
from schedbot.store.schedules import scope_usage, workspace_usage, workspaces
from schedbot.store.schedules.workspace_usage import ChannelUsage
from schedbot.store.schedules.workspaces import Workspace

PAUSE_S = 1.2  # between two channels
THEN_RESUME = re.compile(r", then run 'schedbot workspace resume .*")  # for workspaces that are paused
MISSING_SCOPE = "missing_scope"


@dataclass(frozen=True, slots=True)
class ChannelCheck:
    """Check of a channel that schedules post to. `ok` None: Slack cannot be asked. `problem` is empty if it is fine."""

    id: str
    name: str
    schedules: int
    ok: bool | None
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class MissingScope:
    """A scope that a token lacks, with the number of schedules that need it and the first of their names."""

    name: str
    purpose: str
    schedules: int
    examples: list[str]
    is_error: bool  # schedules post nothing without it
    is_expected: bool  # schedules need it, or any schedule may


@dataclass(frozen=True, slots=True)
class WorkspaceCheck:
    """Check of a workspace's token, with the scopes that it lacks."""

    workspace: str
    ok: bool
    team: str = ""
    url: str = ""
    bot: str = ""
    missing: list[MissingScope] = field(default_factory=list)
    problem: str = ""
    remedy: str = ""
    channels: list[ChannelCheck] = field(default_factory=list)


def find_token(settings: Settings, workspace: Workspace) -> str:
    """Return the token of a workspace, read from its source. Raises TokenUnavailable."""
    source = tokens.resolve_source(workspace.token, settings.token, workspace.name)
    return tokens.read_token(source, find_rotation(settings))


def check(
    session: Session, workspace: Workspace, channels: bool, sleep: Callable[[float], None] = time.sleep
) -> WorkspaceCheck:
    """Ask Slack about a workspace (auth.test); with `channels`, about the channels of its schedules too."""
    from schedbot.slack import one_shot

    settings = session.settings
    try:
        token = find_token(settings, workspace)
    except TokenUnavailable as error:
        return WorkspaceCheck(workspace.name, False, problem=str(error), remedy=error.hint)
    identity = one_shot.fetch_identity(settings.api_url, token, settings.timeout_ms)
    if isinstance(identity, AttemptResult):
        return refused(workspace, identity)
    remember_scopes(session, workspace, identity.scopes)
    problem, remedy = find_rotation_problem(settings, workspace)
    missing = find_missing(session, workspace, identity.scopes)
    used = workspace_usage.list_channels(session.db, workspace.id) if channels else []
    checks = list(check_channels(settings, workspace, token, used, sleep))
    return WorkspaceCheck(
        workspace.name,
        ok=not problem
        and not any(scope.is_error for scope in missing)
        and not any(channel.ok is False for channel in checks),
        team=identity.team,
        url=identity.url,
        bot=identity.user,
        missing=missing,
        channels=checks,
        problem=problem,
        remedy=remedy,
    )


def find_rotation_problem(settings: Settings, workspace: Workspace) -> tuple[str, str]:
    """Return why the token of a token store will not be refreshed, and the remedy; empty texts if it will."""
    if workspace.token.kind != "store" or not decode(workspace.token.place).secret_env:
        return "", ""
    from schedbot.slack.token_stores.rotation import Rotation

    return Rotation(decode(workspace.token.place), find_rotation(settings)).explain_problem()


def find_missing(session: Session, workspace: Workspace, granted: Set[str]) -> list[MissingScope]:
    """Return the scopes that the token lacks, with the schedules that need each."""
    missing = []
    for scope in scopes.find_missing(granted):
        usage = scope_usage.find_usage(session.db, workspace.id, scope.need)
        is_error = scope.is_essential and (usage.schedules > 0 or scope.name == scopes.REQUIRED)
        is_general = scope.need in (ScopeNeed.ALL, ScopeNeed.CHANNEL)
        is_expected = not scope.is_optional and (usage.schedules > 0 or is_general)
        missing.append(MissingScope(scope.name, scope.purpose, usage.schedules, usage.examples, is_error, is_expected))
    return missing


def remember_scopes(session: Session, workspace: Workspace, granted: Set[str]) -> None:
    """Write the scopes of the token, so that `add` and `edit` know them. Without the right to write, write nothing."""
    if granted != scope_usage.get_scopes(session.db, workspace.id):
        with suppress(DatabaseUnusable), session.db.writing():
            scope_usage.save_scopes(session.db, workspace.id, granted)


def refused(workspace: Workspace, result: AttemptResult) -> WorkspaceCheck:
    """Return the check of a workspace whose token Slack refuses."""
    problem, remedy = explain(result)
    remedy = remedies.fill_names(remedy, workspace.name).removesuffix(remedy_texts.RETRIED)
    if workspace.paused_at is None:
        remedy = THEN_RESUME.sub(".", remedy)
    return WorkspaceCheck(workspace.name, False, problem=problem, remedy=remedy)


def check_channels(
    settings: Settings, workspace: Workspace, token: str, used: list[ChannelUsage], sleep: Callable[[float], None]
) -> Iterator[ChannelCheck]:
    for index, channel in enumerate(used):
        if index:
            sleep(PAUSE_S)
        yield check_channel(settings, workspace, token, channel)


def check_channel(settings: Settings, workspace: Workspace, token: str, channel: ChannelUsage) -> ChannelCheck:
    """Ask Slack about one channel (conversations.info)."""
    from schedbot.slack import one_shot

    if channel_ids.is_person(channel.id):
        return check_person(settings, workspace, token, channel)
    info = one_shot.fetch_channel(settings.api_url, token, channel.id, settings.timeout_ms)
    if isinstance(info, AttemptResult):
        ok = None if info.error == MISSING_SCOPE else False
        problem, remedy = explain(info)
        return ChannelCheck(channel.id, "", channel.schedules, ok, problem, fill(remedy, workspace, channel))
    is_outside = not info.is_member and not channel.id.startswith("D")
    if info.is_archived or is_outside:
        entry = error_codes.explain("is_archived" if info.is_archived else "not_in_channel")
        remedy = fill(entry.remedy, workspace, channel)
        return ChannelCheck(channel.id, info.name, channel.schedules, False, entry.sentence, remedy)
    return ChannelCheck(channel.id, info.name, channel.schedules, True)


def check_person(settings: Settings, workspace: Workspace, token: str, channel: ChannelUsage) -> ChannelCheck:
    """Ask Slack whether a person takes direct messages (conversations.open)."""
    from schedbot.slack import one_shot

    conversation = one_shot.open_conversation(settings.api_url, token, channel.id, settings.timeout_ms)
    if isinstance(conversation, str):
        return ChannelCheck(channel.id, "", channel.schedules, True, "a Slack user: posts are direct messages")
    ok = False if conversation.outcome is Outcome.CHANNEL_REFUSED else None
    problem, remedy = explain(conversation)
    return ChannelCheck(channel.id, "", channel.schedules, ok, problem, fill(remedy, workspace, channel))


def fill(remedy: str, workspace: Workspace, channel: ChannelUsage) -> str:
    """Return the remedy for a channel, with the name of one of its schedules."""
    filled = remedies.fill_names(remedy, workspace.name, channel.example)
    if filled == remedies.fill_names(remedy, workspace.name) or channel.schedules == 1:
        return filled
    return f"{filled} '{channel.example}' is one of {channel.schedules} schedules that post there."


def explain(result: AttemptResult) -> tuple[str, str]:
    """Return a sentence with Slack's code, and the remedy."""
    entry = error_codes.explain(result.error or "")
    speaker = "" if result.http_status is None else "Slack says: "
    detail = f" {speaker}{result.detail}" if result.detail else ""
    return f"{entry.sentence.removesuffix('.')} ({result.error}).{detail}", entry.remedy


def find_channel_error(session: Session, schedule: Schedule) -> str | None:
    """Return Slack's code if the channel of a schedule takes no posts; None if it does or Slack cannot be asked.

    Without scope, token or network a person's word is enough.
    """
    from schedbot.slack import one_shot

    settings = session.settings
    try:
        token = find_token(settings, workspaces.by_id(session.db, schedule.workspace_id))
    except TokenUnavailable:
        return None
    channel = schedule.terms.channel
    if channel_ids.is_person(channel):
        conversation = one_shot.open_conversation(settings.api_url, token, channel, settings.timeout_ms)
        is_refused = isinstance(conversation, AttemptResult) and conversation.outcome is Outcome.CHANNEL_REFUSED
        return conversation.error if isinstance(conversation, AttemptResult) and is_refused else None
    info = one_shot.fetch_channel(settings.api_url, token, channel, settings.timeout_ms)
    if isinstance(info, AttemptResult):
        return info.error if info.outcome is Outcome.CHANNEL_REFUSED else None
    if info.is_archived:
        return "is_archived"
    return "not_in_channel" if info.is_private and not info.is_member else None
