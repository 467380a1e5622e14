"""Rate limits: one post a second in each channel, and one request a minute for each of the methods that read messages,
where history is scarce.

Slack accepts short bursts and may then drop their messages. The sandbox refuses bursts, so that tests detect a pool
that relies on them. All instants are arrivals of requests, in seconds of the monotonic clock.
"""

import math

from schedbot.sandbox.workspaces import SandboxChannel, SandboxWorkspace

POST_INTERVAL_S = 1.0
SCARCE_INTERVAL_S = 60.0
SCARCE_PAGE = 15


def get_post_wait_s(channel: SandboxChannel, arrived_at: float) -> int:
    """Return the whole seconds until a post that arrived at `arrived_at` is accepted; 0 if it is accepted now.

    A held request may have arrived before the newest stored post; the interval applies in both directions.
    """
    gap = abs(arrived_at - channel.last_post_at)
    return math.ceil(POST_INTERVAL_S - min(gap, POST_INTERVAL_S))


def reserve_history(workspace: SandboxWorkspace, method: str, arrived_at: float) -> int:
    """Return the whole seconds until the workspace may call this method; 0 if now, which counts as a call."""
    left = workspace.history_at.get(method, -math.inf) + SCARCE_INTERVAL_S - arrived_at
    if left > 0:
        return math.ceil(left)
    workspace.history_at[method] = arrived_at
    return 0
