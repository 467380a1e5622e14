"""Ordered faults: their effect, and the requests that they apply to."""

import threading
import time
from http.client import RemoteDisconnected
from typing import Any

import pytest

from schedbot.errors import BadInput
from schedbot.sandbox import faults
from tests.support.app import until
from tests.support.sandbox.client import Reply, SandboxClient


class BackgroundPost:
    """A post sent from another thread."""

    def __init__(self, server: SandboxClient, text: str, channel: str = "C1") -> None:
        self.replies: list[Reply | Exception] = []
        self.thread = threading.Thread(target=self._post, args=(server, text, channel), daemon=True)
        self.thread.start()

    def _post(self, server: SandboxClient, text: str, channel: str) -> None:
        try:
            self.replies.append(server("chat.postMessage", channel=channel, text=text))
        except OSError as error:
            self.replies.append(error)

    def reply(self) -> Reply | Exception:
        self.thread.join(10)
        return self.replies[0]


def post(server: SandboxClient, text: str = "x", channel: str = "C1") -> Reply:
    return server("chat.postMessage", channel=channel, text=text)


@pytest.mark.parametrize(
    ("kind", "more", "status", "text"),
    [
        ("error", {}, 200, '{"ok":false,"error":"internal_error"}'),
        ("error", {"code": "fatal_error"}, 200, '{"ok":false,"error":"fatal_error"}'),
        ("status", {}, 500, ""),
        ("status", {"status": 503, "body": "busy"}, 503, "busy"),
        ("ratelimit", {"retry_after": 7}, 429, '{"ok":false,"error":"ratelimited"}'),
        ("garbage", {}, 200, "<html>Service Unavailable</html>"),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_fault_replaces_the_response(
    any_server: SandboxClient, kind: str, more: dict[str, Any], status: int, text: str, stored: bool
) -> None:
    any_server.control.order(kind, stored=stored, **more)
    response = post(any_server)
    assert (response.status, response.text) == (status, text)
    assert any_server.control.texts("C1") == (["x"] if stored else [])
    assert post(any_server).body["ok"] is True


def test_rate_limit_has_a_retry_after(any_server: SandboxClient) -> None:
    any_server.control.order("ratelimit", retry_after=7)
    assert post(any_server).headers["retry-after"] == "7"


def test_error_may_have_a_detail(any_server: SandboxClient) -> None:
    any_server.control.order("error", code="invalid_blocks", detail="downloading image failed")
    response = post(any_server).body
    assert response["errors"] == ["downloading image failed"]
    assert response["response_metadata"] == {"messages": ["[ERROR] downloading image failed"]}


@pytest.mark.parametrize(("kind", "texts"), [("drop_before", []), ("drop_after", ["x"])])
def test_connection_drops_before_or_after_storing(any_server: SandboxClient, kind: str, texts: list[str]) -> None:
    any_server.control.order(kind)
    with pytest.raises(RemoteDisconnected):
        post(any_server)
    assert any_server.control.texts("C1") == texts
    assert any_server.control.requests()[-1]["outcome"] == "dropped"


def test_held_response_waits_for_its_release(any_server: SandboxClient) -> None:
    any_server.control.order("hold")
    background = BackgroundPost(any_server, "x")
    any_server.control.wait_for_held(1)
    assert any_server.control.texts("C1") == ["x"]
    assert (background.replies, any_server.control.requests()[-1]["outcome"]) == ([], "open")
    assert any_server.control.release() == 1
    reply = background.reply()
    assert isinstance(reply, Reply)
    assert reply.body["ok"] is True


def test_hold_before_stores_the_message_on_release(any_server: SandboxClient) -> None:
    any_server.control.order("hold_before")
    background = BackgroundPost(any_server, "late")
    any_server.control.wait_for_held(1)
    post(any_server, "early")
    assert any_server.control.texts("C1") == ["early"]
    any_server.control.release()
    background.reply()
    assert any_server.control.texts("C1") == ["early", "late"]


def test_held_requests_are_released_in_order_of_arrival(any_server: SandboxClient) -> None:
    any_server.control.order("hold", times=2)
    first = BackgroundPost(any_server, "first")
    any_server.control.wait_for_held(1)
    second = BackgroundPost(any_server, "second", channel="C2")
    any_server.control.wait_for_held(2)
    assert any_server.control.release(1) == 1
    assert isinstance(first.reply(), Reply)
    assert (any_server.control.count_held(), second.replies) == (1, [])


def test_waiting_for_held_requests_times_out(any_server: SandboxClient) -> None:
    with pytest.raises(TimeoutError, match="0 of 1"):
        any_server.control.wait_for_held(1, within=0.05)


def test_stalled_request_is_neither_answered_nor_stored(any_server: SandboxClient) -> None:
    any_server.control.order("stall")
    background = BackgroundPost(any_server, "x")
    until(lambda: any_server.control.requests("chat.postMessage") != [])
    background.thread.join(0.2)
    assert background.replies == []
    assert any_server.control.texts() == []
    assert any_server.control.requests("chat.postMessage")[0]["outcome"] == "open"


def test_delayed_response_stores_the_message_at_once(any_server: SandboxClient) -> None:
    any_server.control.order("delay", ms=400)
    started = time.monotonic()
    background = BackgroundPost(any_server, "x")
    until(lambda: any_server.control.texts() == ["x"])
    assert background.replies == []
    background.reply()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize(
    "condition", [{"channel": "C2"}, {"workspace": "globex"}, {"contains": "urgent"}, {"method": "chat.update"}]
)
def test_fault_does_not_apply_to_other_requests(any_server: SandboxClient, condition: dict[str, str]) -> None:
    any_server.control.order("error", **condition)
    assert post(any_server, "calm").body["ok"] is True
    assert len(any_server.control.faults()) == 1


@pytest.mark.parametrize(
    "condition", [{"channel": "C1"}, {"workspace": "acme"}, {"contains": "urg"}, {"method": "*"}, {}]
)
def test_fault_applies_once_to_a_matching_request(any_server: SandboxClient, condition: dict[str, str]) -> None:
    any_server.control.order("error", **condition)
    assert [post(any_server, "urgent").body["ok"] for _ in range(2)] == [False, True]
    assert any_server.control.faults() == []


def test_nth_and_times_select_the_requests(any_server: SandboxClient) -> None:
    any_server.control.order("error", nth=2, times=2)
    assert [post(any_server).body["ok"] for _ in range(5)] == [True, False, False, True, True]


def test_fault_with_times_forever_lasts_until_cleared(any_server: SandboxClient) -> None:
    fault_id = any_server.control.order("error", times="forever")
    assert [post(any_server).body["ok"] for _ in range(3)] == [False] * 3
    assert any_server.control.clear(fault_id) == 1
    assert post(any_server).body["ok"] is True


def test_reset_removes_messages_requests_and_faults(any_server: SandboxClient) -> None:
    any_server.control.order("hold_before")
    any_server.control.order("error", times="forever")
    background = BackgroundPost(any_server, "held")
    any_server.control.wait_for_held(1)
    any_server.control.reset()
    assert isinstance(background.reply(), RemoteDisconnected)
    control = any_server.control
    assert (control.messages(), control.requests(), control.faults(), control.count_held()) == ([], [], [], 0)


@pytest.mark.parametrize(
    ("fields", "message", "hint"),
    [
        ({"kind": "drop_aftre"}, "Unknown fault kind 'drop_aftre'.", "Did you mean 'drop_after'?"),
        ({"kind": "hold", "ms": 5}, "The fault 'hold' has no option 'ms'.", "Use one of: channel"),
        ({"kind": "delay", "ms": "soon"}, "The value 'soon' of ms is invalid.", "Write a whole number from 0 to"),
        ({"kind": "error", "times": 0}, "The value '0' of times is invalid.", "Write a whole number from 1 to"),
        (
            {"kind": "status", "status": 99},
            "The value '99' of status is invalid.",
            "Write a whole number from 200 to 599.",
        ),
    ],
)
def test_invalid_fault_hints_at_valid_values(
    any_server: SandboxClient, fields: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(BadInput) as error:
        any_server.control.order(**fields)
    assert str(error.value) == message
    assert error.value.hint.startswith(hint)
    assert any_server.control.faults() == []


def test_line_orders_a_fault_with_its_options(any_server: SandboxClient) -> None:
    any_server.control.order_line("chat.postMessage:status:times=2:channel=C1:status=502")
    fault = any_server.control.faults()[0]
    assert (fault["kind"], fault["times"], fault["channel"], fault["status"]) == ("status", 2, "C1", 502)


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("detail=empty [json-pointer:/blocks/0/text]:times=2", "empty [json-pointer:/blocks/0/text]"),
        ("times=2:detail=see https://a.test/?b=c: it is down", "see https://a.test/?b=c: it is down"),
        (r'detail="say \"a:nth=3\"":times=2', 'say "a:nth=3"'),
        ('times=2:detail="quoted" but not whole', '"quoted" but not whole'),
        ("times=2:detail=", ""),
    ],
)
def test_value_of_an_option_may_be_any_text(line: str, detail: str) -> None:
    fields = {"method": "chat.postMessage", "kind": "error", "times": "2", "detail": detail}
    assert faults.parse_line(f"chat.postMessage:error:{line}") == fields


@pytest.mark.parametrize(
    "line", ["", "hold", "chat.postMessage:", "chat.postMessage:times=3", "chat.postMessage:hold:x"]
)
def test_a_line_that_is_incomplete_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match=r"'.*'"):
        faults.parse_line(line)
