"""How fast one may ask: a post a second in each channel, and the look-up of a channel's history where it is scarce.

Slack lets short bursts through and may then drop them (slack.md, rule 3); here the second is strict, so that a pool
which relies on bursts is found out. All instants are seconds of the monotonic clock, by a request's arrival.
"""

import math

from schedbot.sandbox.workspaces import Channel, Workspace

POST_EVERY_S = 1.0
SCARCE_EVERY_S = 60.0
SCARCE_PAGE = 15


def wait_for_post(channel: Channel, arrived_at: float) -> int:
    """Whole seconds until a post that arrived then would be let through; 0 is now.

    A request that was held back may arrive before the newest stored post; it too keeps its distance from it.
    """
    gap = abs(arrived_at - channel.last_post_at)
    return math.ceil(POST_EVERY_S - min(gap, POST_EVERY_S))


def wait_for_history(workspace: Workspace, arrived_at: float) -> int:
    """Whole seconds until the workspace may ask for history again; 0 is now, and counts as having asked."""
    left = workspace.history_at + SCARCE_EVERY_S - arrived_at
    if left > 0:
        return math.ceil(left)
    workspace.history_at = arrived_at
    return 0
