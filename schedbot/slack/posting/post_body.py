"""Body of a request to chat.postMessage or chat.update: the message, its options and its metadata. Pure."""

from collections.abc import Mapping
from typing import Any

from schedbot.model import Message
from schedbot.posts import PLAIN_POST, MessageMetadata, PostOptions

EVENT_TYPE = "schedbot_job"


def build_request(
    channel: str, message: Message, metadata: MessageMetadata | None, options: PostOptions
) -> tuple[str, dict[str, Any]]:
    """Return the method and the fields of the request, without the token."""
    if options.update_ts:
        return "chat.update", build_update_body(channel, message, metadata, options.update_ts)
    return "chat.postMessage", build_body(channel, message, metadata, options)


def build_body(
    channel: str, message: Message, metadata: MessageMetadata | None, options: PostOptions
) -> dict[str, Any]:
    """Return the fields of the request, without the token."""
    unfurls = {"unfurl_links": options.unfurl, "unfurl_media": options.unfurl}
    body: dict[str, Any] = {"channel": channel, "text": message.text, **unfurls}
    if options.username:
        body["username"] = options.username
    if options.icon:
        body["icon_emoji" if options.icon.startswith(":") else "icon_url"] = options.icon
    if options.thread_ts:
        body["thread_ts"] = options.thread_ts
    if message.blocks:
        body["blocks"] = list(message.blocks)
    if message.attachments:
        body["attachments"] = list(message.attachments)
    if metadata:
        body["metadata"] = {"event_type": EVENT_TYPE, "event_payload": build_metadata_payload(metadata)}
    return body


def build_update_body(channel: str, message: Message, metadata: MessageMetadata | None, ts: str) -> dict[str, Any]:
    """Return the fields of a request to chat.update. Attachments that are left out would stay as they were."""
    body = build_body(channel, message, metadata, PLAIN_POST)
    fields = ("channel", "text", "metadata")
    common = {name: body[name] for name in fields if name in body}
    return {**common, "ts": ts, "blocks": list(message.blocks), "attachments": list(message.attachments)}


def build_metadata_payload(metadata: MessageMetadata) -> dict[str, str | int]:
    """Return the metadata that identifies a message; nothing private, as every member of the channel sees it."""
    payload: dict[str, str | int] = {
        "installation": metadata.installation,
        "occurrence": metadata.occurrence,
        "attempt": metadata.attempt,
    }
    if metadata.parts > 1:
        payload |= {"part": metadata.part, "parts": metadata.parts}
    return payload


def read_metadata_payload(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the metadata of a message as Slack returns it; None for a message that is not of schedbot."""
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, Mapping) else None
