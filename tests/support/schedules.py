"""Administration of schedules in a real database at instants set by the test, without pool and Slack."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from schedbot.admin.schedules import add as add_schedule
from schedbot.admin.schedules import edit as edit_schedule
from schedbot.admin.schedules import occurrences, selection
from schedbot.admin.schedules import pause as pause_schedule
from schedbot.admin.schedules import remove as remove_schedule
from schedbot.admin.schedules import run_now as extra_job
from schedbot.admin.schedules import skip_next as skip_schedule
from schedbot.admin.schedules.edit import ParamChanges
from schedbot.admin.schedules.pause import StateChange
from schedbot.admin.schedules.writer import EditResult
from schedbot.model import Schedule
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.database import Database
from schedbot.store.jobs import pending
from schedbot.store.open_database import create_database
from schedbot.store.schedules import schedules as schedule_rows
from schedbot.store.schedules import workspaces
from schedbot.tick import tick
from tests.support.sql import read_rows


def ms(utc: str) -> int:
    """Return the UTC milliseconds of a UTC date and time: `2026-12-01 08:59:30`."""
    return int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp() * 1000)


def clock(instant: int) -> str:
    """Return an instant as UTC date and time: `2026-12-01 08:59`."""
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%d %H:%M")


@dataclass
class Schedules:
    """Administration of schedules and ticks at the instant `utc`."""

    db: Database
    path: Path
    utc: str = "2026-12-01 08:59:00"  # a Tuesday, within the look-ahead of 09:00

    @property
    def session(self) -> Session:
        """A session at this instant."""
        now = ms(self.utc)
        return Session(Settings(config=None, database=self.path, actor="tester@host"), self.db, lambda: now)

    def add(self, name: str = "daily", **fields: str) -> Schedule:
        """Add a schedule; by default every day at 09:00 UTC."""
        recurrence = {} if {"cron", "every", "at"} & fields.keys() else {"cron": "0 9 * * *"}
        report = {} if "report" in fields else {"text": "Hi"}
        return add_schedule.add(
            self.session, {"name": name, "tz": "UTC", "channel": "C0000000001", **recurrence, **report, **fields}
        )

    def edit(self, schedule: str = "daily", /, **fields: str) -> EditResult:
        """Change these fields of a schedule."""
        return edit_schedule.edit(self.session, schedule, fields, ParamChanges())

    def pause(self, name: str = "daily", reason: str = "", until: str = "") -> StateChange:
        """Pause a schedule."""
        return pause_schedule.pause(self.session, [name], reason, until)[0][0]

    def resume(self, name: str = "daily") -> StateChange:
        """Resume a schedule."""
        return pause_schedule.resume(self.session, [name])[0][0]

    def skip_next(self, name: str = "daily") -> str:
        """Skip the next occurrence, and return its instant."""
        return clock(skip_schedule.skip_next(self.session, name)[1].due_at)

    def run_now(self, name: str = "daily") -> int:
        """Make an extra job, and return its number."""
        return extra_job.run_now(self.session, [name])[0][0].job.id

    def remove(self, name: str = "daily") -> None:
        """Remove the schedules that match the name or glob."""
        remove_schedule.remove(self.session, selection.find_all(self.db, [name]).schedules)

    def tick(self, utc: str) -> None:
        """Set the clock to this instant, and run a tick."""
        self.utc = utc
        tick(self.session)

    def get(self, name: str = "daily") -> Schedule:
        """Return the schedule as stored in the database."""
        schedule = schedule_rows.by_name(self.db, name)
        assert schedule
        return schedule

    def next(self, name: str = "daily") -> str:
        """Return the instant of the next post, or `never`."""
        now = ms(self.utc)
        due_at = occurrences.find_next_due(self.get(name), now, pending.list_skipped(self.db, now))
        return "never" if due_at is None else clock(due_at)

    def jobs(self, name: str = "") -> list[str]:
        """Return the jobs of a schedule, or all: `2026-12-01 09:00 queued`, followed by the error, if any."""
        rows = read_rows(
            self.db,
            "SELECT due_at, j.state, coalesce(' ' || coalesce(cancel_reason, error), '')"
            " FROM jobs j JOIN schedules s ON s.id = j.schedule_id"
            " WHERE :name IN ('', s.name) ORDER BY due_at",
            {"name": name},
        )
        return [f"{clock(due_at)} {state}{error}" for due_at, state, error in rows]

    def claim(self, sent: bool) -> None:
        """Claim every queued job as a pool does. With `sent`, also record that its request left."""
        with self.db.writing():
            self.db.execute(
                "UPDATE jobs SET state = 'running', token = 7, lease_until = due_at, attempts = 1"
                " WHERE state = 'queued'"
            )
            if sent:
                self.db.execute(
                    "INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at)"
                    " SELECT id, 1, workspace_id, 1, 'C0000000001', 'pool', due_at, due_at FROM jobs"
                )


@contextmanager
def open_schedules(folder: Path) -> Iterator[Schedules]:
    """Schedules in a new database of that folder."""
    path = folder / "schedbot.db"
    db = create_database(path, "an installation", 0)
    with db.writing():
        workspaces.ensure_default(db, 0)
    yield Schedules(db, path)
    db.close()
