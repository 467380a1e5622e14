"""Look-up of posts in a channel's history, also under Slack's strictest rate limit."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schedbot.posts import MessageMetadata
from schedbot.slack.client import SlackClient
from schedbot.slack.history.lookup import look_up
from schedbot.slack.response_models import AppIds, HistoryAnswer, LookUpAnswer, SearchedPost
from tests.support.raw_http import RawRequest, RawServer, Responder, hang_up, raw_server, reply_with, stall

SENT = 1_700_000_000_000
TOKEN, CHANNEL = "xoxb-sandbox-acme", "C0123456789"
OWN = AppIds("B0SANDBOT", "A0SANDBOT")
MINE = MessageMetadata("installation-1", "schedule-1:1700000000000", 1)
OTHER = MessageMetadata("installation-1", "schedule-2:1700000000000", 1)


def post(ts: str, metadata: MessageMetadata = MINE, **more: Any) -> dict[str, Any]:
    payload = {
        "installation": metadata.installation,
        "occurrence": metadata.occurrence,
        "attempt": metadata.attempt,
    } | more
    metadata_field = {"event_type": "schedbot_job", "event_payload": payload}
    return {"type": "message", "ts": ts, "bot_id": OWN.bot_id, "app_id": OWN.app_id, "metadata": metadata_field}


def other(ts: str) -> dict[str, Any]:
    return {"type": "message", "ts": ts, "text": "somebody else"}


def page(*messages: dict[str, Any], has_more: bool = False) -> Responder:
    return reply_with({"ok": True, "messages": list(messages), "has_more": has_more})


def refuse(code: str) -> Responder:
    return reply_with({"ok": False, "error": code})


def searched_posts(*all_metadata: MessageMetadata, sent_at: int = SENT) -> list[SearchedPost]:
    return [SearchedPost(metadata, sent_at, sent_at + 30_000) for metadata in all_metadata]


def find(
    *responders: Responder, posts: Sequence[SearchedPost] = (), resume: str = ""
) -> tuple[dict[MessageMetadata, HistoryAnswer], RawServer]:
    """Look up against a server that takes `responders`."""

    async def scene() -> tuple[dict[MessageMetadata, HistoryAnswer], RawServer]:
        async with raw_server(*responders) as slack, SlackClient(slack.api_url, 400, in_flight=1) as client:
            client.record_app_ids(TOKEN, OWN)
            return await look_up(client, TOKEN, CHANNEL, posts or searched_posts(MINE), resume=resume), slack

    return asyncio.run(scene())


def test_message_with_matching_metadata_is_found() -> None:
    answers, _ = find(page(other("1700000003.000100"), post("1700000001.000100")))
    assert answers == {MINE: HistoryAnswer(LookUpAnswer.PRESENT, "1700000001.000100")}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(other("1700000001.000100"), id="no metadata"),
        pytest.param(post("1700000001.000100", attempt=2), id="another attempt"),
        pytest.param(post("1700000001.000100", installation="installation-2"), id="another installation"),
        pytest.param(post("1700000001.000100", OTHER), id="another schedule"),
        pytest.param({"ts": "1.1", "metadata": {"event_type": "schedbot_job"}}, id="no payload"),
        pytest.param(post("1700000001.000100") | {"bot_id": "B9", "app_id": "A9"}, id="copied by another app"),
        pytest.param(post("1700000001.000100") | {"bot_id": None, "app_id": ""}, id="copied by a person"),
        pytest.param(post("1.1") | {"metadata": {"event_type": "other", "event_payload": {}}}, id="another app"),
    ],
)
def test_message_with_other_metadata_is_not_found(message: dict[str, Any]) -> None:
    answers, _ = find(page(message))
    assert answers == {MINE: HistoryAnswer(LookUpAnswer.ABSENT)}


@pytest.mark.parametrize("ts", [None, "", "None", 1700000001.0001, "1700000001", "1/2"])
def test_matching_message_without_a_ts_is_looked_up_later(ts: Any) -> None:
    answers, _ = find(page(post("1700000001.000100") | {"ts": ts}))
    assert answers == {MINE: HistoryAnswer(LookUpAnswer.LATER, error="no_ts", retry_after_ms=60_000)}


def test_look_up_resumes_from_the_last_message_with_a_ts() -> None:
    without_ts = other("1700000020.000100") | {"ts": "1/2"}
    answers, _ = find(*then_limited(other("1700000030.000100"), without_ts))
    again, slack = find(page(), resume=answers[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000030.000100"
    assert again == {MINE: HistoryAnswer(LookUpAnswer.ABSENT)}


def test_request_covers_the_attempts_seconds_with_metadata() -> None:
    _, slack = find(page())
    (request,) = slack.requests
    assert request.method == "conversations.history"
    assert request.body == {
        "channel": CHANNEL,
        "oldest": "1699999940.000000",
        "latest": "1700000090.000000",
        "limit": "200",
        "inclusive": "1",
        "include_all_metadata": "1",
    }


def test_several_posts_of_a_channel_share_one_request() -> None:
    answers, slack = find(page(post("1700000001.000100", OTHER)), posts=searched_posts(MINE, OTHER))
    assert answers == {
        MINE: HistoryAnswer(LookUpAnswer.ABSENT),
        OTHER: HistoryAnswer(LookUpAnswer.PRESENT, "1700000001.000100"),
    }
    assert len(slack.requests) == 1


def test_look_up_of_no_posts_sends_no_request() -> None:
    async def scene() -> dict[MessageMetadata, HistoryAnswer]:
        async with SlackClient("http://127.0.0.1:9/api/", 400, in_flight=1) as client:
            return await look_up(client, TOKEN, CHANNEL, [])

    assert asyncio.run(scene()) == {}


@pytest.mark.parametrize(
    "code",
    [
        "missing_scope",
        "not_in_channel",
        "channel_not_found",
        "not_allowed_token_type",
        "method_not_supported",
        "new_code",
    ],
)
def test_unreadable_history_cannot_be_asked(code: str) -> None:
    answers, _ = find(refuse(code))
    assert answers == {MINE: HistoryAnswer(LookUpAnswer.CANNOT_ASK, error=code)}


@pytest.mark.parametrize(
    ("responder", "error", "wait_ms"),
    [
        pytest.param(
            reply_with({"ok": False, "error": "ratelimited"}, 429, Retry_After="60"), "ratelimited", 60_000, id="429"
        ),
        pytest.param(refuse("internal_error"), "internal_error", 5_000, id="internal error"),
        pytest.param(refuse("invalid_auth"), "invalid_auth", 5_000, id="token refused"),
        pytest.param(reply_with(b"", 503), "http_503", 5_000, id="server error"),
        pytest.param(stall, "timeout", 5_000, id="no response"),
        pytest.param(hang_up, "connection_lost", 5_000, id="broken connection"),
        pytest.param(reply_with(b"<html>"), "not_json", 5_000, id="HTML page"),
        pytest.param(reply_with({"ok": True}), "not_json", 5_000, id="response without messages"),
    ],
)
def test_temporary_failure_is_looked_up_later(responder: Responder, error: str, wait_ms: int) -> None:
    answers, _ = find(responder)
    assert (answers[MINE].answer, answers[MINE].error, answers[MINE].retry_after_ms) == (
        LookUpAnswer.LATER,
        error,
        wait_ms,
    )


def test_full_page_is_followed_by_the_next() -> None:
    first = page(*(other(f"17000000{second}.000100") for second in (30, 20)), has_more=True)
    answers, slack = find(first, page(other("1700000020.000100"), post("1700000001.000100")))
    assert answers == {MINE: HistoryAnswer(LookUpAnswer.PRESENT, "1700000001.000100")}
    assert [request.body["latest"] for request in slack.requests] == ["1700000090.000000", "1700000020.000100"]


def test_post_on_the_first_page_needs_no_second_request() -> None:
    _, slack = find(page(post("1700000001.000100"), has_more=True))
    assert len(slack.requests) == 1


def then_limited(*messages: dict[str, Any]) -> tuple[Responder, Responder]:
    """A full page, then a rate limit for a minute."""
    return page(*messages, has_more=True), reply_with({"ok": False, "error": "ratelimited"}, 429, Retry_After="60")


def test_look_up_resumes_after_a_rate_limit() -> None:
    answers, _ = find(*then_limited(other("1700000030.000100"), other("1700000020.000100")))
    assert answers[MINE].answer is LookUpAnswer.LATER
    again, slack = find(page(other("1700000020.000100")), resume=answers[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000020.000100"
    assert again == {MINE: HistoryAnswer(LookUpAnswer.ABSENT)}


def test_post_stays_found_when_the_next_page_is_refused() -> None:
    responders = then_limited(post("1700000030.000100", OTHER), other("1700000020.000100"))
    answers, _ = find(*responders, posts=searched_posts(MINE, OTHER))
    assert (answers[OTHER].answer, answers[MINE].answer) == (LookUpAnswer.PRESENT, LookUpAnswer.LATER)


@pytest.mark.parametrize(
    ("sent_at", "latest"),
    [
        pytest.param(SENT, "1700000090.000000", id="sent at the same time"),
        pytest.param(SENT + 40_000, "1700000130.000000", id="sent later"),
        pytest.param(SENT - 40_000, "1700000090.000000", id="sent before"),
    ],
)
def test_resume_is_ignored_for_a_post_not_searched_before(sent_at: int, latest: str) -> None:
    answers, _ = find(*then_limited(post("1700000030.000100", OTHER), other("1700000020.000100")))
    posts = searched_posts(MINE) + searched_posts(OTHER, sent_at=sent_at)
    again, slack = find(page(post("1700000030.000100", OTHER)), posts=posts, resume=answers[MINE].resume)
    assert slack.requests[0].body["latest"] == latest
    assert again[OTHER].answer is LookUpAnswer.PRESENT


def test_resume_is_ignored_when_the_window_grows() -> None:
    answers, _ = find(*then_limited(other("1700000030.000100"), other("1700000020.000100")))
    _, slack = find(page(), posts=[SearchedPost(MINE, SENT, SENT + 90_000)], resume=answers[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000150.000000"


def test_resume_is_used_for_the_posts_still_open() -> None:
    responders = then_limited(post("1700000030.000100", OTHER), other("1700000020.000100"))
    answers, _ = find(*responders, posts=searched_posts(MINE, OTHER))
    _, slack = find(page(), resume=answers[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000020.000100"


def test_page_that_is_too_large_is_read_in_parts() -> None:
    answers, slack = find(reply_with(b" " * (1 << 21)), page(post("1700000001.000100")))
    assert answers == {MINE: HistoryAnswer(LookUpAnswer.PRESENT, "1700000001.000100")}
    assert [request.body["limit"] for request in slack.requests] == ["200", "25"]


def test_missing_next_page_is_not_absence() -> None:
    for responder in (page(has_more=True), page(other("1700000090.000000"), has_more=True)):
        answers, slack = find(responder)
        assert (answers[MINE].answer, len(slack.requests)) == (LookUpAnswer.LATER, 1)


def test_endless_history_stops_after_20_pages() -> None:
    seconds = iter(range(1_000))

    async def endless(request: RawRequest, out: asyncio.StreamWriter) -> None:
        await page(other(f"{1_700_000_080 - next(seconds)}.000100"), has_more=True)(request, out)

    answers, slack = find(endless)
    assert (answers[MINE].answer, len(slack.requests)) == (LookUpAnswer.LATER, 20)
    assert answers[MINE].resume.startswith("1700000061.000100/")
