"""One client per child process: many posts in flight over one kept-alive session; each result is a value.

Rules: each request is sent once (slack_sdk's retry handlers post twice when a response is lost). A request that failed
before its first byte left is `not_posted`; a later failure is `unknown`, whatever the error. No token in a repr, a log
line or an error.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, BinaryIO, Self

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from schedbot import clock
from schedbot.model import AttemptResult, Message, Outcome
from schedbot.posts import PLAIN_POST, MessageMetadata, PostOptions
from schedbot.slack.connections import GuardedConnector
from schedbot.slack.posting.post_body import build_request
from schedbot.slack.posting.thread_errors import check_thread
from schedbot.slack.proxies import find_proxy
from schedbot.slack.request_state import (
    REQUEST_STATE,
    RequestState,
    TrackedRequest,
    TrackedResponse,
    classify_exception,
)
from schedbot.slack.response_models import AppIds, ChannelInfo, HistoryPage, Identity, UserInfo, read_app_ids
from schedbot.slack.response_parser import parse_response, parse_retry_after

CONNECT_SECONDS = 10.0
# Shorter than the usual idle time-out of load balancers, so that the client closes an idle connection first.
KEEP_ALIVE_SECONDS = 15.0
# Connections for look-ups beside those for posts: a look-up never waits for a post, nor a post for a look-up.
LOOK_UP_CONNECTIONS = 2

# Made once: json.dumps would make an encoder for each post.
serialize = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode

# slack_sdk formats every request and response for the log unless its logger's own level is above DEBUG.
_LOG = logging.getLogger("schedbot.slack.sdk")
_LOG.setLevel(logging.WARNING)

Request = Callable[[], Coroutine[Any, Any, AsyncSlackResponse]]


class SlackClient:
    """Posts to Slack and reads from it. Use with `async with`; never raises for an error of Slack or the network."""

    def __init__(self, api_url: str, timeout_ms: int, in_flight: int) -> None:
        self.api_url = api_url if api_url.endswith("/") else api_url + "/"
        self._proxy = find_proxy(self.api_url)
        self.timeout_ms = timeout_ms
        self._in_flight = in_flight
        self._look_ups = asyncio.Semaphore(LOOK_UP_CONNECTIONS)
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None
        # Slack's clock minus ours, from the last response; None before the first. Accurate to a second.
        self._clock_offset_ms: int | None = None
        self._clock_date = ""  # of the response that it is from
        self._app_ids: dict[str, AppIds] = {}  # by token

    def __repr__(self) -> str:
        return f"SlackClient({self.api_url!r})"

    async def __aenter__(self) -> Self:
        seconds = self.timeout_ms / 1000
        self._session = aiohttp.ClientSession(
            connector=GuardedConnector(
                limit=self._in_flight + LOOK_UP_CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=300
            ),
            # slack_sdk's own time-out does not apply to a session that is passed in.
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds)),
            cookie_jar=aiohttp.DummyCookieJar(),  # workspaces share the session, and must not share cookies
            headers={"Accept-Encoding": "gzip"},
            json_serialize=serialize,
            auto_decompress=False,  # TrackedResponse does it, within a limit
            request_class=TrackedRequest,
            response_class=TrackedResponse,
        )
        self._web = AsyncWebClient(None, self.api_url, session=self._session, retry_handlers=[], logger=_LOG)
        # slack_sdk knows neither ALL_PROXY nor NO_PROXY.
        self._web.proxy = self._proxy.address if self._proxy else None
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
        metadata: MessageMetadata | None,
        options: PostOptions = PLAIN_POST,
        *,
        timeout_ms: int | None = None,
    ) -> AttemptResult:
        """Post once, or update the message of `options`. `metadata` goes into the message's metadata.

        `timeout_ms` may shorten the client's time-out.
        """
        method, fields = build_request(channel, message, metadata, options)
        body = {"token": token, **fields}
        web = self._open_client()
        # api_call, because chat_postMessage first looks for slack_sdk's own classes in all of the blocks.
        response = await self._send(lambda: web.api_call(method, json=body), timeout_ms)
        if isinstance(response, AttemptResult):
            return check_thread(response, None, options)
        result = parse_response(response.status_code, response.headers, _get_body(response), channel)
        posted_message = response.get("message")
        if result.outcome is Outcome.POSTED and isinstance(posted_message, Mapping):
            self.record_app_ids(token, read_app_ids(posted_message))
        return check_thread(result, posted_message, options)

    async def call(self, token: str, method: str, fields: Mapping[str, str | int]) -> Mapping[str, Any] | AttemptResult:
        """Call a method once. Return the fields of a response that is `ok`, else the result of the refusal."""
        web = self._open_client()
        # As a form: the methods of slack_sdk put the fields into the address, which has a limit and is logged.
        headers = {"Authorization": f"Bearer {token}"}
        response = await self._send(lambda: web.api_call(method, data=dict(fields), headers=headers))
        if isinstance(response, AttemptResult) or not isinstance(response.data, Mapping):
            return response if isinstance(response, AttemptResult) else AttemptResult(Outcome.UNKNOWN, "not_json")
        return response.data

    async def send_file(self, url: str, content: BinaryIO, timeout_ms: int) -> AttemptResult | None:
        """Stream the content of a file to an address of Slack, without the token. Return None once Slack has it."""
        self._open_client()
        session, proxy = self._session, self._proxy.address if self._proxy else None
        assert session is not None
        state = RequestState()
        REQUEST_STATE.set(state)
        try:
            timeout = aiohttp.ClientTimeout(total=timeout_ms / 1000, sock_connect=CONNECT_SECONDS)
            headers = {"Content-Type": "application/octet-stream"}
            async with session.post(url, data=content, headers=headers, proxy=proxy, timeout=timeout) as response:
                await response.read()
                status, wait_ms = response.status, parse_retry_after(response.headers)
        except Exception as error:
            state.give_up()
            return self._name_proxy(classify_exception(error, state))
        if status == 429:
            return AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, status, wait_ms)
        return None if status == 200 else AttemptResult(Outcome.UNKNOWN, f"http_{status}", None, status)

    async def fetch_history(
        self, token: str, channel: str, *, oldest: str, latest: str, limit: int = 200, thread_ts: str = ""
    ) -> HistoryPage | AttemptResult:
        """Return the channel's messages from `oldest` to `latest` (Slack's `ts`, both inclusive), with metadata.

        With `thread_ts`, return those of a thread, oldest first, after its first message, whatever the time of that is.
        """
        web = self._open_client()
        bounds: dict[str, Any] = {"oldest": oldest, "latest": latest, "inclusive": True, "limit": limit}
        arguments = {"token": token, "channel": channel, "include_all_metadata": True, **bounds}
        response = await self._send_look_up(
            lambda: (
                web.conversations_replies(ts=thread_ts, **arguments)
                if thread_ts
                else web.conversations_history(**arguments)
            )
        )
        if isinstance(response, AttemptResult):
            return response
        messages = response.get("messages")
        if not isinstance(messages, list):  # taken for an empty page, it would make a post absent
            return AttemptResult(Outcome.UNKNOWN, "not_json", None, response.status_code)
        messages = [message for message in messages if isinstance(message, Mapping)]
        return HistoryPage(messages, bool(response.get("has_more")))

    async def fetch_app_ids(self, token: str) -> AppIds:
        """Return the ids of the token's app, from its posts or else from auth.test; empty ids if that fails."""
        if token not in self._app_ids:
            web = self._open_client()
            response = await self._send_look_up(lambda: web.auth_test(token=token))
            if isinstance(response, AttemptResult):
                return AppIds()
            self.record_app_ids(token, read_app_ids({name: response.get(name) for name in ("bot_id", "app_id")}))
        return self._app_ids.get(token, AppIds())

    def record_app_ids(self, token: str, ids: AppIds) -> None:
        """Remember the ids of the token's app."""
        if ids != AppIds():
            self._app_ids[token] = ids

    async def fetch_identity(self, token: str) -> Identity | AttemptResult:
        """Return the token's workspace and user (auth.test), with the scopes from the response's header."""
        web = self._open_client()
        response = await self._send(lambda: web.auth_test(token=token))
        if isinstance(response, AttemptResult):
            return response
        header = next((value for name, value in response.headers.items() if name.lower() == "x-oauth-scopes"), "")
        scopes = frozenset(scope.strip() for scope in header.split(",") if scope.strip())
        team, team_id, user, url = (str(response.get(name) or "") for name in ("team", "team_id", "user", "url"))
        return Identity(team, team_id, user, url, scopes)

    async def fetch_channel(self, token: str, channel: str) -> ChannelInfo | AttemptResult:
        """Return the state of the channel in Slack (conversations.info)."""
        web = self._open_client()
        response = await self._send(lambda: web.conversations_info(token=token, channel=channel))
        if isinstance(response, AttemptResult):
            return response
        value = response.get("channel")
        fields = value if isinstance(value, Mapping) else {}
        flags = (bool(fields.get(flag)) for flag in ("is_archived", "is_member", "is_private"))
        return ChannelInfo(str(fields.get("id") or channel), str(fields.get("name") or ""), *flags)

    async def fetch_user(self, token: str, user: str, *, timeout_ms: int | None = None) -> UserInfo | AttemptResult:
        """Return the state of the user in Slack (users.info); `timeout_ms` may shorten the client's time-out."""
        web = self._open_client()
        response = await self._send(lambda: web.users_info(token=token, user=user), timeout_ms)
        if isinstance(response, AttemptResult):
            return response
        fields = response.get("user")
        if not isinstance(fields, Mapping):
            return AttemptResult(Outcome.UNKNOWN, "not_json", None, response.status_code)
        return UserInfo(str(fields.get("id") or user), str(fields.get("tz") or ""), bool(fields.get("deleted")))

    def _open_client(self) -> AsyncWebClient:
        """Return slack_sdk's client, shared by all workspaces: it puts a call's `token` only into that header."""
        # Otherwise slack_sdk would open a session of its own, without tracked requests.
        if self._web is None or self._session is None or self._session.closed:
            raise RuntimeError("SlackClient is used outside of its `async with`")
        return self._web

    async def _send_look_up(self, request: Request) -> AsyncSlackResponse | AttemptResult:
        """Send when fewer than LOOK_UP_CONNECTIONS look-ups are in flight; the wait counts towards the time-out."""
        started_at = clock.steady_ms()
        try:
            async with asyncio.timeout(self.timeout_ms / 1000):
                await self._look_ups.acquire()
        except TimeoutError:
            return AttemptResult(Outcome.NOT_POSTED, "connect_timeout")
        try:
            return await self._send(request, max(1, self.timeout_ms + started_at - clock.steady_ms()))
        finally:
            self._look_ups.release()

    async def _send(self, request: Request, timeout_ms: int | None = None) -> AsyncSlackResponse | AttemptResult:
        """Return Slack's response if it is `ok`, else the result of the refusal or exception."""
        if self._proxy and not self._proxy.is_usable:
            return AttemptResult(Outcome.NOT_POSTED, "bad_proxy", detail=str(self._proxy))
        state = RequestState()
        REQUEST_STATE.set(state)
        try:
            response = await (request() if timeout_ms is None else asyncio.wait_for(request(), timeout_ms / 1000))
            if not isinstance(response.data, Mapping):
                return parse_response(response.status_code, response.headers, b"")
            self._record_clock_offset(state.date)  # never from a proxy's page: that has the proxy's time
            return response
        except SlackApiError as refusal:
            response = refusal.response
            if isinstance(response, AsyncSlackResponse):
                return parse_response(response.status_code, response.headers, _get_body(response))
            return parse_response(response.status, response.headers, b"")
        except Exception as error:
            state.give_up()
            return self._name_proxy(classify_exception(error, state))

    def _name_proxy(self, result: AttemptResult) -> AttemptResult:
        """Return the result of a request that did not leave, with the proxy that it was to go through."""
        if self._proxy is None or result.outcome is not Outcome.NOT_POSTED:
            return result
        return result._replace(detail=f"The way to Slack is through the proxy of {self._proxy}.")

    def take_clock_offset(self) -> int | None:
        """Return Slack's clock minus ours in milliseconds and reset it; None without a response since the last call."""
        offset_ms, self._clock_offset_ms = self._clock_offset_ms, None
        return offset_ms

    def _record_clock_offset(self, date: str | None) -> None:
        # It is only noted: no date, however malformed, changes the outcome of a request.
        if not date or date == self._clock_date:  # it has whole seconds
            return
        with suppress(Exception):
            self._clock_date = date
            slack_ms = int(parsedate_to_datetime(date).timestamp() * 1000) + 500
            self._clock_offset_ms = slack_ms - clock.now_ms()


def _get_body(response: AsyncSlackResponse) -> bytes | str | Mapping[str, Any]:
    body = response.data
    return body if isinstance(body, bytes | str | Mapping) else json.dumps(body)
