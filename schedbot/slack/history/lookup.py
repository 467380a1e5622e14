"""Look up in a channel's history, or in a thread, if a post arrived, by the metadata in the message.

Rules: a post is `found` only if installation, occurrence and attempt all match and our own app posted it (every app can
read and copy metadata), and `absent` only if every message of the search window was read; any other case is `later` or
`cannot_ask`, because an absent post is sent again.
The search window is the attempt's own seconds, widened by SKEW_MS, the largest difference between Slack's clock and
ours. Under Slack's strictest rate limit (1 request a minute, 15 messages) one request settles all unknown outcomes of a
channel with at most 15 messages in the window; in a busier channel, `resume` lets the next look-up continue.
A message that a person deleted before the look-up counts as absent: Slack keeps no trace of it. A channel is read from
its newest message back, a thread from its oldest on. A reply whose thread does not exist is looked up in the channel.
Sources: https://docs.slack.dev/reference/methods/conversations.history and conversations.replies
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, NamedTuple

from schedbot.model import AttemptResult, Outcome
from schedbot.posts import FILES_SCOPE, THREAD_GONE, MessageMetadata
from schedbot.slack.client import SlackClient
from schedbot.slack.error_codes import explain, is_known, is_token_refused
from schedbot.slack.posting.post_body import build_metadata_payload, read_metadata_payload
from schedbot.slack.posting.thread_errors import NO_THREAD
from schedbot.slack.response_models import MAX_PAGES, HistoryAnswer, HistoryPage, LookUpAnswer, SearchedPost
from schedbot.slack.response_parser import TS

SKEW_MS = 60_000
# The strictest rate limit allows a request a minute, so an earlier look-up would be refused.
RETRY_MS = 60_000
RETRY_SOON_MS = 5_000
PAGE_LIMIT = 200  # fewer where a page of that many messages is too large
# Refusals of a token that can never read the history; after any other refusal a new token may.
NEVER_READABLE = frozenset({"missing_scope", "not_allowed_token_type"})
RETRYABLE = (
    *(Outcome.RATE_LIMITED, Outcome.QUOTA, Outcome.UNKNOWN, Outcome.NOT_POSTED, Outcome.TOKEN_REFUSED),
    Outcome.LOST_UNSENT,  # this machine could not ask
)


class _SearchWindow(NamedTuple):
    """The next request: messages from `oldest` to `latest`. The messages beyond it up to `end`, which are newer, or in
    a thread older, were already searched for the posts with these `marks`."""

    oldest: str
    latest: str
    end: str
    marks: str
    is_thread: bool

    @property
    def resume(self) -> str:
        return f"{self.oldest if self.is_thread else self.latest}/{self.end}/{self.marks}"

    def move_to(self, ts: str) -> "_SearchWindow":
        """Return the window of the messages beyond `ts`, the last one read."""
        return self._replace(oldest=ts) if self.is_thread else self._replace(latest=ts)

    def is_at(self, ts: str) -> bool:
        """Is there no progress, because the last message read is the first of the window?"""
        return float(ts) <= float(self.oldest) if self.is_thread else ts == self.latest


async def look_up(
    client: SlackClient,
    token: str,
    channel: str,
    posts: Sequence[SearchedPost],
    *,
    thread_ts: str = "",
    resume: str = "",
) -> dict[MessageMetadata, HistoryAnswer]:
    """Look up posts of one channel, with a single request if that is enough. Never raises for an error of Slack or the
    network.

    `resume` comes from a `HistoryAnswer` of an earlier look-up in this channel, or in this thread; it is optional and
    saves requests.
    """
    if not posts:
        return {}
    answers = await _search(client, token, channel, posts, thread_ts=thread_ts, resume=resume)
    lost = [post for post in posts if thread_ts and answers[post.metadata].error == NO_THREAD]
    if lost:
        in_channel = await _search(client, token, channel, lost, resume=resume)
        answers |= {metadata: _note_lost_thread(answer) for metadata, answer in in_channel.items()}
    return answers


def _note_lost_thread(answer: HistoryAnswer) -> HistoryAnswer:
    """Return the answer for a reply that was looked up in the channel: Slack posts it there without its thread."""
    return replace(answer, error=THREAD_GONE) if answer.answer is LookUpAnswer.PRESENT else answer


async def find_file(
    client: SlackClient, token: str, channel: str, post: SearchedPost, file_id: str, thread_ts: str
) -> HistoryAnswer:
    """Look up the message that shares a file, for a token that may not read files.

    Never `absent`: it reads one page.
    """
    window = _plan_window([post], "", is_thread=bool(thread_ts))
    bounds = {"oldest": window.oldest, "latest": window.latest, "thread_ts": thread_ts}
    page = await client.fetch_history(token, channel, limit=PAGE_LIMIT, **bounds)
    for message in [] if isinstance(page, AttemptResult) else page.messages:
        files = message.get("files")
        if any(isinstance(file, Mapping) and file.get("id") == file_id for file in files or ()):
            return _answer_match(message)
    return HistoryAnswer(LookUpAnswer.CANNOT_ASK, error=FILES_SCOPE)


async def _search(
    client: SlackClient,
    token: str,
    channel: str,
    posts: Sequence[SearchedPost],
    *,
    thread_ts: str = "",
    resume: str = "",
) -> dict[MessageMetadata, HistoryAnswer]:
    """Look up posts in a channel's history, or in a thread."""
    window = _plan_window(posts, resume, is_thread=bool(thread_ts))
    open_posts = {_build_key(build_metadata_payload(post.metadata)): post.metadata for post in posts}
    answers: dict[MessageMetadata, HistoryAnswer] = {}
    rest = HistoryAnswer(LookUpAnswer.LATER, retry_after_ms=RETRY_MS)
    limit = PAGE_LIMIT
    for _ in range(MAX_PAGES):
        bounds = {"oldest": window.oldest, "latest": window.latest, "thread_ts": thread_ts}
        page = await client.fetch_history(token, channel, limit=limit, **bounds)
        if isinstance(page, AttemptResult) and page.error == "too_large" and limit > 1:
            limit = max(1, limit // 8)
            continue
        if isinstance(page, AttemptResult):
            rest = answer_refusal(page, window.resume)
            break
        answers |= await _take_matches(client, token, page, open_posts)
        next_window = _plan_next_window(page, window)
        if not open_posts or next_window is None:
            rest = _answer_end(page)
            break
        window = next_window
        rest = HistoryAnswer(LookUpAnswer.LATER, retry_after_ms=RETRY_MS, resume=window.resume)
    return answers | dict.fromkeys(open_posts.values(), rest)


async def _take_matches(
    client: SlackClient, token: str, page: HistoryPage, open_posts: dict[tuple[str, ...], MessageMetadata]
) -> dict[MessageMetadata, HistoryAnswer]:
    """Return the answers for the posts on a page, and remove these from `open_posts`."""
    answers: dict[MessageMetadata, HistoryAnswer] = {}
    for message in page.messages:
        key = _read_key(message)
        if key in open_posts and (await client.fetch_app_ids(token)).has_posted(message):
            answers[open_posts.pop(key)] = _answer_match(message)
    return answers


def retry_if_token_refused(answer: HistoryAnswer) -> HistoryAnswer:
    """Return the answer for a token that has since been rotated: a refusal of the old token becomes `later`."""
    if not is_token_refused(answer.error):
        return answer
    return replace(answer, answer=LookUpAnswer.LATER, retry_after_ms=RETRY_SOON_MS)


def _plan_window(posts: Sequence[SearchedPost], resume: str, *, is_thread: bool) -> _SearchWindow:
    """Return the first window, shortened by an earlier look-up only if that searched for all of these posts."""
    oldest = format_ts(min(post.earliest_at for post in posts) - SKEW_MS)
    latest = format_ts(max(post.latest_at for post in posts) + SKEW_MS)
    begin, marks = oldest if is_thread else latest, [_hash_metadata(post.metadata) for post in posts]
    window = _SearchWindow(oldest, latest, begin, ",".join(marks), is_thread)
    searched_to, end, searched_marks = resume.split("/") if resume else ("", "", "")
    is_covered = end and (float(end) <= float(begin) if is_thread else float(end) >= float(begin))
    if is_covered and set(marks) <= set(searched_marks.split(",")):
        return window._replace(end=end, marks=searched_marks).move_to(searched_to)
    return window


def _hash_metadata(metadata: MessageMetadata) -> str:
    return blake2b("/".join(_build_key(build_metadata_payload(metadata))).encode(), digest_size=6).hexdigest()


def _answer_match(message: Mapping[str, Any]) -> HistoryAnswer:
    """Return `found` with the message's `ts`; `later` without a `ts`, because a post that exists is not sent again."""
    ts = read_ts(message)
    if ts:
        return HistoryAnswer(LookUpAnswer.PRESENT, ts)
    return HistoryAnswer(LookUpAnswer.LATER, error="no_ts", retry_after_ms=RETRY_MS)


def read_ts(message: Mapping[str, Any]) -> str:
    """Return the message's `ts`; empty if it is not in Slack's form."""
    ts = message.get("ts")
    return ts if isinstance(ts, str) and TS.fullmatch(ts) else ""


def _plan_next_window(page: HistoryPage, window: _SearchWindow) -> _SearchWindow | None:
    """Return the next page's window, from the last message read on. (A cursor would not outlive a look-up.)"""
    all_ts = [ts for message in page.messages if (ts := read_ts(message))]
    if not page.has_more or not all_ts or window.is_at(all_ts[-1]):
        return None
    return window.move_to(all_ts[-1])


def _answer_end(page: HistoryPage) -> HistoryAnswer:
    """Return `absent`, or `later` if Slack announces more messages and does not return them."""
    if page.has_more:
        return HistoryAnswer(LookUpAnswer.LATER, error="no_progress", retry_after_ms=RETRY_MS)
    return HistoryAnswer(LookUpAnswer.ABSENT)


def answer_refusal(result: AttemptResult, resume: str) -> HistoryAnswer:
    """Return `later` if a later request or a new token may succeed, else `cannot_ask`."""
    error = result.error or "not_json"
    if not is_known(error) or error in NEVER_READABLE or explain(error).outcome not in RETRYABLE:
        return HistoryAnswer(LookUpAnswer.CANNOT_ASK, error=error)
    return HistoryAnswer(LookUpAnswer.LATER, None, error, result.retry_after_ms or RETRY_SOON_MS, resume)


def _read_key(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key of the message's metadata; empty without metadata of schedbot."""
    payload = read_metadata_payload(message)
    return () if payload is None else _build_key(payload)


def _build_key(payload: Mapping[str, Any]) -> tuple[str, ...]:
    # Slack may return a number as a string.
    return tuple(str(payload.get(name)) for name in ("installation", "occurrence", "attempt"))


def format_ts(at: int) -> str:
    """Return an instant in Slack's form."""
    seconds, ms = divmod(max(at, 0), 1000)
    return f"{seconds}.{ms:03d}000"
