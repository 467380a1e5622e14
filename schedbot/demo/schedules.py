"""Schedules of the demo, with the state in which each job must end.

Each is due a few seconds after it is added, at a wall-clock time in its own zone. All channels are the sandbox's.
The report `weekly` is of the example project.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from schedbot import times

UNKNOWN_NAME = "berlin-backup"  # its connection breaks after Slack has stored the message
LATER_NAME = "tokyo-later"
# With the lead this is more than the 90 s that `add` looks ahead. Schedules added after it end a lead later, so by then
# it is within them.
LATER_S = 87
UNKNOWN_CHANNEL = "C0SANDBOX03"


@dataclass(frozen=True, slots=True)
class DemoSchedule:
    """A schedule: `options` give the message; `state` and `error` are the expected end (None: not due yet).

    `is_later`: it is due beyond the 90 s that `add` looks ahead, so that only a tick enqueues its job.
    """

    name: str
    tz: str
    channel: str
    options: tuple[str, ...]
    state: str | None = "succeeded"
    error: str | None = None
    is_later: bool = False

    def add_command(self, now: int, lead_s: float) -> list[str]:
        """Return the words of `schedbot add`; due `lead_s` seconds after `now` (UTC ms), at the next full second."""
        lead_s += LATER_S if self.is_later else 0
        when = ["--cron", "0 9 * * mon,fri"] if self.state is None else ["--at", wall_clock(now, lead_s, self.tz)]
        return ["add", self.name, *when, "--tz", self.tz, "--channel", self.channel, *self.options]


SCHEDULES = (
    DemoSchedule(UNKNOWN_NAME, "Europe/Berlin", UNKNOWN_CHANNEL, ("--text", "Backup: 14 of 14 done.")),
    DemoSchedule(LATER_NAME, "Asia/Tokyo", "C0SANDBOX01", ("--text", "Tokyo closes."), "queued", is_later=True),
    DemoSchedule("la-standup", "America/Los_Angeles", "C0SANDBOX01", ("--text", "Stand-up in *ten minutes*.")),
    DemoSchedule("kolkata-week", "Asia/Kolkata", "C0SANDBOX02", ("--report", "weekly", "--account", "acme")),
    DemoSchedule("lord-howe-tides", "Australia/Lord_Howe", "C0SANDBOX01", ("--text", "High water at 14:20.")),
    DemoSchedule("sao-paulo-old", "America/Sao_Paulo", "C0ARCHIVED1", ("--text", "Is anybody here?"),
                 "failed", "is_archived"),
    DemoSchedule("ny-mon-fri", "America/New_York", "C0SANDBOX02", ("--text", "Good morning, New York."), None),
)  # fmt: skip


def wall_clock(now: int, lead_s: float, tz: str) -> str:
    """Return the wall-clock time in `tz`, `lead_s` after `now`, rounded up to a full second.

    A time that the clock shows twice is in RFC 3339, with its offset.
    """
    instant = datetime.fromtimestamp(-(-(now + lead_s * 1000) // 1000), UTC)
    local = instant.astimezone(times.zone(tz))
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return local.isoformat(timespec="seconds")
    return f"{local:%Y-%m-%d %H:%M:%S}"
