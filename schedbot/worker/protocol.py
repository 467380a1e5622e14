"""Messages between the pool and its child processes: one line of JSON each.

The first message of a child is `{"version": "..."}`, a form that every version of schedbot reads. All other messages
are read only by a process of the same version, as an object with its class name in `type`; a post and its result are
arrays (`post_protocol`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.model import AttemptResult, Message, Report, TokenSource, build_message
from schedbot.posts import MessageMetadata, RenderedFile
from schedbot.reports import live_protocol
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.live_protocol import LivePing, LivePong, LiveRenderRequest, LiveRenderResponse, encode_fields
from schedbot.slack.response_models import HistoryAnswer, LookUpAnswer, SearchedPost
from schedbot.worker import post_protocol
from schedbot.worker.post_protocol import PostRequest, PostResponse


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """Pool to poster: share an uploaded file in a channel, or in a thread of it. Other fields as in PostRequest."""

    key: int
    source: TokenSource
    rereads_token: bool
    channel: str
    thread_ts: str
    file_id: str
    title: str
    start_before: int
    start_at: int = 0


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """Pool to poster: upload a file of a delivery, for everyone's eyes only once it is shared or shown."""

    key: int
    source: TokenSource
    rereads_token: bool
    file: RenderedFile


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Pool to poster: open the direct message with a user, for the delivery `key`. It posts nothing."""

    key: int
    source: TokenSource
    rereads_token: bool
    user: str


@dataclass(frozen=True, slots=True)
class LookUpRequest:
    """Pool to poster: look for posts in a channel's history, or in a thread.

    `resume` is where an earlier look-up stopped. `file_id`: the post is the share of this file, and Slack is asked
    about the file instead.
    """

    number: int
    source: TokenSource
    rereads_token: bool
    channel: str
    posts: tuple[SearchedPost, ...]
    resume: str
    thread_ts: str = ""
    file_id: str = ""


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Pool to renderer: render a report for an occurrence."""

    job_id: int
    report: Report
    occurrence: LiveOccurrence


@dataclass(frozen=True, slots=True)
class Ready:
    """Child to pool: the child has started and takes requests."""


@dataclass(frozen=True, slots=True)
class ChildFailed:
    """Child to pool: an error ends the child."""

    reason: str


@dataclass(frozen=True, slots=True)
class UploadResponse:
    """Poster to pool: Slack's id of a file, or the result of the failed upload. Other fields as in PostResponse."""

    key: int
    file_id: str
    result: AttemptResult | None = None
    is_token_rotated: bool = False
    clock_offset_ms: int | None = None
    is_token_awaited: bool = False


@dataclass(frozen=True, slots=True)
class OpenResponse:
    """Poster to pool: id of a direct message (D...), or else its refusal."""

    key: int
    channel: str = ""
    refusal: PostResponse | None = None


@dataclass(frozen=True, slots=True)
class LookUpResponse:
    """Poster to pool: results of a look-up, in the order of the request's posts. Other fields as in PostResponse."""

    number: int
    answers: tuple[HistoryAnswer, ...]
    is_token_rotated: bool
    clock_offset_ms: int | None


@dataclass(frozen=True, slots=True)
class LookUpFailed:
    """Poster to pool: the look-up was not made, because its token is unavailable or the poster has a defect."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class RenderResponse:
    """Renderer to pool: the rendered message."""

    job_id: int
    message: Message


@dataclass(frozen=True, slots=True)
class RenderFailed:
    """Renderer to pool: the report could not be rendered."""

    job_id: int
    reason: str


PosterRequest = PostRequest | ShareRequest | UploadRequest | OpenRequest | LookUpRequest
ChildRequest = PosterRequest | RenderRequest | LiveRenderRequest | LivePing
ChildResponse = (
    ChildFailed
    | Ready
    | PostResponse
    | UploadResponse
    | OpenResponse
    | LookUpResponse
    | LookUpFailed
    | RenderResponse
    | RenderFailed
    | LiveRenderResponse
    | LivePong
)
PLAIN_RESPONSES: dict[str, type[ChildFailed | Ready | LookUpFailed | RenderFailed | LivePong]] = {
    kind.__name__: kind for kind in (ChildFailed, Ready, LookUpFailed, RenderFailed, LivePong)
}


def encode_version(version: str) -> bytes:
    """Return the first message of a child. Its form must never change."""
    return json.dumps({"version": version}).encode() + b"\n"


def decode_version(line: bytes) -> str:
    """Return the version in the first message of a child of any version."""
    return str(json.loads(line)["version"])


def encode(message: ChildRequest | ChildResponse) -> bytes:
    """Return a message as one line."""
    if isinstance(message, PostRequest | PostResponse):
        return post_protocol.encode(message)
    return encode_fields(message)


def encode_responses(responses: Sequence[ChildResponse]) -> bytes:
    """Return messages of a child as lines; the results of posts are in one."""
    results = [response for response in responses if isinstance(response, PostResponse)]
    others = b"".join(encode(response) for response in responses if not isinstance(response, PostResponse))
    return others + post_protocol.encode_responses(results) if results else others


def decode_requests(line: bytes) -> Sequence[ChildRequest]:
    """Return the messages in a line of the pool."""
    return post_protocol.decode_requests(line) if line.startswith(b"[") else [decode_request(line)]


def decode_request(line: bytes) -> ChildRequest:
    """Return a message of the pool that is an object."""
    content = json.loads(line)
    kind = content.pop("type")
    match kind:
        case "ShareRequest":
            return ShareRequest(**{**content, "source": TokenSource(**content["source"])})
        case "UploadRequest":
            file = RenderedFile(**content["file"])
            return UploadRequest(**{**content, "source": TokenSource(**content["source"]), "file": file})
        case "OpenRequest":
            return OpenRequest(**{**content, "source": TokenSource(**content["source"])})
        case "LookUpRequest":
            posts = tuple(
                SearchedPost(**{**post, "metadata": MessageMetadata(*post["metadata"])}) for post in content["posts"]
            )
            return LookUpRequest(**{**content, "source": TokenSource(**content["source"]), "posts": posts})
        case "RenderRequest":
            occurrence = LiveOccurrence(**content["occurrence"])
            return RenderRequest(content["job_id"], Report(**content["report"]), occurrence)
        case "LiveRenderRequest":
            return live_protocol.build_request(content)
        case "LivePing":
            return LivePing()
    raise ValueError(f"unknown request {kind!r}")


def decode_responses(line: bytes) -> Sequence[ChildResponse]:
    """Return the messages in a line of a child of this version."""
    return post_protocol.decode_responses(line) if line.startswith(b"[") else [decode_object(line)]


def decode_object(line: bytes) -> ChildResponse:
    """Return a message of a child that is an object."""
    content = json.loads(line)
    kind = content.pop("type")
    if kind in PLAIN_RESPONSES:
        return PLAIN_RESPONSES[kind](**content)
    match kind:
        case "UploadResponse":
            result = content["result"] and post_protocol.build_result(content["result"])
            return UploadResponse(**{**content, "result": result})
        case "OpenResponse":
            refusal = content["refusal"] and post_protocol.build_response(content["refusal"])
            return OpenResponse(**{**content, "refusal": refusal})
        case "LookUpResponse":
            answers = tuple(
                HistoryAnswer(**{**fields, "answer": LookUpAnswer(fields["answer"])}) for fields in content["answers"]
            )
            return LookUpResponse(**{**content, "answers": answers})
        case "RenderResponse":
            return RenderResponse(**{**content, "message": build_message(content["message"])})
        case "LiveRenderResponse":
            return live_protocol.build_response(content)
    raise ValueError(f"unknown response {kind!r}")
