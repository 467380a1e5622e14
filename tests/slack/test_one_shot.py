"""Single requests of the commands, made without an event loop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from schedbot import sandbox
from schedbot.model import AttemptResult, Message, Outcome
from schedbot.posts import PLAIN_POST
from schedbot.slack import one_shot
from schedbot.slack.response_models import ChannelInfo, Identity, UserInfo
from tests.support.raw_http import POSTED, RawServer, Responder, raw_server, reply_with

TOKEN = "xoxb-sandbox-acme"


@contextmanager
def slack(responder: Responder) -> Iterator[RawServer]:
    """Run a server in its own thread."""
    is_ready, is_over = threading.Event(), threading.Event()
    servers: list[RawServer] = []

    async def serve() -> None:
        async with raw_server(responder) as server:
            servers.append(server)
            is_ready.set()
            await asyncio.to_thread(is_over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert is_ready.wait(10)
    try:
        yield servers[0]
    finally:
        is_over.set()
        thread.join(10)


def test_identity_of_a_token() -> None:
    with slack(reply_with({"ok": True, "team": "Acme", "user": "bot"}, x_oauth_scopes="chat:write")) as server:
        assert one_shot.fetch_identity(server.api_url, TOKEN, 5_000) == Identity(
            "Acme", "", "bot", "", frozenset({"chat:write"})
        )


def test_identity_of_a_refused_token_is_the_refusal() -> None:
    with slack(reply_with({"ok": False, "error": "token_revoked"})) as server:
        assert one_shot.fetch_identity(server.api_url, TOKEN, 5_000) == AttemptResult(
            Outcome.TOKEN_REFUSED, "token_revoked", None, 200
        )


def test_channel_info_of_a_channel() -> None:
    with slack(reply_with({"ok": True, "channel": {"id": "C1", "name": "reports", "is_member": True}})) as server:
        assert one_shot.fetch_channel(server.api_url, TOKEN, "C1", 5_000) == ChannelInfo(
            "C1", "reports", False, True, False
        )


def test_message_is_posted_without_metadata() -> None:
    with slack(reply_with(POSTED)) as server:
        reply = one_shot.post_message(server.api_url, TOKEN, "C0123456789", Message("A test"), PLAIN_POST, 5_000)
        assert reply.outcome is Outcome.POSTED
        assert "metadata" not in server.requests[0].body


def test_users_are_fetched_until_another_kind_of_error() -> None:
    with sandbox.start() as server:
        server.control.order("ratelimit", "users.info", nth=3, retry_after=7)
        ids = ["U0NOBODY", "U0SANDBOX02", "U0SANDBOX01", "U0SANDBOT"]
        users = one_shot.fetch_users(server.api_url, TOKEN, ids, 5_000, within_ms=5_000)
    assert users == {
        "U0NOBODY": AttemptResult(Outcome.CHANNEL_REFUSED, "user_not_found", None, 200),
        "U0SANDBOX02": UserInfo("U0SANDBOX02", "Europe/Berlin", False),
        "U0SANDBOX01": AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, 429, 7_000),
    }


def test_users_are_fetched_within_the_time_limit() -> None:
    with sandbox.start() as server:
        server.control.order("stall", "users.info")
        users = one_shot.fetch_users(server.api_url, TOKEN, ["U0SANDBOX01", "U0SANDBOX02"], 5_000, within_ms=100)
    assert users == {"U0SANDBOX01": AttemptResult(Outcome.UNKNOWN, "timeout", None, None)}
