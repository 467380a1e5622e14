"""With a file, the messages outlive the sandbox; without, nothing does."""

import json
from pathlib import Path

import pytest

from schedbot.errors import SchedbotError
from schedbot.sandbox import start
from tests.support.sandbox_client import SandboxClient


def test_messages_are_there_again_after_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "messages.jsonl"
    with start(file=kept) as first:
        ts = SandboxClient(first)("chat.postMessage", channel="C0SANDBOX01", text="draft").body["ts"]
        SandboxClient(first)("chat.update", channel="C0SANDBOX01", ts=ts, text="Grüße")
        first.child.kill()
        before = kept.read_bytes()
    with start(file=kept) as second:
        assert [(m["text"], m["ts"]) for m in second.control.messages("C0SANDBOX01")] == [("Grüße", ts)]
        later = SandboxClient(second)("chat.postMessage", channel="C0SANDBOX02", text="next").body["ts"]
    assert later > ts
    assert kept.read_bytes().startswith(before)


def test_a_line_that_a_crash_cut_off_is_dropped(tmp_path: Path) -> None:
    kept = tmp_path / "messages.jsonl"
    with start(file=kept) as first:
        SandboxClient(first)("chat.postMessage", channel="C0SANDBOX01", text="whole")
    kept.write_bytes(kept.read_bytes() + b'{"what":"posted","worksp')
    for _ in range(2):
        with start(file=kept, pace=False) as again:
            SandboxClient(again)("chat.postMessage", channel="C0SANDBOX01", text="more")
    assert [line.count(b"posted") for line in kept.read_bytes().splitlines()] == [1, 1, 1]


def test_added_workspaces_and_any_channels_come_back_from_the_file(tmp_path: Path) -> None:
    kept = tmp_path / "messages.jsonl"
    with start(file=kept, any_channel=True) as first:
        first.control.add_workspace("initech", "xoxb-initech")
        SandboxClient(first)("chat.postMessage", "xoxb-initech", channel="C77", text="x")
    with start(file=kept) as second:
        assert (
            SandboxClient(second)("conversations.history", "xoxb-initech", channel="C77").body["messages"][0]["text"]
            == "x"
        )


def test_a_ts_rises_even_where_the_clock_was_set_back(tmp_path: Path) -> None:
    kept = tmp_path / "messages.jsonl"
    later = {"type": "message", "text": "from a clock that ran ahead", "ts": "4000000000.000100"}
    named = {"what": "posted", "workspace": "acme", "token": "xoxb-sandbox-acme", "channel": "C0SANDBOX01"}
    kept.write_text(json.dumps(named | {"message": later}) + "\n")
    with start(file=kept) as running:
        assert (
            SandboxClient(running)("chat.postMessage", channel="C0SANDBOX01", text="x").body["ts"]
            == "4000000000.000101"
        )


def test_reset_empties_the_file(tmp_path: Path) -> None:
    kept = tmp_path / "messages.jsonl"
    with start(file=kept) as running:
        SandboxClient(running)("chat.postMessage", channel="C0SANDBOX01", text="x")
        running.control.reset()
        assert kept.read_bytes() == b""


def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("buy milk\n")
    with pytest.raises(SchedbotError, match=r"Line 1 of '.*notes.txt' is not a message"):
        start(file=foreign)
    assert foreign.read_text() == "buy milk\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchedbotError, match=r"can't be kept in '.*nowhere/m\.jsonl'") as refused:
        start(file=tmp_path / "nowhere" / "m.jsonl")
    assert "folder that exists" in refused.value.hint


def test_without_a_file_nothing_outlives_the_sandbox() -> None:
    with start() as first:
        SandboxClient(first)("chat.postMessage", channel="C0SANDBOX01", text="x")
    with start() as second:
        assert second.control.messages() == []
