"""Streaks of causes: each is announced once, when it begins, and once more when it has ended.

Failures of jobs wait a moment before they are announced, so that one message has all of an incident. A cause that is
not seen for a moment has not ended yet.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from schedbot import times
from schedbot.admin.operations.alerts import causes, places
from schedbot.session import Session
from schedbot.store.operations import alerts
from schedbot.store.operations.alerts import Streak

GAP_MS = 60_000  # between two messages
BUNDLE_MS = 45_000  # failures of jobs wait so long for others
ENDED_MS = 90_000  # a cause that was not seen for so long has ended
BUNDLED = ("failed:", "suspended:", "held")


@dataclass(frozen=True, slots=True)
class News:
    """Streaks to announce: those that began, and those that ended."""

    begun: list[Streak]
    ended: list[Streak]


def update(session: Session) -> bool:
    """Record the causes of now, and write a message about those that began or ended. Return whether there is one."""
    db, now = session.db, session.now()
    present = causes.find(session)
    if present is None:
        return False
    with db.writing():
        alerts.save_seen(db, present, now)
        streaks = alerts.list_streaks(db)
        news = find_news(streaks, now)
        alerts.end_unannounced(db, [each.cause for each in news.ended if each.message_id is None])
        ended = [each for each in news.ended if each.message_id is not None]
        last = alerts.get_last_message(db)
        if not (news.begun or ended) or (last is not None and 0 <= now - last < GAP_MS):
            return False
        content = build_content(news.begun, ended, now)
        message = alerts.add_message(db, content, places.list_places(session.settings), now)
        alerts.announce(db, message, [each.cause for each in news.begun], [each.cause for each in ended])
        alerts.delete_old(db, now)
    return True


def find_news(streaks: Sequence[Streak], now: int) -> News:
    """Return the streaks to announce, and those that have ended. Pure.

    An instant in the future is of a clock that was ahead: it delays nothing.
    """
    ended = [each for each in streaks if abs(now - each.seen_at) >= ENDED_MS]
    begun = [
        each
        for each in streaks
        if each.message_id is None
        and each not in ended
        and (not each.cause.startswith(BUNDLED) or abs(now - each.since) >= BUNDLE_MS)
    ]
    return News(begun, ended)


def build_content(begun: Sequence[Streak], ended: Sequence[Streak], now: int) -> dict[str, object]:
    """Return a message as a command gets it."""
    host = socket.gethostname()
    lines = [f"schedbot on {host}: {each.sentence}" for each in begun]
    for each in ended:
        duration = times.format_duration(each.seen_at - each.since)
        lines.append(f"schedbot on {host}: resolved after {duration}: {first_sentence(each)}")
    return {
        "kind": "problem" if begun else "recovery",
        "host": host,
        "at": times.to_rfc3339(now),
        "text": "\n".join(lines),
        "problems": [{"cause": each.cause, "text": each.sentence} for each in begun],
        "recovered": [each.cause for each in ended],
    }


def first_sentence(streak: Streak) -> str:
    """Return the first sentence about a cause, without its commands."""
    return streak.sentence.partition(". ")[0].rstrip(".") + "."
