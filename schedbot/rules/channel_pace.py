"""Pace of a channel: a second between two posts, and the time in which a post may still arrive. Pure.

Slack counts one post a second for each channel: https://docs.slack.dev/apis/web-api/rate-limits
"""

PACE_MS = 1_001  # a second, and as much as instants lose when they are cut to milliseconds
# A request starts within this time after its intent was written: a poster that was stopped meanwhile does not post.
START_LIMIT_MS = 2_000


def find_hold_ms(timeout_ms: int) -> int:
    """Return how long the intent to post holds its channel: until its message has arrived, whatever became of it."""
    return START_LIMIT_MS + timeout_ms + PACE_MS
