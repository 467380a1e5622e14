"""Templates that hang block the renderers for their own workspace's reports alone."""

from pathlib import Path

import pytest

from schedbot.worker.steps.render import RenderQueue
from tests.support.app import App, Program, now_ms, rfc3339, until
from tests.support.sql import read_rows
from tests.worker.test_dead_renderers import FOR_EVER
from tests.worker.test_send_queue import delivery

HARMLESS = '{"text": "harmless"}'


@pytest.fixture
def hanging(app: App, tmp_path: Path) -> str:
    """Path of a template that hangs once `add_hanging_reports` has added its schedules."""
    app.run("workspace", "add", "globex", "--token-env", "SLACK_BOT_TOKEN")
    return str(tmp_path / "hanging.json.j2")


def add_hanging_reports(app: App, hanging: str, count: int, **globex: str) -> None:
    """Add `count` reports of the workspace `default` that hang, before one of globex."""
    Path(hanging).write_text(HARMLESS)
    due_at = now_ms() // 1000 * 1000
    for number in range(count):
        fields = {"channel": f"C{number:010d}", "text": "", "report": hanging}
        app.add_schedule(f"hangs-{number}", as_of=due_at - 30_000, at=rfc3339(due_at), **fields)
    app.tick(due_at)
    app.add_schedule("other", as_of=due_at - 30_000, at=rfc3339(due_at), workspace="globex", **globex)
    app.tick(due_at)
    Path(hanging).write_text(FOR_EVER)


def read_first_results(app: App, pool: Program) -> list[tuple[str, str]]:
    """Wait for the first attempts to end. Return their workspaces and outcomes, and end the pool."""
    sql = "SELECT w.name, a.outcome FROM attempts a JOIN workspaces w ON w.id = a.workspace_id WHERE outcome > ''"
    ended = until(lambda: read_rows(app.db, sql), within=60)
    pool.terminate()
    pool.communicate(timeout=30)  # its renderers end with it
    return [(row[0], row[1]) for row in ended]


def make_last_job_available(app: App, at: int) -> None:
    with app.db.writing():
        app.db.execute("UPDATE jobs SET available_at = :at WHERE id = 13", {"at": at})


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_hanging_templates_delay_no_other_workspace(app: App, hanging: str, tmp_path: Path, processes: str) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text(HARMLESS)
    add_hanging_reports(app, hanging, 3, text="", report=str(report))
    pool = app.start("work", "--processes", processes)
    assert read_first_results(app, pool) == [("globex", "posted")]


@pytest.mark.slow
def test_many_hanging_templates_leave_room_for_others(app: App, hanging: str) -> None:
    add_hanging_reports(app, hanging, 12, text="plain")
    make_last_job_available(app, now_ms() + 60_000)
    pool = app.start("work", "--processes", "1", "--in-flight", "1")
    until(lambda: app.states().get("running", 0) >= 4, within=30)
    make_last_job_available(app, now_ms() + 2_000)
    assert read_first_results(app, pool) == [("globex", "posted")]


def test_workspaces_take_turns_up_to_their_share() -> None:
    queue = RenderQueue()
    for job_id, workspace in enumerate("aaabbc"):
        queue.add(delivery(job_id, workspace))
    assert [take_id(queue, {}) for _ in range(4)] == [0, 3, 5, 1]
    assert queue.count_startable({"a": 2}, 2) == 1
    assert [take_id(queue, {"a": 2}), take_id(queue, {"a": 1})] == [4, 2]
    assert queue.take({}, 2) is None


def take_id(queue: RenderQueue, active: dict[str, int]) -> int | None:
    taken = queue.take(active, 2)
    return taken.job.id if taken else None
