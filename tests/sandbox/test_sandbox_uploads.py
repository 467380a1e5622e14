"""Files: their upload, their shares, and pictures in blocks."""

from contextlib import nullcontext
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient

from tests.support.app import until
from tests.support.sandbox.client import SandboxClient
from tests.support.sandbox.uploads import upload


def complete(server: SandboxClient, file_id: str, **fields: Any) -> dict[str, Any]:
    files = [{"id": file_id, "title": "Sales"}]
    return server("files.completeUploadExternal", files=files, **fields).body


def image(file_id: str) -> dict[str, Any]:
    return {"type": "image", "alt_text": "chart", "slack_file": {"id": file_id}}


def test_slack_sdk_uploads_a_file_into_a_thread(any_server: SandboxClient) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=any_server.running.api_url, retry_handlers=[])
    ts = client.chat_postMessage(channel="C1", text="parent")["ts"]
    content = bytes(range(256)) * 8_000  # more than aiohttp's limit for requests
    response = client.files_upload_v2(
        filename="sales.csv", content=content, title="Sales", channel="C1", thread_ts=ts, alt_txt="Sales of November"
    )
    file = client.files_info(file=response["files"][0]["id"])["file"]
    share = file["shares"]["public"]["C1"][0]
    assert (file["name"], file["title"], file["size"]) == ("sales.csv", "Sales", len(content))
    assert (share["thread_ts"], file["channels"]) == (ts, ["C1"])
    reply = client.conversations_replies(channel="C1", ts=ts)["messages"][1]
    assert (reply["ts"], reply["files"][0]["id"]) == (share["ts"], file["id"])
    assert any_server.control.content(file["id"]) == content
    assert any_server.control.files()[0]["shares"] == file["shares"]


def test_file_without_a_channel_is_private(any_server: SandboxClient) -> None:
    file_id = upload(any_server)
    assert complete(any_server, file_id)["files"] == [{"id": file_id, "title": "Sales"}]
    assert any_server("files.info", file=file_id).body["file"]["shares"] == {}
    assert any_server.control.messages() == []


def test_upload_is_completed_once(any_server: SandboxClient) -> None:
    file_id = upload(any_server)
    assert complete(any_server, file_id, channel_id="C1")["ok"] is True
    assert complete(any_server, file_id, channel_id="C1")["error"] == "file_not_found"
    assert len(any_server.control.messages("C1")) == 1


def test_upload_needs_all_its_bytes(any_server: SandboxClient) -> None:
    response = any_server("files.getUploadURLExternal", filename="a.csv", length=5).body
    path = urlsplit(response["upload_url"]).path
    assert any_server.send("POST", path, "1234").status == 400
    assert any_server.send("POST", "/upload/v1/none", "1234").status == 404
    assert complete(any_server, response["file_id"])["error"] == "file_not_found"
    assert any_server.send("POST", path, "12345").text == "OK - 5"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"filename": "", "length": 1}, "invalid_arguments"),
        ({"filename": "a.csv", "length": 0}, "missing_argument"),
        ({"filename": "a.csv", "length": 2**31}, "file_upload_size_restricted"),
        ({"filename": "a.csv", "length": 1, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
def test_invalid_file_is_refused(any_server: SandboxClient, args: dict[str, Any], code: str) -> None:
    assert any_server("files.getUploadURLExternal", **args).body["error"] == code


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("U0SANDBOX01", "invalid_arguments"),
        ("C0ARCHIVED1", "is_archived"),
        ("C0NOTMEMBER", "not_in_channel"),
        ("C0UNKNOWN", "channel_not_found"),
    ],
)
def test_file_needs_a_usable_channel(slack_server: SandboxClient, channel: str, code: str) -> None:
    file_id = upload(slack_server)
    assert complete(slack_server, file_id, channel_id=channel)["error"] == code
    assert complete(slack_server, file_id, channel_id="C0SANDBOX01")["ok"] is True


def test_shared_file_counts_for_the_rate_limit(slack_server: SandboxClient) -> None:
    complete(slack_server, upload(slack_server), channel_id="C0SANDBOX01")
    assert slack_server("chat.postMessage", channel="C0SANDBOX01", text="x").status == 429


def test_uploaded_picture_is_shown_by_a_block(any_server: SandboxClient) -> None:
    file_id = upload(any_server, "chart.png", b"GIF89a, a picture")
    complete(any_server, file_id)
    assert any_server("chat.postMessage", channel="C1", text="x", blocks=[image(file_id)]).body["ok"] is True


@pytest.mark.parametrize(
    ("file_id", "error"),
    [
        ("F0UNKNOWN0", "invalid slack file [json-pointer:/blocks/1/slack_file]"),
        ("chart.png", "input must match regex pattern: ^[F][A-Z0-9]{8,}$ [json-pointer:/blocks/1/slack_file/id]"),
    ],
)
def test_unknown_picture_is_refused(any_server: SandboxClient, file_id: str, error: str) -> None:
    blocks = [{"type": "divider"}, image(file_id)]
    response = any_server("chat.postMessage", channel="C1", text="x", blocks=blocks).body
    assert (response["error"], response["errors"]) == ("invalid_blocks", [error])


def test_table_is_no_picture(any_server: SandboxClient) -> None:
    file_id = upload(any_server)
    complete(any_server, file_id)
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "x"}, "accessory": image(file_id)}]
    errors = any_server("chat.postMessage", channel="C1", text="x", blocks=blocks).body["errors"]
    assert errors == ["invalid slack file [json-pointer:/blocks/0/accessory/slack_file]"]


def test_late_picture_is_refused_until_it_is_processed(any_server: SandboxClient) -> None:
    any_server.control.order("late", "files.completeUploadExternal", ms=300)
    file_id = upload(any_server, "chart.gif", b"GIF89a")
    complete(any_server, file_id)

    def post() -> dict[str, Any]:
        return any_server("chat.postMessage", channel="C1", text="x", blocks=[image(file_id)]).body

    assert post()["errors"] == ["invalid slack file [json-pointer:/blocks/0/slack_file]"]
    until(lambda: post()["ok"])


@pytest.mark.parametrize("lost", [False, True])
def test_late_share_appears_after_the_response(any_server: SandboxClient, lost: bool) -> None:
    any_server.control.order("late", "files.completeUploadExternal", ms=300, lost=lost)
    file_id = upload(any_server)
    with pytest.raises(RemoteDisconnected) if lost else nullcontext():
        complete(any_server, file_id, channel_id="C1")
    assert any_server("files.info", file=file_id).body["file"]["shares"] == {}
    until(lambda: any_server("files.info", file=file_id).body["file"]["shares"])
    assert len(any_server.control.messages("C1")) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_lost_response_of_a_share_is_settled_by_its_file(any_server: SandboxClient, kind: str) -> None:
    file_id = upload(any_server)
    any_server.control.order(kind, "files.completeUploadExternal", channel="C1")
    with pytest.raises(RemoteDisconnected):
        complete(any_server, file_id, channel_id="C1")
    info = any_server("files.info", file=file_id).body
    is_shared = info["ok"] and info["file"]["shares"] != {}
    assert is_shared == (kind == "drop_after") == (len(any_server.control.messages("C1")) == 1)


def test_faults_apply_to_the_bytes_of_an_upload(any_server: SandboxClient) -> None:
    response = any_server("files.getUploadURLExternal", filename="a.csv", length=1).body
    any_server.control.order("status", "upload", status=503, contains="a.csv")
    path = urlsplit(response["upload_url"]).path
    assert [any_server.send("POST", path, "1").status for _ in range(2)] == [503, 200]
    assert any_server.control.requests("upload")[0]["workspace"] == "acme"


def test_picture_is_sent_to_the_page_and_other_files_are_saved(any_server: SandboxClient) -> None:
    picture = upload(any_server, "chart.png", b"GIF89a")
    page = upload(any_server, "page.html", b"<script>alert(1)</script>")
    shown = any_server.send("GET", f"/sandbox/files/{picture}").headers
    saved = any_server.send("GET", f"/sandbox/files/{page}").headers
    assert (shown["content-type"], "content-disposition" in shown) == ("image/gif", False)
    assert (saved["content-type"], saved["content-disposition"]) == ("application/octet-stream", "attachment")
    assert any_server.send("GET", "/sandbox/files/none").status == 404
