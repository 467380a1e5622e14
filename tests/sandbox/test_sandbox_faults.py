"""What is ordered happens, to the requests that it was ordered for, and to no other."""

import threading
import time
from http.client import RemoteDisconnected
from typing import Any

import pytest

from schedbot.errors import BadInput
from schedbot.sandbox import faults
from tests.support.app import until
from tests.support.sandbox_client import Reply, SandboxClient


class Asking:
    """A post that is on its way in another thread."""

    def __init__(self, server: SandboxClient, text: str, channel: str = "C1") -> None:
        self.replies: list[Reply | Exception] = []
        self.thread = threading.Thread(target=self._ask, args=(server, text, channel), daemon=True)
        self.thread.start()

    def _ask(self, server: SandboxClient, text: str, channel: str) -> None:
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
def test_an_answer_is_replaced(
    any_server: SandboxClient, kind: str, more: dict[str, Any], status: int, text: str, stored: bool
) -> None:
    any_server.control.order(kind, stored=stored, **more)
    answer = post(any_server)
    assert (answer.status, answer.text) == (status, text)
    assert any_server.control.texts("C1") == (["x"] if stored else [])
    assert post(any_server).body["ok"] is True


def test_a_rate_limit_says_for_how_long(any_server: SandboxClient) -> None:
    any_server.control.order("ratelimit", retry_after=7)
    assert post(any_server).headers["retry-after"] == "7"


def test_an_error_may_carry_a_sentence(any_server: SandboxClient) -> None:
    any_server.control.order("error", code="invalid_blocks", detail="downloading image failed")
    answer = post(any_server).body
    assert answer["errors"] == ["downloading image failed"]
    assert answer["response_metadata"] == {"messages": ["[ERROR] downloading image failed"]}


@pytest.mark.parametrize(("kind", "texts"), [("drop_before", []), ("drop_after", ["x"])])
def test_a_connection_is_dropped_before_or_after_the_message_is_stored(
    any_server: SandboxClient, kind: str, texts: list[str]
) -> None:
    any_server.control.order(kind)
    with pytest.raises(RemoteDisconnected):
        post(any_server)
    assert any_server.control.texts("C1") == texts
    assert any_server.control.requests()[-1]["outcome"] == "dropped"


def test_a_held_answer_waits_for_its_release(any_server: SandboxClient) -> None:
    any_server.control.order("hold")
    asking = Asking(any_server, "x")
    any_server.control.wait_for(1)
    assert any_server.control.texts("C1") == ["x"]
    assert (asking.replies, any_server.control.requests()[-1]["outcome"]) == ([], "open")
    assert any_server.control.release() == 1
    reply = asking.reply()
    assert isinstance(reply, Reply)
    assert reply.body["ok"] is True


def test_a_request_held_before_is_stored_when_it_is_released(any_server: SandboxClient) -> None:
    any_server.control.order("hold_before")
    asking = Asking(any_server, "late")
    any_server.control.wait_for(1)
    post(any_server, "early")
    assert any_server.control.texts("C1") == ["early"]
    any_server.control.release()
    asking.reply()
    assert any_server.control.texts("C1") == ["early", "late"]


def test_held_requests_are_released_in_the_order_of_their_coming(any_server: SandboxClient) -> None:
    any_server.control.order("hold", times=2)
    first = Asking(any_server, "first")
    any_server.control.wait_for(1)
    second = Asking(any_server, "second", channel="C2")
    any_server.control.wait_for(2)
    assert any_server.control.release(1) == 1
    assert isinstance(first.reply(), Reply)
    assert (any_server.control.waiting(), second.replies) == (1, [])


def test_waiting_for_what_does_not_come_raises(any_server: SandboxClient) -> None:
    with pytest.raises(TimeoutError, match="0 of 1"):
        any_server.control.wait_for(1, within=0.05)


def test_a_stalled_request_is_never_answered_nor_stored(any_server: SandboxClient) -> None:
    any_server.control.order("stall")
    asking = Asking(any_server, "x")
    until(lambda: any_server.control.requests("chat.postMessage") != [])
    asking.thread.join(0.2)
    assert asking.replies == []
    assert any_server.control.texts() == []
    assert any_server.control.requests("chat.postMessage")[0]["outcome"] == "open"


def test_a_delayed_answer_comes_late_but_the_message_is_there_at_once(any_server: SandboxClient) -> None:
    any_server.control.order("delay", ms=400)
    started = time.monotonic()
    asking = Asking(any_server, "x")
    until(lambda: any_server.control.texts() == ["x"])
    assert asking.replies == []
    asking.reply()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize(
    "condition", [{"channel": "C2"}, {"workspace": "globex"}, {"contains": "urgent"}, {"method": "chat.update"}]
)
def test_a_request_that_does_not_match_is_left_alone(any_server: SandboxClient, condition: dict[str, str]) -> None:
    any_server.control.order("error", **condition)
    assert post(any_server, "calm").body["ok"] is True
    assert len(any_server.control.faults()) == 1


@pytest.mark.parametrize(
    "condition", [{"channel": "C1"}, {"workspace": "acme"}, {"contains": "urg"}, {"method": "*"}, {}]
)
def test_a_request_that_matches_meets_the_fault_once(any_server: SandboxClient, condition: dict[str, str]) -> None:
    any_server.control.order("error", **condition)
    assert [post(any_server, "urgent").body["ok"] for _ in range(2)] == [False, True]
    assert any_server.control.faults() == []


def test_nth_and_times_say_which_requests_meet_it(any_server: SandboxClient) -> None:
    any_server.control.order("error", nth=2, times=2)
    assert [post(any_server).body["ok"] for _ in range(5)] == [True, False, False, True, True]


def test_forever_is_until_it_is_cleared(any_server: SandboxClient) -> None:
    fault = any_server.control.order("error", times="forever")
    assert [post(any_server).body["ok"] for _ in range(3)] == [False] * 3
    assert any_server.control.clear(fault) == 1
    assert post(any_server).body["ok"] is True


def test_reset_forgets_messages_requests_orders_and_what_is_held(any_server: SandboxClient) -> None:
    any_server.control.order("hold_before")
    any_server.control.order("error", times="forever")
    asking = Asking(any_server, "held")
    any_server.control.wait_for(1)
    any_server.control.reset()
    assert isinstance(asking.reply(), RemoteDisconnected)
    state = any_server.control
    assert (state.messages(), state.requests(), state.faults(), state.waiting()) == ([], [], [], 0)


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ({"kind": "drop_aftre"}, "No fault is called 'drop_aftre'.", "Did you mean 'drop_after'?"),
        ({"kind": "hold", "ms": 5}, "A fault 'hold' knows no 'ms'.", "There are: channel"),
        ({"kind": "delay", "ms": "soon"}, "ms is 'soon'.", "Write a whole number from 0 to"),
        ({"kind": "error", "times": 0}, "times is '0'.", "Write a whole number from 1 to"),
        ({"kind": "status", "status": 99}, "status is '99'.", "Write a whole number from 200 to 599."),
    ],
)
def test_a_wrong_order_says_what_to_write(
    any_server: SandboxClient, wanted: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(BadInput) as refused:
        any_server.control.order(**wanted)
    assert str(refused.value) == message
    assert refused.value.hint.startswith(hint)
    assert any_server.control.faults() == []


def test_a_line_orders_what_it_says(any_server: SandboxClient) -> None:
    any_server.control.order_line("chat.postMessage:status:times=2:channel=C1:status=502")
    standing = any_server.control.faults()[0]
    assert (standing["kind"], standing["times"], standing["channel"], standing["status"]) == ("status", 2, "C1", 502)


@pytest.mark.parametrize(
    "line", ["", "hold", "chat.postMessage:", "chat.postMessage:times=3", "chat.postMessage:hold:x"]
)
def test_a_line_that_is_incomplete_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match=r"'.*'"):
        faults.parse(line)
