"""The file of messages: stored messages survive a restart."""

import json
from pathlib import Path

import pytest

from schedbot.errors import SchedbotError
from schedbot.sandbox import start
from tests.support.sandbox.client import SandboxClient
from tests.support.sandbox.uploads import upload

CHANNEL = "C0SANDBOX01"


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    with start(file=path) as first:
        ts = SandboxClient(first)("chat.postMessage", channel="C0SANDBOX01", text="draft").body["ts"]
        SandboxClient(first)("chat.update", channel="C0SANDBOX01", ts=ts, text="Grüße")
        first.child.kill()
        before = path.read_bytes()
    with start(file=path) as second:
        assert [(m["text"], m["ts"]) for m in second.control.messages("C0SANDBOX01")] == [("Grüße", ts)]
        later = SandboxClient(second)("chat.postMessage", channel="C0SANDBOX02", text="next").body["ts"]
    assert later > ts
    assert path.read_bytes().startswith(before)


def test_incomplete_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    with start(file=path) as first:
        SandboxClient(first)("chat.postMessage", channel="C0SANDBOX01", text="whole")
    path.write_bytes(path.read_bytes() + b'{"what":"posted","worksp')
    for _ in range(2):
        with start(file=path, pace=False) as again:
            SandboxClient(again)("chat.postMessage", channel="C0SANDBOX01", text="more")
    assert [line.count(b"posted") for line in path.read_bytes().splitlines()] == [1, 1, 1]


def test_threads_and_uploads_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    with start(file=path, pace=False) as first:
        server = SandboxClient(first)
        ts = server("chat.postMessage", channel=CHANNEL, text="parent").body["ts"]
        file_id = upload(server)
        files = [{"id": file_id, "title": "Sales"}]
        server("files.completeUploadExternal", files=files, channel_id=CHANNEL, thread_ts=ts)
        direct = server("chat.postMessage", channel="U0SANDBOX01", text="deleted").body
        server("chat.delete", channel=direct["channel"], ts=direct["ts"])
        shared = first.control.files()
    with start(file=path) as second:
        assert second.control.files() == shared
        assert second.control.content(file_id) == b"a,b\n"
        assert [message.get("reply_count") for message in second.control.messages()] == [1, None]
        assert SandboxClient(second)("files.info", file=file_id).body["file"]["shares"] == shared[0]["shares"]
        assert second.control.messages(direct["channel"]) == []


def test_file_restores_added_workspaces_and_channels(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    with start(file=path, any_channel=True) as first:
        first.control.add_workspace("initech", "xoxb-initech")
        SandboxClient(first)("chat.postMessage", "xoxb-initech", channel="C77", text="x")
    with start(file=path) as second:
        assert (
            SandboxClient(second)("conversations.history", "xoxb-initech", channel="C77").body["messages"][0]["text"]
            == "x"
        )


def test_ts_increases_after_a_clock_step_back(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    later = {"type": "message", "text": "from a fast clock", "ts": "4000000000.000100"}
    named = {"what": "posted", "workspace": "acme", "token": "xoxb-sandbox-acme", "channel": "C0SANDBOX01"}
    path.write_text(json.dumps(named | {"message": later}) + "\n")
    with start(file=path) as running:
        assert (
            SandboxClient(running)("chat.postMessage", channel="C0SANDBOX01", text="x").body["ts"]
            == "4000000000.000101"
        )


def test_reset_empties_the_file(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    with start(file=path) as running:
        SandboxClient(running)("chat.postMessage", channel="C0SANDBOX01", text="x")
        running.control.reset()
        assert path.read_bytes() == b""


def test_foreign_file_is_refused_and_unchanged(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("buy milk\n")
    with pytest.raises(SchedbotError, match=r"Line 1 of '.*notes.txt' is not a message"):
        start(file=foreign)
    assert foreign.read_text() == "buy milk\n"


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SchedbotError, match=r"cannot be stored in '.*nowhere/m\.jsonl'") as error:
        start(file=tmp_path / "nowhere" / "m.jsonl")
    assert "existing folder" in error.value.hint


def test_no_message_survives_without_a_file() -> None:
    with start() as first:
        SandboxClient(first)("chat.postMessage", channel="C0SANDBOX01", text="x")
    with start() as second:
        assert second.control.messages() == []


def test_file_of_messages_is_private(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    with start(file=path):
        assert path.stat().st_mode & 0o777 == 0o600
