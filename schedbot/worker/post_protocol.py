"""Messages of each post between the pool and a poster: arrays of values, because names would cost most of the time.

They are read only by a process of the same version.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import lru_cache
from typing import NamedTuple

from schedbot.model import POSTED, AttemptResult, Message, Outcome, TokenSource
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


class PostResponse(NamedTuple):
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
MessageParts = tuple[
    str,
    Sequence[Mapping[str, object]],
    str,
    Sequence[FileValues],
    Sequence[Mapping[str, object]],
    Sequence["MessageValues"],
]
MessageValues = str | MessageParts  # a text alone is by far the most frequent message
OptionValues = tuple[str, str, str, bool, str]
RequestValues = tuple[
    int,
    tuple[str, str],
    bool,
    str,
    MessageValues,
    tuple[str, str, int, int, int],
    int,
    OptionValues | None,
    int,
]
ResultValues = tuple[str, str | None, str | None, int | None, int | None, str | None]
ResponseValues = tuple[int, ResultValues, bool, int | None, bool] | tuple[int, str]
OK = 200
OUTCOMES = {outcome.value: outcome for outcome in Outcome}
# To make an encoder, or to find out the encoding of bytes, costs as much as a message.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_decode = json.JSONDecoder().decode


def encode(message: PostRequest | PostResponse) -> bytes:
    """Return a message as one line."""
    return encode_responses([message]) if isinstance(message, PostResponse) else encode_requests([message])


def encode_requests(requests: Sequence[PostRequest]) -> bytes:
    """Return posts as one line: many in one take half the time."""
    return _encode([request_values(request) for request in requests]).encode() + b"\n"


def encode_responses(responses: Sequence[PostResponse]) -> bytes:
    """Return results as one line, as `encode_requests`."""
    return _encode([response_values(response) for response in responses]).encode() + b"\n"


def request_values(request: PostRequest) -> RequestValues:
    """Return the values of a post in the order of `build_request`."""
    key, source, rereads_token, channel, message, metadata, start_before, options, start_at = request
    option_values = None if options == PLAIN_POST else astuple(options)
    source_values = (source.kind, source.place)
    values = message_values(message)
    return (key, source_values, rereads_token, channel, values, metadata, start_before, option_values, start_at)


def decode_requests(line: bytes) -> list[PostRequest]:
    """Return the posts in a line."""
    return [build_request(values) for values in _decode(line.decode())]


def build_request(values: RequestValues) -> PostRequest:
    """Return a post from its values."""
    key, source, rereads_token, channel, message, metadata, start_before, options, start_at = values
    return PostRequest(
        key,
        build_source(*source),
        rereads_token,
        channel,
        build_message(message),
        MessageMetadata(*metadata),
        start_before,
        PLAIN_POST if options is None else PostOptions(*options),
        start_at,
    )


def message_values(message: Message) -> MessageValues:
    """Return the values of a message: its text if it has nothing else, or all in the order of their fields."""
    if not (message.blocks or message.markdown or message.files or message.attachments or message.continuation):
        return message.text
    files = [astuple(file) for file in message.files if isinstance(file, RenderedFile)]
    continuation = [message_values(part) for part in message.continuation]
    return (message.text, message.blocks, message.markdown, files, message.attachments, continuation)


def build_message(values: MessageValues) -> Message:
    """Return a message from its values."""
    if isinstance(values, str):
        return Message(values)
    text, blocks, markdown, files, attachments, continuation = values
    parts = tuple(build_message(part) for part in continuation)
    return Message(text, blocks, markdown, tuple(RenderedFile(*file) for file in files), attachments, parts)


@lru_cache(maxsize=1_000)
def build_source(kind: str, place: str) -> TokenSource:
    """Return a token source. Cached, because the posts of a workspace share one."""
    return TokenSource(kind, place)


def decode_responses(line: bytes) -> list[PostResponse]:
    """Return the results in a line."""
    return [build_response(values) for values in _decode(line.decode())]


def response_values(response: PostResponse) -> Sequence[object]:
    """Return the values of a post's result: key and `ts` of a plain one, or all in the order of their fields."""
    ts = response.result.ts
    return (response.key, ts) if ts is not None and response == plain_response(response.key, ts) else response


def build_response(values: ResponseValues) -> PostResponse:
    """Return a post's result from its values."""
    if len(values) == 2:
        return plain_response(*values)
    key, result, is_token_rotated, clock_offset_ms, is_token_awaited = values
    return PostResponse(key, build_result(result), is_token_rotated, clock_offset_ms, is_token_awaited)


def plain_response(key: int, ts: str) -> PostResponse:
    """Return the result of a post that Slack has taken, without a remark: nearly all are like this."""
    return PostResponse(key, AttemptResult(POSTED, None, ts, OK))


def build_result(values: ResultValues) -> AttemptResult:
    """Return the result of an attempt from its values."""
    outcome, error, ts, http_status, retry_after_ms, detail = values
    return AttemptResult(OUTCOMES[outcome], error, ts, http_status, retry_after_ms, detail)
