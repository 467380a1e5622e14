"""What the commands ask Slack, from a place without an event loop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from schedbot import sandbox
from schedbot.model import AttemptResult, Message, Outcome
from schedbot.slack import one_shot
from schedbot.slack.responses import ChannelSeen, Identity, PersonSeen
from tests.support.raw_http import POSTED, RawServer, Responder, raw_server, reply_with

TOKEN = "xoxb-sandbox-acme"


@contextmanager
def slack(responder: Responder) -> Iterator[RawServer]:
    """A server in a thread of its own."""
    ready, over = threading.Event(), threading.Event()
    served: list[RawServer] = []

    async def serve() -> None:
        async with raw_server(responder) as server:
            served.append(server)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield served[0]
    finally:
        over.set()
        thread.join(10)


def test_check_tells_whose_token_it_is() -> None:
    with slack(reply_with({"ok": True, "team": "Acme", "user": "bot"}, x_oauth_scopes="chat:write")) as server:
        assert one_shot.check(server.api_url, TOKEN, 5_000) == Identity(
            "Acme", "", "bot", "", frozenset({"chat:write"})
        )


def test_check_tells_why_a_token_is_refused() -> None:
    with slack(reply_with({"ok": False, "error": "token_revoked"})) as server:
        assert one_shot.check(server.api_url, TOKEN, 5_000) == AttemptResult(
            Outcome.TOKEN_REFUSED, "token_revoked", None, 200
        )


def test_channel_tells_what_slack_says_of_it() -> None:
    with slack(reply_with({"ok": True, "channel": {"id": "C1", "name": "reports", "is_member": True}})) as server:
        assert one_shot.channel(server.api_url, TOKEN, "C1", 5_000) == ChannelSeen("C1", "reports", False, True, False)


def test_send_posts_once_without_a_stamp() -> None:
    with slack(reply_with(POSTED)) as server:
        reply = one_shot.send(server.api_url, TOKEN, "C1", Message("A test"), 5_000)
        assert reply.outcome is Outcome.POSTED
        assert "metadata" not in server.requests[0].body


def test_people_are_asked_for_until_an_answer_is_not_about_the_person() -> None:
    with sandbox.start() as server:
        server.control.order("ratelimit", "users.info", nth=3, retry_after=7)
        users = ["U0NOBODY", "U0SANDBOX02", "U0SANDBOX01", "U0SANDBOT"]
        told = one_shot.people(server.api_url, TOKEN, users, 5_000, within_ms=5_000)
    assert told == {
        "U0NOBODY": AttemptResult(Outcome.UNKNOWN, "user_not_found", None, 200),
        "U0SANDBOX02": PersonSeen("U0SANDBOX02", "Europe/Berlin", False),
        "U0SANDBOX01": AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, 429, 7_000),
    }


def test_people_are_not_asked_for_longer_than_allowed() -> None:
    with sandbox.start() as server:
        server.control.order("stall", "users.info")
        told = one_shot.people(server.api_url, TOKEN, ["U0SANDBOX01", "U0SANDBOX02"], 5_000, within_ms=100)
    assert told == {"U0SANDBOX01": AttemptResult(Outcome.UNKNOWN, "timeout", None, None)}
