"""Did a post arrive? The channel's history tells, by the stamp in the message's metadata.

Rules: a post is `found` only if installation, occurrence and attempt are all its own, and `absent` only if every
message of its bracket was seen; all else is `later` or `cannot ask`, because what is absent is sent again.
The bracket is the attempt's own seconds, widened by `skew_ms`, by which Slack's clock and ours may differ. On the
meanest terms (1 request a minute, 15 messages) one request settles all the unknowns of a channel in which at most 15
messages were posted meanwhile; in a busier one, `resume` lets the next request go on where this one ended.
A message that a person deleted before the look-up counts as absent: Slack keeps no trace of it.
Source: https://docs.slack.dev/reference/methods/conversations.history
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple

from schedbot.model import AttemptResult, MessageMetadata, Outcome
from schedbot.slack.client import EVENT_TYPE, SlackClient, payload
from schedbot.slack.error_codes import refuses_a_token
from schedbot.slack.replies import TS, explain, is_known
from schedbot.slack.responses import MOST_PAGES, Page

SKEW_MS = 60_000
# The meanest terms allow a request a minute, so to ask sooner would be in vain.
AGAIN_MS = 60_000
SOON_MS = 5_000
# Of what is wrong with a token, these say that it may never read; another may where the rest is the trouble.
MAY_NEVER_READ = frozenset({"missing_scope", "not_allowed_token_type"})


class Fate(StrEnum):
    """What the history said of a post."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_ASK = "cannot_ask"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post's fate: `ts` where it was found, `error` where it cannot be asked (Slack's code) or was not answered,
    `retry_after_ms` and `resume` (to be handed to the next look-up) where it has to be asked later."""

    fate: Fate
    ts: str | None = None
    error: str | None = None
    retry_after_ms: int | None = None
    resume: str = ""


class Sought(NamedTuple):
    """A post that is looked for: sent at `sent_at`, and surely not arrived after `until_at` (ms, our clock)."""

    stamp: MessageMetadata
    sent_at: int
    until_at: int


class _Bracket(NamedTuple):
    """What is asked for: the messages from `oldest` to `latest`. Those from there to `end` were seen already, with an
    eye to the posts whose `marks` these are."""

    oldest: str
    latest: str
    end: str
    marks: str

    @property
    def resume(self) -> str:
        return f"{self.latest}/{self.end}/{self.marks}"


async def look_up(
    client: SlackClient, token: str, channel: str, stamp: MessageMetadata, sent_at: int, until_at: int
) -> Arrival:
    """The fate of one post. Never raises for what Slack or the network does."""
    return (await look_up_many(client, token, channel, [(stamp, sent_at, until_at)]))[stamp]


async def look_up_many(
    client: SlackClient,
    token: str,
    channel: str,
    sought: Sequence[Sought | tuple[MessageMetadata, int, int]],
    *,
    skew_ms: int = SKEW_MS,
    resume: str = "",
) -> dict[MessageMetadata, Arrival]:
    """The fates of several posts of one channel, by one request where one is enough.

    `resume` is what an `Arrival` of an earlier look-up in this channel said; it is not needed, and saves requests.
    """
    if not sought:
        return {}
    posts = [Sought(*one) for one in sought]
    bracket = _bracket(posts, skew_ms, resume)
    open_stamps = {_key(payload(one.stamp)): one.stamp for one in posts}
    fates: dict[MessageMetadata, Arrival] = {}
    rest = Arrival(Fate.LATER, retry_after_ms=AGAIN_MS)
    for _ in range(MOST_PAGES):
        page = await client.history(token, channel, oldest=bracket.oldest, latest=bracket.latest)
        if isinstance(page, AttemptResult):
            rest = _unanswered(page, bracket.resume)
            break
        for message in page.messages:
            if (stamp := open_stamps.pop(_stamped(message), None)) is not None:
                fates[stamp] = _there(message)
        further = _further(page, bracket)
        if not open_stamps or further is None:
            rest = _nothing_more(page)
            break
        bracket = further
        rest = Arrival(Fate.LATER, retry_after_ms=AGAIN_MS, resume=bracket.resume)
    return fates | dict.fromkeys(open_stamps.values(), rest)


def with_another_token(arrival: Arrival) -> Arrival:
    """The same, where the token that asked has been rotated: the next one asks, also where this one never may."""
    return replace(arrival, fate=Fate.LATER, retry_after_ms=SOON_MS) if refuses_a_token(arrival.error) else arrival


def _bracket(sought: Sequence[Sought], skew_ms: int, resume: str) -> _Bracket:
    """Where to look. What was seen before counts only if it was seen with an eye to all that is sought now."""
    oldest = min(one.sent_at for one in sought) - skew_ms
    latest = max(one.until_at for one in sought) + skew_ms
    marks = [_mark(one.stamp) for one in sought]
    seen_to, end, before = resume.split("/") if resume else ("", "", "")
    if end and float(end) >= latest / 1000 and set(marks) <= set(before.split(",")):
        return _Bracket(_ts(oldest), seen_to, end, before)
    return _Bracket(_ts(oldest), _ts(latest), _ts(latest), ",".join(marks))


def _mark(stamp: MessageMetadata) -> str:
    return blake2b("/".join(_key(payload(stamp))).encode(), digest_size=6).hexdigest()


def _there(message: Mapping[str, Any]) -> Arrival:
    """Found, by its `ts`. Where it has none it is there all the same: to send it again would be wrong."""
    ts = _named(message)
    return Arrival(Fate.FOUND, ts) if ts else Arrival(Fate.LATER, error="no_ts", retry_after_ms=AGAIN_MS)


def _named(message: Mapping[str, Any]) -> str:
    """The message's `ts`; empty for what is none."""
    ts = message.get("ts")
    return ts if isinstance(ts, str) and TS.fullmatch(ts) else ""


def _further(page: Page, bracket: _Bracket) -> _Bracket | None:
    """The bracket of the next page: up to the oldest message seen. (A cursor would not outlive a look-up.)"""
    seen = [ts for message in page.messages if (ts := _named(message))]
    if not page.has_more or not seen or seen[-1] == bracket.latest:
        return None
    return bracket._replace(latest=seen[-1])


def _nothing_more(page: Page) -> Arrival:
    """Absent, unless Slack says that there is more and does not give it."""
    if page.has_more:
        return Arrival(Fate.LATER, error="no_progress", retry_after_ms=AGAIN_MS)
    return Arrival(Fate.ABSENT)


def _unanswered(reply: AttemptResult, resume: str) -> Arrival:
    """Later, where it may be answered then, also by a new token; else it cannot be asked."""
    error = reply.error or "not_json"
    passing = (Outcome.RATE_LIMITED, Outcome.QUOTA, Outcome.UNKNOWN, Outcome.NOT_POSTED, Outcome.TOKEN_REFUSED)
    if not is_known(error) or error in MAY_NEVER_READ or explain(error).outcome not in passing:
        return Arrival(Fate.CANNOT_ASK, error=error)
    return Arrival(Fate.LATER, None, error, reply.retry_after_ms or SOON_MS, resume)


def _stamped(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The key of the message's stamp; empty where it has none of ours."""
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT_TYPE:
        return ()
    said = metadata.get("event_payload")
    return _key(said) if isinstance(said, Mapping) else ()


def _key(said: Mapping[str, Any]) -> tuple[str, ...]:
    # Slack may give a number back as a string.
    return tuple(str(said.get(name)) for name in ("installation", "occurrence", "attempt"))


def _ts(at: int) -> str:
    """An instant in Slack's spelling."""
    seconds, ms = divmod(max(at, 0), 1000)
    return f"{seconds}.{ms:03d}000"
