"""The upload of a file: `files.getUploadURLExternal`, the bytes to that address, `files.completeUploadExternal`; and
`files.info`.

Slack works on a file after its response; until then the file has no shares, and no message can show it.
Sources: docs.slack.dev/reference/methods, https://github.com/slackapi/python-slack-sdk/issues/1277
"""

import time
from typing import Any

from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, decode, detailed_refusal, ok, rate_limited
from schedbot.sandbox.files import SandboxFile
from schedbot.sandbox.methods.call import Call, find_writable_channel, refuse_missing, require_scope
from schedbot.sandbox.methods.chat import build_message, find_thread, require_membership, reserve_post
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import SandboxChannel

MAX_FILE_BYTES = 1024**3
MAX_ALT_TEXT = 1_000
CHANNEL_PREFIXES = ("C", "G", "D", "Z")


def get_upload_url(call: Call, state: SandboxState) -> ApiResponse:
    """Return the address for the bytes of a file, and the file's id."""
    require_scope(call, "files:write")
    name, length = str(call.args.get("filename") or ""), str(call.args.get("length") or "")
    if not name:
        raise refuse_missing("filename")
    if not length.isdecimal() or not int(length):
        raise RequestRefused("missing_argument") if length in ("", "0") else RequestRefused("invalid_arguments")
    if int(length) > MAX_FILE_BYTES:
        raise RequestRefused("file_upload_size_restricted")
    alt_text = str(call.args.get("alt_txt") or "")
    if len(alt_text) > MAX_ALT_TEXT:
        raise RequestRefused("alt_txt_too_large")
    file = state.new_file(call.workspace, name, int(length), alt_text)
    return ok({"upload_url": f"http://{call.host}/upload/v1/{file.ticket}", "file_id": file.id})


def complete_upload(call: Call, state: SandboxState) -> ApiResponse:
    """End the uploads of files, once for each. With a channel they appear there in a message."""
    require_scope(call, "files:write")
    entries = _parse_entries(call.args.get("files"))
    channel = _find_target(call)
    files = [_find_uploaded(call, state, entry) for entry in entries]
    if channel is not None and (wait_s := reserve_post(call, state, channel)):
        return rate_limited(wait_s)
    for file, entry in zip(files, entries, strict=True):
        state.complete(file, str(entry.get("title") or file.name), call.arrived_at)
    if channel is not None:
        message = build_message(call, str(call.args.get("initial_comment") or ""), {"upload": False})
        message |= find_thread(channel, call.args.get("thread_ts"))
        state.share(call.workspace, channel, files, message)
    return ok({"files": [{"id": file.id, "title": file.title} for file in files]})


def files_info(call: Call, state: SandboxState) -> ApiResponse:
    """Return a file with the messages that share it."""
    require_scope(call, "files:read")
    file = state.find_file(call.workspace, str(call.args.get("file") or ""))
    if file is None or not file.is_complete:
        raise RequestRefused("file_not_found")
    fields: Json = {"file": file.to_json(), "comments": [], "response_metadata": {"next_cursor": ""}}
    if file.processed_at > time.monotonic():
        fields["file"] |= {"mimetype": "", "filetype": ""}
    return ok(fields)


def _parse_entries(value: Any) -> list[Json]:
    """Return the argument `files`, JSON or JSON text. Raises RequestRefused."""
    if isinstance(value, str):
        try:
            value = decode(value)
        except ValueError:
            value = None
    if not isinstance(value, list) or not value:
        raise refuse_missing("files")
    if not all(isinstance(entry, dict) and entry.get("id") for entry in value):
        raise detailed_refusal("invalid_arguments", ["missing required field: id [json-pointer:/files/0]"])
    return value


def _find_target(call: Call) -> SandboxChannel | None:
    """Return the channel to share the files in, or None. Raises RequestRefused, also for a user's id."""
    channel_id = str(call.args.get("channel_id") or "")
    if not channel_id:
        return None
    if not channel_id.startswith(CHANNEL_PREFIXES):
        sentence = "input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]"
        raise detailed_refusal("invalid_arguments", [sentence], with_errors=False)
    channel = find_writable_channel(call, "channel_id")
    require_membership(call, channel)
    return channel


def _find_uploaded(call: Call, state: SandboxState, entry: Json) -> SandboxFile:
    """Return a file with its bytes whose upload has not ended. Raises RequestRefused."""
    file = state.find_file(call.workspace, str(entry["id"]))
    if file is None or file.content is None or file.is_complete:
        raise RequestRefused("file_not_found")
    return file
