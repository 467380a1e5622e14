"""Files over real HTTP, against a server with scripted replies: uploads, shares and their look-ups."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from schedbot.model import AttemptResult, Outcome
from schedbot.posts import RenderedFile
from schedbot.slack import files
from schedbot.slack.client import SlackClient
from schedbot.slack.response_models import HistoryAnswer, LookUpAnswer
from tests.support.raw_http import RawRequest, RawServer, Responder, hang_up, raw_server, reply_with

TOKEN = "xoxb-sandbox-acme"
CHANNEL = "C0123456789"
CONTENT = b"week,sales\n49,12\n"
TS = "1700000000.000100"
COMPLETED = {"ok": True, "files": [{"id": "F1", "title": "Sales"}]}
SHARES = {"public": {CHANNEL: [{"ts": TS, "thread_ts": "1699999999.000100"}]}}
SCOPE = {"ok": False, "error": "missing_scope", "needed": "files:write", "provided": "chat:write"}
OK = reply_with(b"OK - 17", Content_Type="text/plain")

T = TypeVar("T")


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "POLL_MS", (1, 1, 1))


async def give_ticket(request: RawRequest, out: asyncio.StreamWriter) -> None:
    """Reply to files.getUploadURLExternal with an address on the same server."""
    url = f"http://{request.headers['host']}/upload/v1/secret-ticket"
    await reply_with({"ok": True, "upload_url": url, "file_id": "F1"})(request, out)


def info(**fields: Any) -> Responder:
    return reply_with({"ok": True, "file": {"id": "F1", **fields}})


def call(
    responders: list[Responder], request: Callable[[SlackClient], Awaitable[T]], timeout_ms: int = 5_000
) -> tuple[T, RawServer]:
    """Make a request to a server with these responders."""

    async def run() -> tuple[T, RawServer]:
        async with raw_server(*responders) as slack, SlackClient(slack.api_url, timeout_ms, in_flight=2) as client:
            return await request(client), slack

    return asyncio.run(run())


def upload(
    path: Path, *responders: Responder, is_picture: bool = False, size: int = len(CONTENT)
) -> tuple[str | AttemptResult, RawServer]:
    file = RenderedFile(str(path), "sales.csv", size, "Sales", "All sales", is_picture)
    return call(list(responders), lambda client: files.upload(client, TOKEN, file))


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "1.part"
    path.write_bytes(CONTENT)
    return path


def test_upload_streams_the_content_without_the_token(content: Path) -> None:
    file_id, slack = upload(content, give_ticket, OK)
    ticket, sent = slack.requests
    assert file_id == "F1"
    assert ticket.body == {"filename": "sales.csv", "length": "17", "alt_txt": "All sales"}
    assert ticket.headers["authorization"] == f"Bearer {TOKEN}"
    assert (sent.content, sent.headers["content-type"]) == (CONTENT, "application/octet-stream")
    assert "authorization" not in sent.headers


def test_picture_is_completed_privately_and_awaited(content: Path) -> None:
    is_processed = [info(mimetype=""), info(mimetype="image/png")]
    file_id, slack = upload(content, give_ticket, OK, reply_with(COMPLETED), *is_processed, is_picture=True)
    assert file_id == "F1"
    assert slack.requests[2].body == {"files": json.dumps([{"id": "F1", "title": "Sales"}])}
    assert [request.method for request in slack.requests[3:]] == ["files.info", "files.info"]


@pytest.mark.parametrize(
    ("responders", "outcome", "error"),
    [
        pytest.param([reply_with(SCOPE)], Outcome.MESSAGE_REFUSED, "missing_files_scope", id="scope"),
        pytest.param([hang_up], Outcome.NOT_POSTED, "upload_failed", id="no address"),
        pytest.param([reply_with({"ok": True})], Outcome.NOT_POSTED, "upload_failed", id="answer without an address"),
        pytest.param([give_ticket, hang_up], Outcome.NOT_POSTED, "upload_failed", id="content broke off"),
        pytest.param([give_ticket, reply_with(b"", 503)], Outcome.NOT_POSTED, "upload_failed", id="content refused"),
        pytest.param(
            [give_ticket, reply_with(b"", 302, Location="/x")], Outcome.NOT_POSTED, "upload_failed", id="moved"
        ),
        pytest.param(
            [reply_with({"ok": False, "error": "file_uploads_disabled"})],
            Outcome.MESSAGE_REFUSED,
            "file_uploads_disabled",
            id="uploads are off",
        ),
        pytest.param(
            [reply_with({"ok": False, "error": "token_revoked"})], Outcome.TOKEN_REFUSED, "token_revoked", id="token"
        ),
        pytest.param(
            [give_ticket, OK, reply_with({"ok": False, "error": "internal_error"})],
            Outcome.NOT_POSTED,
            "upload_failed",
            id="picture not completed",
        ),
    ],
)
def test_failed_upload_has_posted_nothing(
    content: Path, responders: list[Responder], outcome: Outcome, error: str
) -> None:
    result, _ = upload(content, *responders, is_picture=True)
    assert isinstance(result, AttemptResult)
    assert (result.outcome, result.error) == (outcome, error)


def test_limit_of_uploads_is_waited_for_and_holds_no_posts(content: Path) -> None:
    result, _ = upload(content, reply_with({"ok": False, "error": "ratelimited"}, 429, Retry_After="7"))
    assert isinstance(result, AttemptResult)
    assert (result.outcome, result.retry_after_ms) == (Outcome.NOT_POSTED, 7_000)


@pytest.mark.parametrize("size", [len(CONTENT), 99])
def test_file_that_is_gone_or_changed_is_lost(content: Path, size: int) -> None:
    path = content if size == 99 else content.with_name("gone.part")
    result, slack = upload(path, give_ticket, OK, size=size)
    assert result == AttemptResult(Outcome.MESSAGE_REFUSED, "file_lost")
    assert slack.requests == []


def share(*responders: Responder) -> tuple[AttemptResult, RawServer]:
    return call(
        list(responders), lambda client: files.share(client, TOKEN, "F1", "Sales", CHANNEL, "1699999999.000100")
    )


def test_share_is_posted_once_its_ts_is_known() -> None:
    result, slack = share(reply_with(COMPLETED), info(shares={}), info(shares=SHARES))
    assert result == AttemptResult(Outcome.POSTED, None, TS, 200)
    assert slack.requests[0].body == {
        "files": json.dumps([{"id": "F1", "title": "Sales"}]),
        "channel_id": CHANNEL,
        "thread_ts": "1699999999.000100",
    }
    assert [request.method for request in slack.requests].count("files.completeUploadExternal") == 1


def test_ts_in_the_response_to_a_share_is_taken() -> None:
    result, slack = share(reply_with({"ok": True, "files": [{"id": "F1", "shares": SHARES}]}))
    assert (result.ts, len(slack.requests)) == (TS, 1)


@pytest.mark.parametrize(
    ("responders", "outcome", "error"),
    [
        pytest.param([reply_with(COMPLETED), info()], Outcome.UNKNOWN, "share_pending", id="still processed"),
        pytest.param([reply_with(COMPLETED), reply_with(SCOPE)], Outcome.UNKNOWN, "share_pending", id="unreadable"),
        pytest.param([hang_up], Outcome.UNKNOWN, "connection_lost", id="no answer"),
        pytest.param(
            [reply_with({"ok": False, "error": "file_not_found"})], Outcome.UNKNOWN, "file_not_found", id="dropped"
        ),
        pytest.param([reply_with(SCOPE)], Outcome.MESSAGE_REFUSED, "missing_files_scope", id="scope"),
        pytest.param(
            [reply_with({"ok": False, "error": "ratelimited"}, 429)], Outcome.RATE_LIMITED, "ratelimited", id="limit"
        ),
    ],
)
def test_share_without_a_ts_is_not_posted(responders: list[Responder], outcome: Outcome, error: str) -> None:
    result, _ = share(*responders)
    assert (result.outcome, result.error, result.ts) == (outcome, error, None)


PENDING = HistoryAnswer(LookUpAnswer.LATER, error="share_pending", retry_after_ms=5_000)


@pytest.mark.parametrize(
    ("responder", "answer"),
    [
        pytest.param(info(shares=SHARES), HistoryAnswer(LookUpAnswer.PRESENT, TS), id="shared"),
        pytest.param(info(shares={"public": {"C9": [{"ts": TS}]}}), PENDING, id="shared elsewhere"),
        pytest.param(
            info(shares={"private": SHARES["public"]}), HistoryAnswer(LookUpAnswer.PRESENT, TS), id="private channel"
        ),
        pytest.param(info(), PENDING, id="not shared yet"),
        pytest.param(info(shares={"public": [{CHANNEL: 1}]}), PENDING, id="unreadable shares"),
        pytest.param(
            reply_with({"ok": False, "error": "file_not_found"}),
            HistoryAnswer(LookUpAnswer.ABSENT),
            id="never completed",
        ),
        pytest.param(
            reply_with(SCOPE), HistoryAnswer(LookUpAnswer.CANNOT_ASK, error="missing_files_scope"), id="scope"
        ),
        pytest.param(hang_up, HistoryAnswer(LookUpAnswer.LATER, None, "connection_lost", 5_000), id="no answer"),
    ],
)
def test_look_up_of_a_share_has_an_answer(responder: Responder, answer: HistoryAnswer) -> None:
    result, _ = call([responder], lambda client: files.look_up_share(client, TOKEN, "F1", CHANNEL))
    assert result == answer
