"""`/api/<method>`: a request is read, its token looked at, and it is answered as Slack would, or as was ordered.

This is the path that benches press on: nothing is done twice, and nothing is awaited unless a fault asks for it.
"""

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from schedbot.sandbox.answers import Answer, Json, Refused, rate_limited, refusal
from schedbot.sandbox.faults import Fault, Faults
from schedbot.sandbox.held_requests import Gate
from schedbot.sandbox.history import history
from schedbot.sandbox.methods import Call, Method, auth_test, info, post_message, update, user_info
from schedbot.sandbox.request_log import Received, new_record
from schedbot.sandbox.state import World
from schedbot.sandbox.workspaces import Workspace

METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "chat.postMessage": post_message,
    "chat.update": update,
    "conversations.history": history,
    "conversations.info": info,
    "users.info": user_info,
}
PREFIX = "/api/"
BEFORE_STORING = ("hold_before", "drop_before", "stall")
DROPPED = Answer(b"", "dropped")


@dataclass(slots=True)
class Asked:
    """One request as it was read. `bad` is Slack's code for a body that could not be read."""

    method: str
    given: Json
    token: str
    workspace: Workspace | None
    arrived_at: float
    bad: str = ""


@dataclass(slots=True)
class Api:
    """The door that Slack's clients come to."""

    world: World
    faults: Faults = field(default_factory=Faults)
    gate: Gate = field(default_factory=Gate)
    received: deque[Received] = field(default_factory=new_record)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request; never raises for what a client sent."""
        asked = self._read(request, await request.read())
        record = _record(asked)
        self.received.append(record)
        fault = self._fault(record) if self.faults.standing else None
        answer = self._perform(asked) if fault is None else await self._play(fault, asked)
        record.outcome = answer.outcome
        if answer is DROPPED:
            _drop(request)
        return _response(answer)

    def _read(self, request: web.Request, body: bytes) -> Asked:
        arrived_at = time.monotonic()
        bad = ""
        try:
            given = _given(request, body)
        except Refused as refused:
            given, bad = {}, refused.code
        token = _token(request, given)
        return Asked(request.path[len(PREFIX) :], given, token, self.world.by_token.get(token), arrived_at, bad)

    def _fault(self, record: Received) -> Fault | None:
        fault = self.faults.met_by(record.method, record.workspace, record.channel, record.text)
        if fault is not None:
            record.fault = fault.kind
        return fault

    def _perform(self, asked: Asked) -> Answer:
        method = METHODS.get(asked.method)
        if method is None:
            return refusal("unknown_method", {"req_method": asked.method})
        if asked.bad:
            return refusal(asked.bad)
        if asked.workspace is None:
            return refusal("invalid_auth" if asked.token else "not_authed")
        try:
            return method(Call(asked.method, asked.given, asked.workspace, asked.arrived_at), self.world)
        except Refused as refused:
            return refusal(refused.code, refused.more)

    async def _play(self, fault: Fault, asked: Asked) -> Answer:
        """Do what was ordered instead of, or around, answering."""
        if fault.kind in BEFORE_STORING and not await self._let_through(fault):
            return DROPPED
        replaced = _replacement(fault)
        if replaced is not None and not fault.options["stored"]:
            return replaced
        answer = self._perform(asked)
        match fault.kind:
            case "delay":
                await asyncio.sleep(fault.options["ms"] / 1000)
            case "hold" if not await self.gate.pass_through():
                return DROPPED
            case "drop_after":
                return DROPPED
        return replaced or answer

    async def _let_through(self, fault: Fault) -> bool:
        """What stands between reading a request and storing its message."""
        if fault.kind == "hold_before":
            return await self.gate.pass_through()
        if fault.kind == "stall":
            await asyncio.Event().wait()
        return False


def _replacement(fault: Fault) -> Answer | None:
    """What is answered in place of Slack's own answer, or None."""
    options = fault.options
    match fault.kind:
        case "error":
            return refusal(options["code"], _detail(options["detail"]))
        case "status":
            return Answer(options["body"].encode(), f"http_{options['status']}", options["status"])
        case "ratelimit":
            return rate_limited(options["retry_after"])
        case "garbage":
            return Answer(options["body"].encode(), "garbage")
    return None


def _detail(sentence: str) -> Json:
    return {"errors": [sentence], "response_metadata": {"messages": [f"[ERROR] {sentence}"]}} if sentence else {}


def _given(request: web.Request, body: bytes) -> Json:
    """The arguments, from the address, a form or JSON. Raises Refused."""
    given: Json = dict(parse_qsl(request.query_string)) if request.query_string else {}
    if not body:
        return given
    if "json" not in request.headers.get("Content-Type", ""):
        given.update(parse_qsl(body.decode(errors="replace")))
        return given
    try:
        parsed = json.loads(body)
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(parsed, dict):
        raise Refused("json_not_object")
    return given | parsed


def _token(request: web.Request, given: Json) -> str:
    shown = request.headers.get("Authorization", "")
    return shown[len("Bearer ") :] if shown.startswith("Bearer ") else str(given.get("token") or "")


def _record(asked: Asked) -> Received:
    given = asked.given
    text = str(given.get("text") or given.get("markdown_text") or "")
    return Received(
        asked.method, asked.workspace.name if asked.workspace else "", str(given.get("channel") or ""), text
    )


def _drop(request: web.Request) -> None:
    """Close the connection: what is then written to it goes nowhere."""
    if request.transport is not None:
        request.transport.close()


def _response(answer: Answer) -> web.Response:
    kind = "text/html" if answer.outcome == "garbage" else "application/json"
    return web.Response(
        body=answer.body, status=answer.status, headers=answer.headers or None, content_type=kind, charset="utf-8"
    )
