"""Backups in the middle of random work, with kills, retries, backfills and edits, are restored: nothing goes out twice.

The seed names a failing run.
"""

from pathlib import Path
from random import Random

import pytest

from schedbot.store.sqlite import wake_fifo
from tests.promises.test_03_restored_backup_posts_nothing_twice import (
    delete_database,
    list_parts,
    run,
)
from tests.support.app import App, Program, now_ms, until

LONG = "\n".join(f"{number:04d} " + "x" * 60 for number in range(250))  # two messages
WAYS: list[dict[str, str]] = [{}, {"text": LONG}, {"thread": "daily"}, {"priority": "high"}, {"paused": "true"}]
FAULTS = ["error:code=invalid_blocks", "drop_after", "drop_before", "status:status=503:stored=true", "hold"]
STEPS = ["run-now", "retry", "backfill", "edit", "pause", "resume", "fault", "backup", "kill", "tick"]


class RandomWork:
    """An installation in random work. `backups` are those made so far."""

    def __init__(self, app: App, seed: int, folder: Path) -> None:
        self.app, self.random, self.folder = app, Random(seed), folder
        self.backups: list[Path] = []
        self.pool: Program | None = None
        self.was_killed = False  # a restore refuses for 90 s
        minute = now_ms() // 60_000
        past, minutes = (minute - 35) * 60_000, ",".join(str((minute - ago) % 60) for ago in (10, 20, 30))
        self.names = [f"report-{number}" for number in range(12)]
        for number, name in enumerate(self.names):
            fields = {"cron": f"{minutes} * * * *", "misfire": "skip", "grace": "1m", **WAYS[number % len(WAYS)]}
            app.add_schedule(name, as_of=past, channel=f"C{number % 7:010d}", **fields)

    def start(self) -> None:
        self.pool = self.app.start("work", SCHEDBOT_SLACK_TIMEOUT="1s", SCHEDBOT_LEASE="3s")

    def step(self) -> None:
        """Do one thing that a person, or an accident, does."""
        step, name = self.random.choice(STEPS), self.random.choice(self.names)
        match step:
            case "kill" if self.pool:
                self.pool.kill()
                self.pool.wait()
                self.was_killed = True
                self.start()
            case "fault":
                kind, *options = self.random.choice(FAULTS).split(":")
                self.app.slack.order_line(":".join(["chat.postMessage", kind, *options]))
            case "backup":
                self.back_up()
            case "retry":
                run(self.app, "retry", "--state", "failed", "--yes")
            case "backfill":
                self.app.run("backfill", name, "--from", "30m", "--to", "10m", "--yes")
            case "edit":
                self.app.run("edit", name, "--text", f"edited {self.random.random()}")
            case _:
                self.app.run(step, *([] if step == "tick" else [name]))

    def back_up(self) -> None:
        target = self.folder / f"backup-{len(self.backups)}.db"
        run(self.app, "backup", str(target))
        self.backups.append(target)

    def finish(self) -> None:
        """Send everything that can be sent."""
        run(self.app, "resume", "report-*", "--yes")
        for name in self.names:
            self.app.run("backfill", name, "--from", "35m", "--to", "5m", "--yes")
        run(self.app, "retry", "--state", "failed,missed,cancelled,skipped", "--stale", "--yes")
        self.app.work(within=120)

    def restore(self) -> None:
        """Restore one of the backups, while the old database is there or lost."""
        assert self.pool
        target = str(self.random.choice(self.backups))
        until(lambda: wake_fifo.count_listeners(self.app.path))
        assert "A worker pool works with" in self.app.run("restore", target).stderr
        if self.was_killed or self.random.random() < 0.5:
            self.pool.kill()
            delete_database(self.app)
        else:
            self.app.slack.release()
            self.pool.terminate()
        self.pool.wait(30)
        self.app.slack.clear()
        self.app.slack.release()
        self.app.db.close()
        self.was_killed = False
        run(self.app, "restore", target)


@pytest.mark.slow  # a flood and two pools
@pytest.mark.parametrize("seed", range(1))
def test_random_work_and_restore_double_nothing(app: App, tmp_path: Path, seed: int) -> None:
    work = RandomWork(app, seed, tmp_path)
    work.start()
    work.back_up()
    for _ in range(20):
        work.step()
    work.restore()
    work.finish()
    assert [part for part, count in list_parts(app).items() if count > 1] == []
    assert {row["state"] for row in app.audit()} & {"queued", "running", "unknown"} == set()
    balance = app.run("audit", "--balance")
    assert balance.returncode == 0, balance.stdout
