"""Messages of each post between the pool and a poster: arrays of values, because names would cost most of the time.

They are read only by a process of the same version.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import NamedTuple

from schedbot.model import AttemptResult, Message, Outcome, TokenSource
from schedbot.posts import PLAIN_POST, MessageMetadata, PostOptions, RenderedFile


class PostRequest(NamedTuple):
    """Pool to poster: post a message, not before `start_at` and not after `start_before` (steady milliseconds).

    `key` names the delivery. `rereads_token`: the token was refused before, so a cached one must not be used.
    """

    key: int
    source: TokenSource
    rereads_token: bool
    channel: str
    message: Message
    metadata: MessageMetadata
    start_before: int
    options: PostOptions = PLAIN_POST
    start_at: int = 0


@dataclass(frozen=True, slots=True)
class PostResponse:
    """Poster to pool: result of a post.

    `is_token_rotated`: the token was refused, and its source now holds another. `is_token_awaited`: the source gave no
    token, and may give one later. `clock_offset_ms` is Slack's clock minus ours, None where no answer since the last
    message told it.
    """

    key: int
    result: AttemptResult
    is_token_rotated: bool = False
    clock_offset_ms: int | None = None
    is_token_awaited: bool = False


FileValues = tuple[str, str, int, str, str, bool, str]
MessageValues = tuple[
    str,
    Sequence[Mapping[str, object]],
    str,
    Sequence[FileValues],
    Sequence[Mapping[str, object]],
    Sequence["MessageValues"],
]
ResultValues = tuple[str, str | None, str | None, int | None, int | None, str | None]
OUTCOMES = {outcome.value: outcome for outcome in Outcome}
# To make an encoder, or to find out the encoding of bytes, costs as much as a message.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_decode = json.JSONDecoder().decode


def encode(message: PostRequest | PostResponse) -> bytes:
    """Return a message as one line."""
    if isinstance(message, PostResponse):
        return encode_responses([message])
    return _encode(request_values(message)).encode() + b"\n"


def encode_responses(responses: Sequence[PostResponse]) -> bytes:
    """Return results as one line: many in one take half the time."""
    return _encode([response_values(response) for response in responses]).encode() + b"\n"


def request_values(request: PostRequest) -> Sequence[object]:
    """Return the values of a post in the order of `decode_request`."""
    source, message, metadata, options = request.source, request.message, request.metadata, request.options
    return (
        request.key,
        (source.kind, source.place),
        request.rereads_token,
        request.channel,
        message_values(message),
        (metadata.installation, metadata.occurrence, metadata.attempt, metadata.part, metadata.parts),
        request.start_before,
        None if options == PLAIN_POST else astuple(options),
        request.start_at,
    )


def decode_request(line: bytes) -> PostRequest:
    """Return a post from its line."""
    key, source, rereads_token, channel, message, metadata, start_before, options, start_at = _decode(line.decode())
    return PostRequest(
        key=key,
        source=build_source(*source),
        rereads_token=rereads_token,
        channel=channel,
        message=build_message(*message),
        metadata=MessageMetadata(*metadata),
        start_before=start_before,
        options=PLAIN_POST if options is None else PostOptions(*options),
        start_at=start_at,
    )


def message_values(message: Message) -> Sequence[object]:
    """Return the values of a message in the order of `build_message`."""
    files = [astuple(file) for file in message.files if isinstance(file, RenderedFile)]
    continuation = [message_values(part) for part in message.continuation]
    return (message.text, message.blocks, message.markdown, files, message.attachments, continuation)


def build_message(
    text: str,
    blocks: Sequence[Mapping[str, object]],
    markdown: str,
    files: Sequence[FileValues],
    attachments: Sequence[Mapping[str, object]],
    continuation: Sequence[MessageValues],
) -> Message:
    """Return a message from its values."""
    parts = tuple(build_message(*part) for part in continuation)
    return Message(text, blocks, markdown, tuple(RenderedFile(*file) for file in files), attachments, parts)


@lru_cache(maxsize=1_000)
def build_source(kind: str, place: str) -> TokenSource:
    """Return a token source. Cached, because the posts of a workspace share one."""
    return TokenSource(kind, place)


def response_values(response: PostResponse) -> Sequence[object]:
    """Return the values of a post's result in the order of `build_response`."""
    result = response.result
    return (
        response.key,
        (result.outcome.value, result.error, result.ts, result.http_status, result.retry_after_ms, result.detail),
        response.is_token_rotated,
        response.clock_offset_ms,
        response.is_token_awaited,
    )


def decode_responses(line: bytes) -> list[PostResponse]:
    """Return the results in a line."""
    return [build_response(*values) for values in _decode(line.decode())]


def build_response(
    key: int, result: ResultValues, is_token_rotated: bool, clock_offset_ms: int | None, is_token_awaited: bool
) -> PostResponse:
    """Return a post's result from its values."""
    outcome, error, ts, http_status, retry_after_ms, detail = result
    attempt = AttemptResult(OUTCOMES[outcome], error, ts, http_status, retry_after_ms, detail)
    return PostResponse(key, attempt, is_token_rotated, clock_offset_ms, is_token_awaited)
