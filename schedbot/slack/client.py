"""One client a child: many posts in flight over one kept-alive session, and an answer that is always a value.

Rules: a request is tried once, here (slack_sdk's retry handlers post twice when an answer is lost). Whether a post may
have happened is decided by whether its first byte left, not by the name of an error: what broke before is `not_posted`,
what broke after is `unknown`. No token in a repr, a log line or an error.
"""

import asyncio
import json
import logging
import urllib.request
from collections.abc import Callable, Coroutine, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from schedbot import clock
from schedbot.model import AttemptResult, Message, MessageMetadata, Outcome
from schedbot.slack.replies import verdict
from schedbot.slack.request_state import FLIGHT, Flight, TellingRequest, TellingResponse, silence
from schedbot.slack.responses import ChannelSeen, Identity, Page, PersonSeen

EVENT_TYPE = "schedbot_job"
CONNECT_SECONDS = 10.0
# Below what load balancers commonly allow, so that we close an idle connection before they do.
KEEP_ALIVE_SECONDS = 15.0
# So that a look-up finds a connection while all posts are in flight; and no more, so that a post finds one, too.
FOR_LOOK_UPS = 2

# slack_sdk words every request and answer for the log unless its logger's own level is above DEBUG.
_LOG = logging.getLogger("schedbot.slack.sdk")
_LOG.setLevel(logging.WARNING)


class SlackClient:
    """Posts to Slack and reads back. Use it with `async with`; it never raises for what Slack or the network does."""

    def __init__(self, api_url: str, timeout_ms: int, in_flight: int) -> None:
        self._api_url = api_url if api_url.endswith("/") else api_url + "/"
        self._timeout_ms = timeout_ms
        self._in_flight = in_flight
        self._look_ups = asyncio.Semaphore(FOR_LOOK_UPS)
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None
        # Slack's clock less ours, as its last answer said; None before the first. Good to a second.
        self._clock_ms: int | None = None

    def __repr__(self) -> str:
        return f"SlackClient({self._api_url!r})"

    async def __aenter__(self) -> Self:
        seconds = self._timeout_ms / 1000
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._in_flight + FOR_LOOK_UPS, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=300
            ),
            # slack_sdk's own time-out does not apply to a session that it is given.
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds)),
            cookie_jar=aiohttp.DummyCookieJar(),  # workspaces share the session, and must not share cookies
            request_class=TellingRequest,
            response_class=TellingResponse,
        )
        self._web = AsyncWebClient(None, self._api_url, session=self._session, retry_handlers=[], logger=_LOG)
        if _goes_directly(self._api_url):
            self._web.proxy = None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(
        self,
        token: str,
        channel: str,
        message: Message,
        stamp: MessageMetadata | None,
        *,
        timeout_ms: int | None = None,
    ) -> AttemptResult:
        """Post once. `stamp` goes into the message's metadata; `timeout_ms` may shorten the client's own time-out."""
        body: dict[str, Any] = {
            "token": token,
            "channel": channel,
            "text": message.text,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if message.blocks:
            body["blocks"] = list(message.blocks)
        if stamp:
            body["metadata"] = {"event_type": EVENT_TYPE, "event_payload": payload(stamp)}
        web = self._open()
        # api_call, because chat_postMessage first looks for slack_sdk's own classes through all of the blocks.
        answer = await self._ask(lambda: web.api_call("chat.postMessage", json=body), timeout_ms)
        return (
            answer if isinstance(answer, AttemptResult) else verdict(answer.status_code, answer.headers, _body(answer))
        )

    async def history(
        self, token: str, channel: str, *, oldest: str, latest: str, limit: int = 200, cursor: str | None = None
    ) -> Page | AttemptResult:
        """The channel's messages from `oldest` to `latest` (Slack's `ts`, both inclusive), with their metadata."""
        web = self._open()
        answer = await self._ask_in_turn(
            lambda: web.conversations_history(
                token=token,
                channel=channel,
                oldest=oldest,
                latest=latest,
                limit=limit,
                cursor=cursor,
                inclusive=True,
                include_all_metadata=True,
            )
        )
        if isinstance(answer, AttemptResult):
            return answer
        messages = answer.get("messages")
        if not isinstance(messages, list):  # taken for an empty page, it would make a post absent
            return AttemptResult(Outcome.UNKNOWN, "not_json", None, answer.status_code)
        return Page(
            [one for one in messages if isinstance(one, Mapping)], bool(answer.get("has_more")), _next_cursor(answer)
        )

    async def auth_test(self, token: str) -> Identity | AttemptResult:
        """Whose token it is (auth.test), with its scopes from the header."""
        web = self._open()
        answer = await self._ask(lambda: web.auth_test(token=token))
        if isinstance(answer, AttemptResult):
            return answer
        said = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), "")
        scopes = frozenset(scope.strip() for scope in said.split(",") if scope.strip())
        team, team_id, user, url = (str(answer.get(name) or "") for name in ("team", "team_id", "user", "url"))
        return Identity(team, team_id, user, url, scopes)

    async def conversation_info(self, token: str, channel: str) -> ChannelSeen | AttemptResult:
        """What Slack says of the channel (conversations.info)."""
        web = self._open()
        answer = await self._ask(lambda: web.conversations_info(token=token, channel=channel))
        if isinstance(answer, AttemptResult):
            return answer
        said = answer.get("channel")
        seen = said if isinstance(said, Mapping) else {}
        flags = (bool(seen.get(flag)) for flag in ("is_archived", "is_member", "is_private"))
        return ChannelSeen(str(seen.get("id") or channel), str(seen.get("name") or ""), *flags)

    async def user_info(self, token: str, user: str, *, timeout_ms: int | None = None) -> PersonSeen | AttemptResult:
        """What Slack says of the user (users.info); `timeout_ms` may shorten the client's own time-out."""
        web = self._open()
        answer = await self._ask(lambda: web.users_info(token=token, user=user), timeout_ms)
        if isinstance(answer, AttemptResult):
            return answer
        said = answer.get("user")
        if not isinstance(said, Mapping):
            return AttemptResult(Outcome.UNKNOWN, "not_json", None, answer.status_code)
        return PersonSeen(str(said.get("id") or user), str(said.get("tz") or ""), bool(said.get("deleted")))

    def _open(self) -> AsyncWebClient:
        """What asks for all workspaces: slack_sdk puts the `token` of a call into its header, and nowhere else."""
        # slack_sdk would quietly open a session of its own, in which nothing tells whether a post left.
        if self._web is None or self._session is None or self._session.closed:
            raise RuntimeError("SlackClient is used outside of its `async with`")
        return self._web

    async def _ask_in_turn(
        self, ask: Callable[[], Coroutine[Any, Any, AsyncSlackResponse]]
    ) -> AsyncSlackResponse | AttemptResult:
        """As `_ask`, once fewer than FOR_LOOK_UPS others do; that wait is part of the time-out."""
        began_at = clock.steady_ms()
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                await self._look_ups.acquire()
        except TimeoutError:
            return AttemptResult(Outcome.NOT_POSTED, "connect_timeout")
        try:
            return await self._ask(ask, max(1, self._timeout_ms + began_at - clock.steady_ms()))
        finally:
            self._look_ups.release()

    async def _ask(
        self, ask: Callable[[], Coroutine[Any, Any, AsyncSlackResponse]], timeout_ms: int | None = None
    ) -> AsyncSlackResponse | AttemptResult:
        """Slack's answer where it is `ok`, else what its refusal or its silence means."""
        flight = Flight()
        FLIGHT.set(flight)
        try:
            answer = await (ask() if timeout_ms is None else asyncio.wait_for(ask(), timeout_ms / 1000))
            if not isinstance(answer.data, Mapping):
                return verdict(answer.status_code, answer.headers, b"")
            self._note_clock(flight.date)  # a proxy's page tells the proxy's time
            return answer
        except SlackApiError as refused:
            response = refused.response
            if isinstance(response, AsyncSlackResponse):
                return verdict(response.status_code, response.headers, _body(response))
            return verdict(response.status, response.headers, b"")
        except Exception as error:
            flight.give_up()
            return silence(error, flight)

    def take_clock(self) -> int | None:
        """Slack's clock less ours in milliseconds, as an answer since the last call said; None where none did."""
        told, self._clock_ms = self._clock_ms, None
        return told

    def _note_clock(self, date: str | None) -> None:
        try:
            said = parsedate_to_datetime(date) if date else None
        except ValueError:  # some proxy's own spelling
            return
        if said is not None:
            self._clock_ms = int(said.timestamp() * 1000) + 500 - clock.now_ms()


def payload(stamp: MessageMetadata) -> dict[str, str | int]:
    """What a message's metadata says of it: whose it is, and nothing private (every member of the channel sees it)."""
    return {"installation": stamp.installation, "occurrence": stamp.occurrence, "attempt": stamp.attempt}


def _goes_directly(api_url: str) -> bool:
    """Whether no proxy stands in the way: slack_sdk reads HTTPS_PROXY and HTTP_PROXY, but not NO_PROXY."""
    host = urlsplit(api_url).hostname or ""
    return host in ("localhost", "127.0.0.1", "::1") or bool(urllib.request.proxy_bypass(host))


def _body(answer: AsyncSlackResponse) -> bytes | str | Mapping[str, Any]:
    body = answer.data
    return body if isinstance(body, bytes | str | Mapping) else json.dumps(body)


def _next_cursor(answer: AsyncSlackResponse) -> str:
    said = answer.get("response_metadata")
    return str(said.get("next_cursor") or "") if isinstance(said, Mapping) else ""
