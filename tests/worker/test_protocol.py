"""Messages between pool and children: each arrives as it was sent; the version is readable by every version."""

import pytest

from schedbot.model import AttemptResult, Message, Outcome, Report, TokenSource
from schedbot.posts import MessageMetadata, PostOptions, RenderedFile
from schedbot.reports.context import LiveOccurrence
from schedbot.slack.response_models import HistoryAnswer, LookUpAnswer, SearchedPost
from schedbot.worker import post_protocol, protocol
from schedbot.worker.post_protocol import PostRequest, PostResponse
from schedbot.worker.protocol import (
    ChildRequest,
    ChildResponse,
    LookUpFailed,
    LookUpRequest,
    LookUpResponse,
    OpenRequest,
    OpenResponse,
    Ready,
    RenderFailed,
    RenderRequest,
    RenderResponse,
    ShareRequest,
    UploadRequest,
    UploadResponse,
)

SOURCE, STAMP = TokenSource("env", "SLACK_BOT_TOKEN"), MessageMetadata("installation-1", "schedule-1:1000", 2)
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "\ud83d half a pair\n"}}]
FILE = RenderedFile("/spool/1.part", "sales.csv", 12, "Sales")
MESSAGE = Message(
    "Grüße ☕",
    BLOCKS,
    files=(FILE,),
    attachments=[{"text": "up"}],
    continuation=(Message("more", BLOCKS, attachments=[]),),
)
REQUESTS = [
    PostRequest(7, SOURCE, True, "C1", MESSAGE, STAMP, 1_000, PostOptions(thread_ts="1.1", unfurl=True), 900),
    PostRequest(7, SOURCE, False, "C1", Message("Grüße \ud83d"), STAMP, 1_000),
    ShareRequest(7, SOURCE, False, "C1", "1.1", "F1", "Sales", 1_000, 900),
    UploadRequest(7, SOURCE, True, FILE),
    OpenRequest(7, SOURCE, False, "U0000000001"),
    LookUpRequest(1, SOURCE, False, "C1", (SearchedPost(STAMP, 1, 2), SearchedPost(STAMP, 3, 4)), "resume"),
    RenderRequest(
        7,
        Report("template", "a.json.j2", {"type": "x", "list": [1]}),
        LiveOccurrence("daily", "42", "default", "C0000000001", 1_000, "UTC", {"type": "x"}, previous_at=5),
    ),
]
RESPONSES: list[ChildResponse] = [
    Ready(),
    PostResponse(7, AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, 429, 2_000, "too fast"), False, -300),
    PostResponse(7, AttemptResult(Outcome.POSTED, ts="1.1", http_status=200)),
    PostResponse(7, AttemptResult(Outcome.POSTED, ts="1.1", http_status=200), clock_offset_ms=-300),
    PostResponse(7, AttemptResult(Outcome.POSTED, "thread_gone", "1.1", 200)),
    UploadResponse(7, "F1", None, False, -300),
    UploadResponse(7, "", AttemptResult(Outcome.NOT_POSTED, "upload_failed"), True, None, True),
    OpenResponse(7, "D0000000001"),
    OpenResponse(7, refusal=PostResponse(7, AttemptResult(Outcome.CHANNEL_REFUSED, "user_disabled"))),
    LookUpResponse(1, (HistoryAnswer(LookUpAnswer.PRESENT, "1.1", None, None, ""),), True, None),
    LookUpFailed(1, "no token"),
    RenderResponse(7, MESSAGE),
    RenderFailed(7, "it loops"),
]


@pytest.mark.parametrize("pool_request", REQUESTS, ids=lambda message: type(message).__name__)
def test_pool_request_arrives_as_it_was_sent(pool_request: ChildRequest) -> None:
    line = protocol.encode(pool_request)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    assert protocol.decode_requests(line) == [pool_request]


@pytest.mark.parametrize("response", RESPONSES, ids=lambda message: type(message).__name__)
def test_response_arrives_as_it_was_sent(response: ChildResponse) -> None:
    [decoded] = protocol.decode_responses(protocol.encode(response))
    assert decoded == response
    if isinstance(decoded, PostResponse):
        assert isinstance(decoded.result.outcome, Outcome)


def test_results_of_posts_arrive_in_one_line() -> None:
    result: ChildResponse = RESPONSES[1]
    others: list[ChildResponse] = [Ready(), LookUpFailed(1, "no token")]
    lines = protocol.encode_responses([result, *others, result]).splitlines()
    assert [protocol.decode_responses(line) for line in lines] == [*([other] for other in others), [result, result]]


def test_posts_arrive_in_one_line() -> None:
    posts = [request for request in REQUESTS if isinstance(request, PostRequest)]
    [line] = post_protocol.encode_requests(posts).splitlines()
    assert protocol.decode_requests(line) == posts


def test_version_message_keeps_its_form() -> None:
    assert protocol.encode_version("9.9.9") == b'{"version": "9.9.9"}\n'
    assert protocol.decode_version(b'{"version":"9.9.9","later":"fields"}') == "9.9.9"
