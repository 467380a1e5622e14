"""`/api/<method>`: reads a request, finds the workspace of its token, and answers like Slack or with an ordered fault.

`/upload/v1/<ticket>` takes the bytes of a file; its faults are those of the method `upload`.

Benchmarks depend on this path: no step is done twice, and only a fault awaits.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, decode, rate_limited, refusal
from schedbot.sandbox.faults import ActiveFaults, Fault
from schedbot.sandbox.held_requests import HeldRequests
from schedbot.sandbox.methods import METHODS, Call
from schedbot.sandbox.methods.call import is_true
from schedbot.sandbox.request_log import RequestRecord, new_request_log
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.upload_content import read_content, store_content
from schedbot.sandbox.workspaces import SandboxWorkspace

PREFIX = "/api/"
UPLOAD_PREFIX = "/upload/v1/"
UPLOAD = "upload"
FAULTS_BEFORE_STORING = ("hold_before", "drop_before", "stall")
DROPPED = ApiResponse(b"", "dropped")
# The argument that the log shows as the text of a request, and that the condition `contains` of a fault reads.
TEXT_ARGS = ("text", "markdown_text", "filename", "files", "file", "users", "ts", "refresh_token")
Perform = Callable[[], ApiResponse]


@dataclass(slots=True)
class ApiRequest:
    """A parsed request. `body_error` is Slack's code for an unreadable body."""

    method: str
    args: Json
    token: str
    workspace: SandboxWorkspace | None
    arrived_at: float
    body_error: str = ""
    host: str = ""


@dataclass(slots=True)
class Api:
    """Slack's Web API with its state, faults and request log."""

    state: SandboxState
    faults: ActiveFaults = field(default_factory=ActiveFaults)
    held: HeldRequests = field(default_factory=HeldRequests)
    request_log: deque[RequestRecord] = field(default_factory=new_request_log)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request. Never raises for an invalid request."""
        parsed = self._parse(request, await request.read())
        return await self._respond(request, _build_record(parsed), lambda: self._perform(parsed))

    async def receive_upload(self, request: web.Request) -> web.Response:
        """Take the bytes of a file at the address of its ticket."""
        ticket = request.path[len(UPLOAD_PREFIX) :]
        file = next((file for file in self.state.files.values() if file.ticket == ticket), None)
        content = await read_content(request)
        record = RequestRecord(UPLOAD, file.workspace if file else "", "", file.name if file else "")
        return await self._respond(request, record, lambda: store_content(file, content))

    async def _respond(self, request: web.Request, record: RequestRecord, perform: Perform) -> web.Response:
        """Perform a request, or inject a fault, and log the outcome."""
        self.request_log.append(record)
        fault = self._next_fault(record) if self.faults.active else None
        response = perform() if fault is None else await self._inject(fault, perform)
        record.outcome = response.outcome
        if response is DROPPED:
            _close_connection(request)
        return _build_web_response(response)

    def _parse(self, request: web.Request, body: bytes) -> ApiRequest:
        arrived_at = time.monotonic()
        body_error = ""
        try:
            args = _parse_args(request, body)
        except RequestRefused as refused:
            args, body_error = {}, refused.code
        token = _find_token(request, args)
        workspace = self.state.by_token.get(token) or self._find_by_refresh_token(args)
        method, host = request.path[len(PREFIX) :], request.host
        return ApiRequest(method, args, token, workspace, arrived_at, body_error, host)

    def _find_by_refresh_token(self, args: Json) -> SandboxWorkspace | None:
        """Return the workspace that a refresh token names, also one that was used."""
        parts = str(args.get("refresh_token") or "").removeprefix("xoxe-1-").rpartition("-")
        return self.state.workspaces.get(parts[0])

    def _next_fault(self, record: RequestRecord) -> Fault | None:
        fault = self.faults.next_for(record.method, record.workspace, record.channel, record.text)
        if fault is not None:
            record.fault = fault.kind
        return fault

    def _perform(self, request: ApiRequest) -> ApiResponse:
        method = METHODS.get(request.method)
        if method is None:
            return refusal("unknown_method", {"req_method": request.method})
        if request.body_error:
            return refusal(request.body_error)
        if request.workspace is None:
            return refusal("invalid_auth" if request.token else "not_authed")
        try:
            call = Call(request.method, request.args, request.workspace, request.arrived_at, request.host)
            return method(call, self.state)
        except RequestRefused as refused:
            return refusal(refused.code, refused.extra)

    async def _inject(self, fault: Fault, perform: Perform) -> ApiResponse:
        """Answer with the fault, or delay or drop the response."""
        if fault.kind in FAULTS_BEFORE_STORING and not await self._reaches_slack(fault):
            return DROPPED
        replacement = _build_replacement(fault)
        if replacement is not None and not fault.options["stored"]:
            return replacement
        self.state.upload_delay_s = fault.options["ms"] / 1000 if fault.kind == "late" else 0
        response = perform()
        self.state.upload_delay_s = 0
        match fault.kind:
            case "delay":
                await asyncio.sleep(fault.options["ms"] / 1000)
            case "hold" if not await self.held.wait_for_release():
                return DROPPED
            case "drop_after":
                return DROPPED
            case "late" if fault.options["lost"]:
                return DROPPED
        return replacement or response

    async def _reaches_slack(self, fault: Fault) -> bool:
        """Apply a fault before the message is stored. Is the request performed afterwards?"""
        if fault.kind == "hold_before":
            return await self.held.wait_for_release()
        if fault.kind == "stall":
            await asyncio.Event().wait()
        return False


def _build_replacement(fault: Fault) -> ApiResponse | None:
    """Return the response that replaces Slack's own, or None."""
    options = fault.options
    match fault.kind:
        case "error":
            return refusal(options["code"], _build_detail(options["detail"]))
        case "status":
            return ApiResponse(options["body"].encode(), f"http_{options['status']}", options["status"])
        case "ratelimit":
            return rate_limited(options["retry_after"])
        case "garbage":
            return ApiResponse(options["body"].encode(), "garbage")
    return None


def _build_detail(sentence: str) -> Json:
    return {"errors": [sentence], "response_metadata": {"messages": [f"[ERROR] {sentence}"]}} if sentence else {}


def _parse_args(request: web.Request, body: bytes) -> Json:
    """Return the arguments from the URL, a form or JSON. Raises RequestRefused."""
    args: Json = dict(parse_qsl(request.query_string)) if request.query_string else {}
    if not body:
        return args
    if "json" not in request.headers.get("Content-Type", ""):
        args.update(parse_qsl(body.decode(errors="replace")))
        return args
    try:
        parsed = decode(body)
    except ValueError:
        raise RequestRefused("invalid_json") from None
    if not isinstance(parsed, dict):
        raise RequestRefused("json_not_object")
    return args | parsed


def _find_token(request: web.Request, args: Json) -> str:
    header = request.headers.get("Authorization", "")
    return header[len("Bearer ") :] if header.startswith("Bearer ") else str(args.get("token") or "")


def _build_record(request: ApiRequest) -> RequestRecord:
    args, workspace = request.args, request.workspace
    text = next((str(args[name]) for name in TEXT_ARGS if args.get(name)), "")
    channel, thread_ts = str(args.get("channel") or args.get("channel_id") or ""), str(args.get("thread_ts") or "")
    unfurl = is_true(args.get("unfurl_links")) or is_true(args.get("unfurl_media"))
    return RequestRecord(request.method, workspace.name if workspace else "", channel, text, thread_ts, unfurl)


def _close_connection(request: web.Request) -> None:
    """Close the connection, so that a response written later is discarded."""
    if request.transport is not None:
        request.transport.close()


def _build_web_response(response: ApiResponse) -> web.Response:
    content_type = "text/html" if response.outcome == "garbage" else response.content_type
    return web.Response(
        body=response.body,
        status=response.status,
        headers=response.headers or None,
        content_type=content_type,
        charset="utf-8",
    )
