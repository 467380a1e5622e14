"""What the demo schedules, and how each must end for the demo to have gone as told.

Each is due a few seconds after it is added, told as the wall clock of its own zone; all channels are the sandbox's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from schedbot import times

TEMPLATE = "weekly_status.json.j2"
LOST = "berlin-backup"  # whose connection breaks after Slack has stored the message
LOST_CHANNEL = "C0SANDBOX03"


@dataclass(frozen=True, slots=True)
class Part:
    """One schedule: `words` say what is posted; `state` and `error` are how its job must end (None: not due yet)."""

    name: str
    tz: str
    channel: str
    words: tuple[str, ...]
    state: str | None = "succeeded"
    error: str | None = None

    def command(self, now: int, lead_s: float) -> list[str]:
        """The words of `schedbot add`, due `lead_s` seconds after `now` (UTC milliseconds), to the next full second."""
        when = ["--cron", "0 9 * * mon,fri"] if self.state is None else ["--at", wall_clock(now, lead_s, self.tz)]
        return ["add", self.name, *when, "--tz", self.tz, "--channel", self.channel, *self.words]


PARTS = (
    Part(LOST, "Europe/Berlin", LOST_CHANNEL, ("--text", "Backup: 14 of 14 done.")),
    Part("la-standup", "America/Los_Angeles", "C0SANDBOX01", ("--text", "Stand-up in *ten minutes*.")),
    Part("kolkata-week", "Asia/Kolkata", "C0SANDBOX02", ("--report", TEMPLATE, *("--param", "customer=Acme & Sons"),
         *("--param", "closed=31"), *("--param", "open=12"), *("--param", "uptime=99.98"))),
    Part("lord-howe-tides", "Australia/Lord_Howe", "C0SANDBOX01", ("--text", "High water at 14:20.")),
    Part("sao-paulo-old", "America/Sao_Paulo", "C0ARCHIVED1", ("--text", "Is anybody here?"), "failed", "is_archived"),
    Part("ny-mon-fri", "America/New_York", "C0SANDBOX02", ("--text", "Good morning, New York."), None),
)  # fmt: skip


def wall_clock(now: int, lead_s: float, tz: str) -> str:
    """The wall clock in `tz`, `lead_s` after `now`, rounded up to a full second; with its offset, as RFC 3339, only
    where the clock shows that time twice."""
    instant = datetime.fromtimestamp(-(-(now + lead_s * 1000) // 1000), UTC)
    local = instant.astimezone(times.zone(tz))
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return local.isoformat(timespec="seconds")
    return f"{local:%Y-%m-%d %H:%M:%S}"
