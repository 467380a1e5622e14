"""Files: upload of the content, share in a channel, and the look-up of a share.

Rules: each request is sent once. An upload that ends in an error is `not_posted`, because nobody sees a file that is
not shared: the next attempt uploads the content again, as another file. A file can be shared once, by one request, so a
share that is repeated by mistake is refused (`file_not_found`) and never doubles. Slack shares a file, and makes a
picture usable, some time after its response: until then `files.info` has no `ts` and no media type.
Sources: https://docs.slack.dev/reference/methods/files.getUploadURLExternal, files.completeUploadExternal, files.info;
https://github.com/slackapi/python-slack-sdk/issues/1277
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from schedbot import file_access
from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, Outcome
from schedbot.posts import FILES_SCOPE, SHARE_PENDING, THREAD_GONE, RenderedFile
from schedbot.slack import machine_errors
from schedbot.slack.client import SlackClient
from schedbot.slack.history.lookup import RETRY_SOON_MS, answer_refusal
from schedbot.slack.posting.thread_errors import NO_THREAD
from schedbot.slack.response_models import HistoryAnswer, LookUpAnswer
from schedbot.slack.response_parser import TS

MAX_BYTES = 1 << 30  # https://docs.slack.dev/messaging/working-with-files
MAX_ALT_TEXT = 1_000
POLL_MS = (300, 700, 1_000, 2_000, 2_000)  # waits before Slack is asked again whether it has processed a file
SCOPE_ERRORS = frozenset({"missing_scope", "not_allowed_token_type"})

Fields = Mapping[str, Any]


async def upload(client: SlackClient, token: str, file: RenderedFile) -> str | AttemptResult:
    """Upload a file, and return Slack's id. A picture can be shown in a message then; another file is to be shared."""
    try:
        content = os.fdopen(file_access.open_regular_file(file.path), "rb")
    except OSError as error:
        if code := machine_errors.find_code(error):
            return AttemptResult(Outcome.LOST_UNSENT, code)
        return AttemptResult(Outcome.MESSAGE_REFUSED, "file_lost")
    with content:
        if os.fstat(content.fileno()).st_size != file.size:
            return AttemptResult(Outcome.MESSAGE_REFUSED, "file_lost")
        return await upload_content(client, token, file, content)


async def upload_content(client: SlackClient, token: str, file: RenderedFile, content: BinaryIO) -> str | AttemptResult:
    """Make the requests of an upload. Return Slack's id of the file."""
    fields: dict[str, str | int] = {"filename": file.name, "length": file.size}
    if file.alt:
        fields["alt_txt"] = file.alt[:MAX_ALT_TEXT]
    ticket = await client.call(token, "files.getUploadURLExternal", fields)
    if isinstance(ticket, AttemptResult):
        return end_upload(ticket, "files.getUploadURLExternal")
    url, file_id = ticket.get("upload_url"), ticket.get("file_id")
    if not (isinstance(url, str) and isinstance(file_id, str) and file_id and is_trusted(url, client.api_url)):
        return end_upload(AttemptResult(Outcome.UNKNOWN, "not_json"), "files.getUploadURLExternal")
    timeout_ms = client.timeout_ms + file.longest_transfer_ms
    if refusal := await client.send_file(url, content, timeout_ms):
        return end_upload(refusal, "the upload address")
    if not file.is_picture:
        return file_id
    completion = await complete(client, token, file_id, file.title or file.name)
    if isinstance(completion, AttemptResult):
        return end_upload(completion, "files.completeUploadExternal")
    await poll_info(client, token, file_id, lambda fields: bool(fields.get("mimetype")))
    return file_id


async def share(
    client: SlackClient, token: str, file_id: str, title: str, channel: str, thread_ts: str
) -> AttemptResult:
    """Share an uploaded file in a channel, once. Return `posted` with the `ts` of its message.

    `unknown` with `share_pending`: Slack shares it, and has not told the `ts` yet. `thread_gone`: it is in the channel.
    """
    completion = await complete(client, token, file_id, title, channel, thread_ts)
    if isinstance(completion, AttemptResult):
        return explain_missing_scope(completion)
    message = find_message(completion, file_id, channel)
    if not message:
        info = await poll_info(client, token, file_id, lambda fields: bool(find_share(fields, channel)))
        message = find_share(info, channel)
    if not message:
        return AttemptResult(Outcome.UNKNOWN, SHARE_PENDING, None, 200)
    is_lost = bool(thread_ts) and "thread_ts" not in message and await is_thread_gone(client, token, channel, thread_ts)
    return AttemptResult(Outcome.POSTED, THREAD_GONE if is_lost else None, message["ts"], 200)


async def is_thread_gone(client: SlackClient, token: str, channel: str, thread_ts: str) -> bool:
    """Was the message that opened a thread deleted? Slack then shares a file in the channel, without an error."""
    page = await client.fetch_history(token, channel, oldest="0", latest=thread_ts, limit=1, thread_ts=thread_ts)
    return isinstance(page, AttemptResult) and page.error == NO_THREAD


async def look_up_share(client: SlackClient, token: str, file_id: str, channel: str) -> HistoryAnswer:
    """Return whether the file was shared in the channel. Never raises for an error of Slack or the network.

    `absent`: its upload was never completed, so it is shared nowhere, and Slack drops it.
    """
    info = await fetch_info(client, token, file_id)
    if isinstance(info, AttemptResult):
        if info.error == "file_not_found":
            return HistoryAnswer(LookUpAnswer.ABSENT)
        return answer_refusal(explain_missing_scope(info), "")
    if message := find_share(info, channel):
        return HistoryAnswer(LookUpAnswer.PRESENT, message["ts"])
    return HistoryAnswer(LookUpAnswer.LATER, error=SHARE_PENDING, retry_after_ms=RETRY_SOON_MS)


async def complete(
    client: SlackClient, token: str, file_id: str, title: str, channel: str = "", thread_ts: str = ""
) -> Fields | AttemptResult:
    """End an upload, once, and share the file in the channel, if there is one."""
    fields = {"files": json.dumps([{"id": file_id, "title": title}])}
    if channel:
        fields["channel_id"] = channel
    if thread_ts:
        fields["thread_ts"] = thread_ts
    return await client.call(token, "files.completeUploadExternal", fields)


async def fetch_info(client: SlackClient, token: str, file_id: str) -> Fields | AttemptResult:
    """Return the state of a file in Slack (files.info)."""
    response = await client.call(token, "files.info", {"file": file_id})
    if isinstance(response, AttemptResult):
        return response
    info = response.get("file")
    return info if isinstance(info, Mapping) else AttemptResult(Outcome.UNKNOWN, "not_json")


async def poll_info(client: SlackClient, token: str, file_id: str, is_complete: Callable[[Fields], bool]) -> Fields:
    """Ask for the state of a file until it is complete, for some seconds. Return the last state; {} without an answer.

    A file that takes longer is not waited for, nor one that the token may not read.
    """
    end, info = steady_ms() + client.timeout_ms, dict[str, Any]()
    for wait_ms in POLL_MS:
        if steady_ms() + wait_ms > end:
            break
        await asyncio.sleep(wait_ms / 1000)
        response = await fetch_info(client, token, file_id)
        if isinstance(response, AttemptResult):
            break
        info = dict(response)
        if is_complete(info):
            break
    return info


def find_message(completion: Fields, file_id: str, channel: str) -> Fields:
    """Return the message in the response to a share; empty where Slack does not tell it yet."""
    files = completion.get("files")
    own = [file for file in files if isinstance(file, Mapping)] if isinstance(files, list) else []
    shares = [find_share(file, channel) for file in own if file.get("id") == file_id]
    return next(filter(None, shares), {})


def find_share(info: Fields, channel: str) -> Fields:
    """Return `ts` and thread of the message that shares the file in the channel; empty without one."""
    shares = info.get("shares")
    for group in ("public", "private"):
        channels = shares.get(group) if isinstance(shares, Mapping) else None
        messages = channels.get(channel) if isinstance(channels, Mapping) else None
        for message in messages if isinstance(messages, list) else ():
            ts = message.get("ts") if isinstance(message, Mapping) else None
            if isinstance(ts, str) and TS.fullmatch(ts):
                return dict(message)
    return {}


def is_trusted(url: str, api_url: str) -> bool:
    """Is the address for the content as safe as that of the API? Only an API without TLS may name one without."""
    return urlsplit(url).scheme in ("https", urlsplit(api_url).scheme)


def end_upload(result: AttemptResult, step: str = "the upload") -> AttemptResult:
    """Return the result of an attempt whose upload failed at a step: nothing was posted."""
    result = explain_missing_scope(result)
    if result.outcome is Outcome.RATE_LIMITED:  # of this method alone: posts go on
        return result._replace(outcome=Outcome.NOT_POSTED)
    if result.outcome is not Outcome.UNKNOWN:
        return result
    detail = f"{step}: {result.error}" + (f"; {result.detail}" if result.detail else "")
    return result._replace(outcome=Outcome.NOT_POSTED, error="upload_failed", detail=detail)


def explain_missing_scope(result: AttemptResult) -> AttemptResult:
    """Return the result of a token that may post and may not handle files: its workspace goes on posting."""
    if result.error not in SCOPE_ERRORS:
        return result
    return result._replace(outcome=Outcome.MESSAGE_REFUSED, error=FILES_SCOPE)
