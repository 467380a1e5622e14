"""Who is next for a press: each workspace has a line of its own, and the lines take turns."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from schedbot.worker.state.send_queue import Delivery


@dataclass(slots=True)
class Lines:
    """What waits to be rendered, by workspace; whose turn it is stands first."""

    _lines: dict[str, deque[Delivery]] = field(default_factory=dict)

    def add(self, delivery: Delivery) -> None:
        """Let it wait at the end of its workspace's line."""
        self._lines.setdefault(delivery.job.workspace_id, deque()).append(delivery)

    def ready(self, held: Mapping[str, int], share: int) -> int:
        """How many could be rendered at once, if each workspace may hold `share` presses and holds `held` by now."""
        return sum(min(len(line), share - held.get(whose, 0)) for whose, line in self._lines.items())

    def take(self, held: Mapping[str, int], share: int) -> Delivery | None:
        """The next one, of the first workspace that holds less than its share; that goes behind the others then."""
        for whose in [whose for whose in self._lines if held.get(whose, 0) < share]:
            line = self._lines.pop(whose)
            found = first(line)
            if line:
                self._lines[whose] = line
            if found:
                return found
        return None

    def leave(self, whose: str) -> list[Delivery]:
        """Empty a workspace's line. Returns who stood in it."""
        return [one for one in self._lines.pop(whose, ()) if not one.over]


def first(line: deque[Delivery]) -> Delivery | None:
    """Take the first that is still in hand."""
    while line:
        following = line.popleft()
        if not following.over:
            return following
    return None
