"""Command, webhook and monitor that misbehave: each gives one plain reason, in time, and none counts as taken."""

import asyncio
import os
from pathlib import Path

import pytest

from schedbot.admin.operations.alerts import places
from schedbot.admin.operations.machine import ping, web_request
from tests.support.raw_http import RawRequest, Responder, hang_up, raw_server, reply_with, stall

ALERT = {"text": "x"}


async def drip(_request: RawRequest, out: asyncio.StreamWriter) -> None:
    """Send a header that never ends."""
    out.write(b"HTTP/1.1 200 OK\r\n")
    while not out.is_closing():
        out.write(b"X: y\r\n")
        await out.drain()
        await asyncio.sleep(0.05)


def garble(_request: RawRequest, out: asyncio.StreamWriter) -> "asyncio.Future[None]":
    out.write(b"no http\r\n\r\n")
    return asyncio.ensure_future(out.drain())


REPLIES = [
    pytest.param(garble, "BadStatusLine", id="not http"),
    pytest.param(hang_up, "RemoteDisconnected", id="hung up"),
    pytest.param(reply_with({}, 500), "HTTP 500", id="error"),
    pytest.param(stall, "did not answer within", id="stalled"),
    pytest.param(drip, "did not answer within", id="endless header"),
]


def send_both(*replies: Responder) -> tuple[str, str, int]:
    """Return the errors of a webhook and of a monitor with these replies, and the number of requests."""

    async def run() -> tuple[str, str, int]:
        async with raw_server(*replies) as server:
            os.environ["HOOK"] = server.api_url + "secret"
            webhook = await asyncio.to_thread(places.call_webhook, "HOOK", ALERT)
            number = len(server.requests)
            return webhook.error or "", await asyncio.to_thread(ping.send, os.environ["HOOK"]), number

    return asyncio.run(run())


@pytest.mark.parametrize(("reply", "problem"), REPLIES)
def test_bad_replies_are_one_reason(reply: Responder, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_request, "TIMEOUT_S", 0.3)
    monkeypatch.setenv("HOOK", "")
    for text in send_both(reply)[:2]:
        assert problem in text
        assert "secret" not in text


def test_redirected_webhook_is_not_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "")
    error, _, requests = send_both(reply_with({}, 302, Location="/login"), reply_with({}))
    assert requests == 1
    assert "HTTP 302" in error


def test_address_that_is_none_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://me:secret@host/x", "http://exa mple/secret", "http://[::1/secret"):
        monkeypatch.setenv("HOOK", address)
        assert "secret" not in (places.call_webhook("HOOK", ALERT).error or "secret")


def test_command_may_leave_a_process_behind(tmp_path: Path) -> None:
    script = f"cat > {tmp_path}/alert; sleep 30 &"
    assert places.run_command(("/bin/sh", "-c", script), ALERT).error is None
    assert (tmp_path / "alert").read_text() == '{"text": "x"}'
