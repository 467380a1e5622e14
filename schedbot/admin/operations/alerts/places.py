"""Places that alerts go to: a channel, a command and a webhook. Each returns its result, and none raises for it."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from subprocess import DEVNULL

from schedbot.admin.operations.machine import web_request
from schedbot.admin.workspaces import channel_turns
from schedbot.errors import SchedbotError
from schedbot.model import Message, Outcome, TokenSource
from schedbot.operation_settings import AlertSettings
from schedbot.posts import MessageMetadata
from schedbot.reports.escaping import escape_text
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.slack import channel_ids, tokens
from schedbot.slack.history.posted_occurrences import ChannelSearch
from schedbot.slack.remedies import describe_reason
from schedbot.slack.token_stores.place import find_rotation
from schedbot.store.open_database import get_installation_id
from schedbot.store.operations.alerts import AlertDelivery
from schedbot.store.schedules import workspaces
from schedbot.store.schedules.workspaces import Workspace
from schedbot.text_input import quote

CHANNEL, COMMAND, WEBHOOK = "channel", "command", "webhook"
TIMEOUT_S = 20
MAX_WAIT_MS = 10_000  # for a busy channel; the message is tried again a minute later
COMMAND_VARIABLES = ("PATH", "HOME", "LANG", "TZ")  # variables that the command gets
MARKS = {"problem": ":rotating_light:", "recovery": ":white_check_mark:", "test": ":information_source:"}


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Result of a delivery. `error` None: it arrived. `is_unknown`: it may have arrived."""

    error: str | None = None
    ts: str | None = None
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Channel that a message is posted to, and the name by which its history shows it. `attempt`: its number."""

    channel: str
    token: str = field(repr=False)
    installation: str
    occurrence: str
    attempt: int


def list_places(settings: Settings) -> list[str]:
    """Return the places that the configuration names."""
    own = settings.alerts or AlertSettings()
    names = {CHANNEL: own.channel, COMMAND: own.command, WEBHOOK: own.webhook_url_env}
    return [place for place, value in names.items() if value]


def deliver(session: Session, delivery: AlertDelivery) -> DeliveryResult:
    """Send a message to its place."""
    if delivery.place == CHANNEL:
        return post(session, delivery)
    return call(session.settings, delivery.place, delivery.content)


def call(settings: Settings, place: str, content: Mapping[str, object]) -> DeliveryResult:
    """Send a message to the command or the webhook."""
    own = settings.alerts or AlertSettings()
    return run_command(own.command, content) if place == COMMAND else call_webhook(own.webhook_url_env, content)


def post(session: Session, delivery: AlertDelivery) -> DeliveryResult:
    """Post a message to the channel, once."""
    try:
        target = find_target(session, delivery, delivery.attempts + 1)
        turn = channel_turns.take(session, find_workspace(session), target.channel, MAX_WAIT_MS)
    except SchedbotError as error:
        return DeliveryResult(str(error))
    result = post_once(session.settings, target, delivery.content)
    with session.db.writing():
        channel_turns.end(session.db, turn, session.now())
    return result


def find_target(session: Session, delivery: AlertDelivery, attempt: int) -> Target:
    """Return where and as what a message is posted. Raises SchedbotError."""
    own = session.settings.alerts or AlertSettings()
    token = read_token(session.settings, find_workspace(session).token, own.workspace)
    installation = get_installation_id(session.db)
    return Target(find_channel(own), token, installation, f"alert:{delivery.message_id}", attempt)


def find_workspace(session: Session) -> Workspace:
    """Return the workspace of the channel. Raises SchedbotError."""
    name = (session.settings.alerts or AlertSettings()).workspace
    workspace = workspaces.by_name(session.db, name)
    if workspace is None:
        raise no_workspace(name)
    return workspace


def no_workspace(name: str) -> SchedbotError:
    """Return the error for a workspace of [alerts] that does not exist."""
    problem = f"There is no workspace {quote(name)}, which [alerts] names."
    return SchedbotError(problem, "'schedbot workspace list' shows them.")


def read_token(settings: Settings, source: TokenSource, workspace: str) -> str:
    """Return the token of a workspace by its source. Raises SchedbotError."""
    return tokens.read_token(tokens.resolve_source(source, settings.token, workspace), find_rotation(settings))


def find_channel(settings: AlertSettings) -> str:
    """Return the id of the channel, which may be a link in the configuration. Raises BadInput."""
    return channel_ids.parse_channel_id(settings.channel)


def post_once(settings: Settings, target: Target, content: Mapping[str, object]) -> DeliveryResult:
    """Post a message to a channel, once."""
    from schedbot.slack import one_shot

    metadata = MessageMetadata(target.installation, target.occurrence, target.attempt)
    message = Message(f"{MARKS[str(content['kind'])]} {escape_text(str(content['text']))}"[:4_000])
    result = one_shot.post_with_metadata(
        settings.api_url, target.token, target.channel, message, metadata, settings.timeout_ms
    )
    if result.outcome is Outcome.POSTED:
        return DeliveryResult(ts=result.ts)
    return DeliveryResult(
        describe_reason(result.error) or result.outcome.value, is_unknown=result.outcome is Outcome.UNKNOWN
    )


def find_arrival(settings: Settings, target: Target, since: int, now: int) -> DeliveryResult:
    """Look for a message in the channel's history: its `ts` if it arrived, or why the history was not read."""
    from schedbot.slack import one_shot

    search = ChannelSearch(target.channel, since, target.installation, target.token)
    timeout_ms = settings.timeout_ms
    (posts,) = one_shot.fetch_posted(settings.api_url, [search], now, timeout_ms, timeout_ms)
    arrived = posts.by_occurrence.get(target.occurrence)
    return DeliveryResult(ts=arrived.ts) if arrived else DeliveryResult(error=posts.error or None)


def settle_arrival(
    settings: Settings, find_target: Callable[[], Target], sent_at: int, now: int
) -> DeliveryResult | None:
    """Return where a message is that has left, or why nobody can tell; without `ts` and error it has not arrived.

    None: it is too early to ask, or there is no token. The caller ends a message that nobody can tell of: one message
    too few is better than one each minute.
    """
    if now - sent_at < settings.timeout_ms:
        return None
    try:
        target = find_target()
    except SchedbotError:
        return None
    return find_arrival(settings, target, sent_at, now)


def run_command(command: tuple[str, ...], content: Mapping[str, object]) -> DeliveryResult:
    """Run the command with the message as JSON on its stdin. It gets no token, and its output is not read.

    So a process that it leaves behind does not hold the caller up.
    """
    env = {name: os.environ[name] for name in COMMAND_VARIABLES if name in os.environ}
    try:
        text = json.dumps(dict(content)).encode()
        process = subprocess.run(
            command, input=text, env=env, timeout=TIMEOUT_S, stdout=DEVNULL, stderr=DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        return DeliveryResult(f"The command {quote(command[0])} did not end within {TIMEOUT_S} s.")
    except OSError as error:
        return DeliveryResult(f"The command {quote(command[0])} cannot be run: {(error.strerror or '').lower()}.")
    if process.returncode:
        return DeliveryResult(f"The command {quote(command[0])} ended with {process.returncode}.")
    return DeliveryResult()


def call_webhook(variable: str, content: Mapping[str, object]) -> DeliveryResult:
    """Send the message as JSON to the URL in the variable, which is a secret."""
    url = os.environ.get(variable, "").strip()
    if not url.startswith(("http://", "https://")):
        return DeliveryResult(f"The variable {variable} of [alerts] webhook_url_env holds no http address.")
    reason = web_request.send(url, json.dumps(dict(content)).encode(), web_request.JSON)
    return DeliveryResult(f"The webhook {reason}." if reason else None)
