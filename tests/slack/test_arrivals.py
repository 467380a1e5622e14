"""Whether a post arrived, as the channel's history tells it, also on the meanest terms."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schedbot.model import MessageMetadata
from schedbot.slack.client import SlackClient
from schedbot.slack.history_lookup import Arrival, Fate, Sought, look_up, look_up_many
from tests.support.raw_http import RawRequest, RawServer, Responder, hang_up, raw_server, reply_with, stall

SENT = 1_700_000_000_000
TOKEN, CHANNEL = "xoxb-sandbox-acme", "C0123456789"
MINE = MessageMetadata("installation-1", "schedule-1:1700000000000", 1)
OTHER = MessageMetadata("installation-1", "schedule-2:1700000000000", 1)


def stamped(ts: str, stamp: MessageMetadata = MINE, **other: Any) -> dict[str, Any]:
    payload = {"installation": stamp.installation, "occurrence": stamp.occurrence, "attempt": stamp.attempt} | other
    return {"type": "message", "ts": ts, "metadata": {"event_type": "schedbot_job", "event_payload": payload}}


def plain(ts: str) -> dict[str, Any]:
    return {"type": "message", "ts": ts, "text": "somebody else"}


def page(*messages: dict[str, Any], has_more: bool = False) -> Responder:
    return reply_with({"ok": True, "messages": list(messages), "has_more": has_more})


def refused(code: str) -> Responder:
    return reply_with({"ok": False, "error": code})


def sought(*stamps: MessageMetadata, sent_at: int = SENT) -> list[Sought]:
    return [Sought(stamp, sent_at, sent_at + 30_000) for stamp in stamps]


def look(
    *responders: Responder, what: Sequence[Sought] = (), resume: str = ""
) -> tuple[dict[MessageMetadata, Arrival], RawServer]:
    """Look up in a history that takes `responders`."""

    async def once() -> tuple[dict[MessageMetadata, Arrival], RawServer]:
        async with raw_server(*responders) as slack, SlackClient(slack.api_url, 400, in_flight=1) as client:
            return await look_up_many(client, TOKEN, CHANNEL, what or sought(MINE), resume=resume), slack

    return asyncio.run(once())


def test_a_message_with_all_of_the_stamp_is_the_post() -> None:
    fates, _ = look(page(plain("1700000003.000100"), stamped("1700000001.000100")))
    assert fates == {MINE: Arrival(Fate.FOUND, "1700000001.000100")}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(plain("1700000001.000100"), id="without a stamp"),
        pytest.param(stamped("1700000001.000100", attempt=2), id="of another attempt"),
        pytest.param(stamped("1700000001.000100", installation="installation-2"), id="of another installation"),
        pytest.param(stamped("1700000001.000100", OTHER), id="of another schedule"),
        pytest.param({"ts": "1.1", "metadata": {"event_type": "schedbot_job"}}, id="whose payload was not given"),
        pytest.param(stamped("1.1") | {"metadata": {"event_type": "other", "event_payload": {}}}, id="of another app"),
    ],
)
def test_a_message_of_somebody_else_is_not_the_post(message: dict[str, Any]) -> None:
    fates, _ = look(page(message))
    assert fates == {MINE: Arrival(Fate.ABSENT)}


@pytest.mark.parametrize("ts", [None, "", "None", 1700000001.0001, "1700000001", "1/2"])
def test_a_post_that_is_there_without_a_ts_is_neither_found_nor_absent(ts: Any) -> None:
    fates, _ = look(page(stamped("1700000001.000100") | {"ts": ts}))
    assert fates == {MINE: Arrival(Fate.LATER, error="no_ts", retry_after_ms=60_000)}


def test_a_message_without_a_ts_is_not_where_the_next_look_up_goes_on() -> None:
    strange = plain("1700000020.000100") | {"ts": "1/2"}
    fates, _ = look(*limited(plain("1700000030.000100"), strange))
    again, slack = look(page(), resume=fates[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000030.000100"
    assert again == {MINE: Arrival(Fate.ABSENT)}


def test_one_request_asks_for_the_attempts_own_seconds_with_metadata() -> None:
    _, slack = look(page())
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


def test_several_unknowns_of_a_channel_share_one_request() -> None:
    fates, slack = look(page(stamped("1700000001.000100", OTHER)), what=sought(MINE, OTHER))
    assert fates == {MINE: Arrival(Fate.ABSENT), OTHER: Arrival(Fate.FOUND, "1700000001.000100")}
    assert len(slack.requests) == 1


def test_one_post_may_be_asked_for_by_itself() -> None:
    async def once() -> Arrival:
        responder = page(stamped("1700000001.000100"))
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 400, in_flight=1) as client:
            return await look_up(client, TOKEN, CHANNEL, MINE, SENT, SENT + 30_000)

    assert asyncio.run(once()) == Arrival(Fate.FOUND, "1700000001.000100")


def test_nothing_sought_asks_nothing() -> None:
    async def once() -> dict[MessageMetadata, Arrival]:
        async with SlackClient("http://127.0.0.1:9/api/", 400, in_flight=1) as client:
            return await look_up_many(client, TOKEN, CHANNEL, [])

    assert asyncio.run(once()) == {}


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
def test_a_history_that_may_not_be_read_cannot_be_asked(code: str) -> None:
    fates, _ = look(refused(code))
    assert fates == {MINE: Arrival(Fate.CANNOT_ASK, error=code)}


@pytest.mark.parametrize(
    ("responder", "error", "wait_ms"),
    [
        pytest.param(
            reply_with({"ok": False, "error": "ratelimited"}, 429, Retry_After="60"), "ratelimited", 60_000, id="429"
        ),
        pytest.param(refused("internal_error"), "internal_error", 5_000, id="Slack failed inside"),
        pytest.param(refused("invalid_auth"), "invalid_auth", 5_000, id="a token that is no longer taken"),
        pytest.param(reply_with(b"", 503), "http_503", 5_000, id="a server error"),
        pytest.param(stall, "timeout", 5_000, id="no answer"),
        pytest.param(hang_up, "connection_lost", 5_000, id="a broken connection"),
        pytest.param(reply_with(b"<html>"), "not_json", 5_000, id="a page"),
        pytest.param(reply_with({"ok": True}), "not_json", 5_000, id="an answer without messages"),
    ],
)
def test_a_history_that_does_not_answer_now_is_asked_later(responder: Responder, error: str, wait_ms: int) -> None:
    fates, _ = look(responder)
    assert (fates[MINE].fate, fates[MINE].error, fates[MINE].retry_after_ms) == (Fate.LATER, error, wait_ms)


def test_a_full_page_leads_to_the_next() -> None:
    first = page(*(plain(f"17000000{second}.000100") for second in (30, 20)), has_more=True)
    fates, slack = look(first, page(plain("1700000020.000100"), stamped("1700000001.000100")))
    assert fates == {MINE: Arrival(Fate.FOUND, "1700000001.000100")}
    assert [request.body["latest"] for request in slack.requests] == ["1700000090.000000", "1700000020.000100"]


def test_what_is_found_on_the_first_page_needs_no_second() -> None:
    _, slack = look(page(stamped("1700000001.000100"), has_more=True))
    assert len(slack.requests) == 1


def limited(*messages: dict[str, Any]) -> tuple[Responder, Responder]:
    """A page that is full, and no second one within the minute."""
    return page(*messages, has_more=True), reply_with({"ok": False, "error": "ratelimited"}, 429, Retry_After="60")


def test_on_the_meanest_terms_the_next_look_up_goes_on_where_this_one_ended() -> None:
    fates, _ = look(*limited(plain("1700000030.000100"), plain("1700000020.000100")))
    assert fates[MINE].fate is Fate.LATER
    again, slack = look(page(plain("1700000020.000100")), resume=fates[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000020.000100"
    assert again == {MINE: Arrival(Fate.ABSENT)}


def test_a_found_post_stays_found_when_the_next_page_is_refused() -> None:
    responders = limited(stamped("1700000030.000100", OTHER), plain("1700000020.000100"))
    fates, _ = look(*responders, what=sought(MINE, OTHER))
    assert (fates[OTHER].fate, fates[MINE].fate) == (Fate.FOUND, Fate.LATER)


@pytest.mark.parametrize(
    ("late_at", "latest"),
    [
        pytest.param(SENT, "1700000090.000000", id="sent at the same time"),
        pytest.param(SENT + 40_000, "1700000130.000000", id="sent later"),
        pytest.param(SENT - 40_000, "1700000090.000000", id="sent before"),
    ],
)
def test_where_an_earlier_look_up_ended_is_no_word_on_a_post_that_it_did_not_seek(late_at: int, latest: str) -> None:
    fates, _ = look(*limited(stamped("1700000030.000100", OTHER), plain("1700000020.000100")))
    joined = sought(MINE) + sought(OTHER, sent_at=late_at)
    again, slack = look(page(stamped("1700000030.000100", OTHER)), what=joined, resume=fates[MINE].resume)
    assert slack.requests[0].body["latest"] == latest
    assert again[OTHER].fate is Fate.FOUND


def test_a_look_up_starts_anew_where_a_post_may_have_arrived_later_than_was_thought() -> None:
    fates, _ = look(*limited(plain("1700000030.000100"), plain("1700000020.000100")))
    _, slack = look(page(), what=[Sought(MINE, SENT, SENT + 90_000)], resume=fates[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000150.000000"


def test_a_look_up_goes_on_for_those_that_are_still_open() -> None:
    responders = limited(stamped("1700000030.000100", OTHER), plain("1700000020.000100"))
    fates, _ = look(*responders, what=sought(MINE, OTHER))
    _, slack = look(page(), resume=fates[MINE].resume)
    assert slack.requests[0].body["latest"] == "1700000020.000100"


def test_more_that_is_promised_and_not_given_is_not_absence() -> None:
    for responder in (page(has_more=True), page(plain("1700000090.000000"), has_more=True)):
        fates, slack = look(responder)
        assert (fates[MINE].fate, len(slack.requests)) == (Fate.LATER, 1)


def test_a_channel_without_end_is_left_after_some_pages() -> None:
    seen = iter(range(1_000))

    async def endless(request: RawRequest, out: asyncio.StreamWriter) -> None:
        await page(plain(f"{1_700_000_080 - next(seen)}.000100"), has_more=True)(request, out)

    fates, slack = look(endless)
    assert (fates[MINE].fate, len(slack.requests)) == (Fate.LATER, 20)
    assert fates[MINE].resume.startswith("1700000061.000100/")
