"""Places that alerts go to: a channel, a command and a webhook. Each returns its result, and none raises for it."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from subprocess import DEVNULL

from schedbot.admin.operations.machine import web_request
from schedbot.admin.workspaces import check
from schedbot.errors import SchedbotError
from schedbot.model import Message, Outcome
from schedbot.operation_settings import AlertSettings
from schedbot.posts import MessageMetadata
from schedbot.reports.escaping import escape_text
from schedbot.session import Session
from schedbot.slack import channel_ids
from schedbot.slack.remedies import describe_reason
from schedbot.store.jobs import pacing
from schedbot.store.open_database import get_installation_id
from schedbot.store.operations.alerts import AlertDelivery
from schedbot.store.schedules import workspaces
from schedbot.text_input import quote

CHANNEL, COMMAND, WEBHOOK = "channel", "command", "webhook"
TIMEOUT_S = 20
PACE_MS = 1_000
COMMAND_VARIABLES = ("PATH", "HOME", "LANG", "TZ")  # variables that the command gets
MARKS = {"problem": ":rotating_light:", "recovery": ":white_check_mark:", "test": ":information_source:"}


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Result of a delivery. `error` None: it arrived. `is_unknown`: it may have arrived."""

    error: str | None = None
    ts: str | None = None
    is_unknown: bool = False


def list_places(session: Session) -> list[str]:
    """Return the places that the configuration names."""
    settings = session.settings.alerts or AlertSettings()
    names = {CHANNEL: settings.channel, COMMAND: settings.command, WEBHOOK: settings.webhook_url_env}
    return [place for place, value in names.items() if value]


def deliver(session: Session, settings: AlertSettings, delivery: AlertDelivery) -> DeliveryResult:
    """Send a message to its place."""
    if delivery.place == COMMAND:
        return run_command(settings.command, delivery.content)
    if delivery.place == WEBHOOK:
        return call_webhook(settings.webhook_url_env, delivery.content)
    return post(session, settings, delivery)


def occurrence(delivery: AlertDelivery) -> str:
    """Return the name of an alert in the metadata of its message."""
    return f"alert:{delivery.message_id}"


def post(session: Session, settings: AlertSettings, delivery: AlertDelivery) -> DeliveryResult:
    """Post a message to the channel, once."""
    from schedbot.slack import one_shot

    try:
        token, workspace_id = find_token(session, settings)
        channel = find_channel(settings)
    except SchedbotError as error:
        return DeliveryResult(str(error))
    with session.db.writing():
        now = session.now()
        pacing.hold(session.db, workspace_id, pacing.POST, channel, now, now + PACE_MS)
    installation = get_installation_id(session.db)
    metadata = MessageMetadata(installation, occurrence(delivery), delivery.attempts + 1)
    text = f"{MARKS[str(delivery.content['kind'])]} {escape_text(str(delivery.content['text']))}"
    api_url, timeout_ms = session.settings.api_url, session.settings.timeout_ms
    result = one_shot.post_with_metadata(api_url, token, channel, Message(text[:4_000]), metadata, timeout_ms)
    if result.outcome is Outcome.POSTED:
        return DeliveryResult(ts=result.ts)
    return DeliveryResult(
        describe_reason(result.error) or result.outcome.value, is_unknown=result.outcome is Outcome.UNKNOWN
    )


def find_token(session: Session, settings: AlertSettings) -> tuple[str, str]:
    """Return the token of the workspace of the channel, and the workspace's id. Raises SchedbotError."""
    workspace = workspaces.by_name(session.db, settings.workspace)
    if workspace is None:
        problem = f"There is no workspace {quote(settings.workspace)}, which [alerts] names."
        raise SchedbotError(problem, "'schedbot workspace list' shows them.")
    return check.find_token(session.settings, workspace), workspace.id


def find_channel(settings: AlertSettings) -> str:
    """Return the id of the channel, which may be a link in the configuration. Raises BadInput."""
    return channel_ids.parse_channel_id(settings.channel)


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
