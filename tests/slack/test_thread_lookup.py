"""Look-up of posts in a thread: oldest first, the first message of the thread in each page."""

import asyncio

from schedbot.posts import MessageMetadata
from schedbot.slack.client import SlackClient
from schedbot.slack.history.lookup import look_up
from schedbot.slack.response_models import HistoryAnswer, LookUpAnswer, SearchedPost
from tests.slack.test_history_lookup import CHANNEL, MINE, OTHER, OWN, SENT, TOKEN, other, page, post, refuse
from tests.support.raw_http import RawServer, Responder, raw_server

PARENT = other("1600000000.000100")
Answers = dict[MessageMetadata, HistoryAnswer]


def find(*responders: Responder, resume: str = "") -> tuple[Answers, RawServer]:
    """Look up in a thread against a server that takes `responders`."""
    posts = [SearchedPost(MINE, SENT, SENT + 30_000)]

    async def scene() -> tuple[Answers, RawServer]:
        async with raw_server(*responders) as slack, SlackClient(slack.api_url, 400, in_flight=1) as client:
            client.record_app_ids(TOKEN, OWN)
            answers = await look_up(client, TOKEN, CHANNEL, posts, thread_ts=PARENT["ts"], resume=resume)
            return answers, slack

    return asyncio.run(scene())


def test_reply_is_found_on_a_later_page() -> None:
    pages = (page(PARENT, other("1700000000.500000"), has_more=True), page(PARENT, post("1700000001.000100")))
    answers, slack = find(*pages)
    assert answers == {MINE: HistoryAnswer(LookUpAnswer.PRESENT, "1700000001.000100")}
    first, second = slack.requests
    assert first.method == "conversations.replies"
    assert (first.body["ts"], first.body["oldest"]) == (PARENT["ts"], "1699999940.000000")
    assert (second.body["oldest"], second.body["latest"]) == ("1700000000.500000", first.body["latest"])


def test_thread_without_the_reply_makes_it_absent() -> None:
    answers, _ = find(page(PARENT, post("1700000001.000100", OTHER)))
    assert answers[MINE].answer is LookUpAnswer.ABSENT


def test_reply_without_its_thread_is_looked_up_in_the_channel() -> None:
    answers, _ = find(refuse("thread_not_found"), page())
    assert answers[MINE].answer is LookUpAnswer.ABSENT
    answers, _ = find(refuse("thread_not_found"), page(post("1700000001.000100")))
    assert answers[MINE] == HistoryAnswer(LookUpAnswer.PRESENT, "1700000001.000100", error="thread_gone")


def test_only_the_first_message_again_is_no_proof() -> None:
    answers, _ = find(page(PARENT, has_more=True))
    assert answers[MINE] == HistoryAnswer(LookUpAnswer.LATER, error="no_progress", retry_after_ms=60_000)


def test_look_up_in_a_thread_goes_on_where_it_stopped() -> None:
    answers, _ = find(page(PARENT, other("1700000000.500000"), has_more=True), refuse("ratelimited"))
    assert answers[MINE].answer is LookUpAnswer.LATER
    answers, slack = find(page(PARENT, post("1700000001.000100")), resume=answers[MINE].resume)
    assert answers[MINE].answer is LookUpAnswer.PRESENT
    assert slack.requests[0].body["oldest"] == "1700000000.500000"
