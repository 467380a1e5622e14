"""Body of a request to chat.postMessage: the message, its options and its metadata. Pure."""

from typing import Any

from schedbot.model import Message
from schedbot.posts import MessageMetadata, PostOptions

EVENT_TYPE = "schedbot_job"


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
