"""Reports become messages: fixed text here and now, templates in a press, each under its limits.

One workspace never holds all the presses: there may be one more of them than it may hold, so that reports of its own
that hang delay nobody else's.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from schedbot import reports
from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.children import renderer
from schedbot.worker.children.child_process import Kin
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.steps.lines import Lines

RENDER_MS = 10_000
STUCK_MS = 1_000  # a report that takes so long may well take all of its time

Rendered = Callable[[Delivery, Message], None]
NotRendered = Callable[[Delivery, str], None]


class Press(Kin):
    """One child that renders; it has one report in hand at a time, so it is known which one took it down."""

    def __init__(self) -> None:
        super().__init__(renderer.run)
        self.delivery: Delivery | None = None
        self.since = 0

    def late(self, now: int) -> bool:
        """Has its report taken too long?"""
        return self.delivery is not None and now - self.since > RENDER_MS


@dataclass(slots=True)
class Printing:
    """The presses, and what waits for them. `done` and `failed` hear what became of each.

    `share` is how many presses one workspace may hold at once.
    """

    share: int
    done: Rendered
    failed: NotRendered
    presses: list[Press] = field(default_factory=list)
    lines: Lines = field(default_factory=Lines)

    def render(self, delivery: Delivery) -> None:
        """Text is a message already; a template goes to a press."""
        if delivery.job.report.kind != "text":
            self.lines.add(delivery)
            return
        try:
            message = reports.render(delivery.job.report, {})
        except ReportFailed as error:
            self.failed(delivery, str(error))
        else:
            self.done(delivery, message)

    def held(self) -> dict[str, int]:
        """How many presses each workspace holds."""
        return Counter(one.delivery.job.workspace_id for one in self.presses if one.delivery is not None)

    def missing(self) -> bool:
        """Is another press wanted?"""
        held = self.held()
        idle = len(self.presses) - sum(held.values())
        return len(self.presses) <= self.share and self.lines.ready(held, self.share) > idle

    def hand_out(self, now: int) -> None:
        """Give each idle press a report, the workspaces by turns."""
        held = self.held()
        for one in self.presses:
            if one.ready and one.delivery is None and (delivery := self.lines.take(held, self.share)):
                one.delivery, one.since = delivery, now
                held[delivery.job.workspace_id] = held.get(delivery.job.workspace_id, 0) + 1
                one.wire.say(asked(delivery.job))

    def stuck(self, now: int) -> set[str]:
        """The workspaces that hold as many presses as they may, each with a report that takes long."""
        slow = [one for one in self.presses if one.delivery is not None and now - one.since > STUCK_MS]
        held = Counter(one.delivery.job.workspace_id for one in slow if one.delivery is not None)
        return {workspace_id for workspace_id, count in held.items() if count >= self.share}

    def heard(self, one: Press, saying: dict[str, Any]) -> None:
        """A press has spoken."""
        if saying["did"] == "ready":
            one.ready = True
            return
        delivery, one.delivery = one.delivery, None
        if delivery is None or delivery.over:
            return
        if saying["did"] == "rendered":
            self.done(delivery, Message(saying["text"], saying["blocks"]))
        else:
            self.failed(delivery, saying["why"])

    def late(self, now: int) -> list[Press]:
        """The presses whose report takes too long."""
        return [one for one in self.presses if one.late(now)]

    def gone(self, one: Press, why: str) -> None:
        """A press is no more: ended by us, for the reason that is given, or else by itself."""
        if why:
            self.ended(one, why)
        else:
            self.lost(one, f"It ended its process (exit code {one.process.exitcode}).")

    def ended(self, one: Press, why: str) -> None:
        """A press was ended for what its report did: that report has failed."""
        self.presses.remove(one)
        if one.delivery is not None and not one.delivery.over:
            self.failed(one.delivery, why)

    def lost(self, one: Press, why: str) -> None:
        """A press is gone by itself. The first time its report may be innocent, so another press tries it."""
        delivery = one.delivery
        if delivery is None or delivery.over or delivery.lost_a_press:
            self.ended(one, why)
            return
        self.presses.remove(one)
        delivery.lost_a_press = True
        self.lines.add(delivery)  # behind the others: it may take down the next press too


def asked(job: ClaimedJob) -> dict[str, Any]:
    """What a press is told of a job."""
    params = dict(job.report.params)
    context = {
        "schedule_name": job.schedule,
        "account": job.account,
        "due_at": job.due_at,
        "tz": job.tz,
        "params": params,
    }
    report = {"kind": job.report.kind, "source": job.report.source, "params": params}
    return {"do": "render", "job": job.id, "report": report, "context": context}
