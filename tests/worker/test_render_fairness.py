"""Templates that hang keep the presses from their own workspace's reports, and from nobody else's."""

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
    """A template that hangs once `due` has added its schedules."""
    app.run("workspace", "add", "globex", "--token-env", "SLACK_BOT_TOKEN")
    return str(tmp_path / "hanging.json.j2")


def due(app: App, hanging: str, count: int, **globex: str) -> None:
    """`count` reports of the workspace `default` that hang, before one of globex."""
    Path(hanging).write_text(HARMLESS)
    due_at = now_ms() // 1000 * 1000
    for number in range(count):
        said = {"channel": f"C{number:010d}", "text": "", "report": hanging}
        app.add_schedule(f"hangs-{number}", as_of=due_at - 30_000, at=rfc3339(due_at), **said)
    app.tick(due_at)
    app.add_schedule("another's", as_of=due_at - 30_000, at=rfc3339(due_at), workspace="globex", **globex)
    app.tick(due_at)
    Path(hanging).write_text(FOR_EVER)


def ended_first(app: App, pool: Program) -> list[tuple[str, str]]:
    """The first attempts that end, each with its workspace."""
    sql = "SELECT w.name, a.outcome FROM attempts a JOIN workspaces w ON w.id = a.workspace_id WHERE outcome > ''"
    ended = until(lambda: read_rows(app.db, sql), within=60)
    pool.terminate()
    pool.communicate(timeout=30)  # its presses end with it
    return [(row[0], row[1]) for row in ended]


def available(app: App, at: int) -> None:
    with app.db.writing():
        app.db.execute("UPDATE jobs SET available_at = :at WHERE id = 13", {"at": at})


@pytest.mark.parametrize("processes", ["1", "2"])
def test_hanging_templates_of_one_workspace_do_not_delay_anothers(
    app: App, hanging: str, tmp_path: Path, processes: str
) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text(HARMLESS)
    due(app, hanging, 3, text="", report=str(report))
    pool = app.start("work", "--processes", processes)
    assert ended_first(app, pool) == [("globex", "posted")]


def test_more_hanging_templates_than_a_pool_has_room_for_leave_others_their_room(app: App, hanging: str) -> None:
    due(app, hanging, 12, text="plain")
    available(app, now_ms() + 60_000)
    pool = app.start("work", "--processes", "1", "--in-flight", "1")
    until(lambda: app.states().get("running", 0) >= 4, within=30)
    available(app, now_ms() + 2_000)
    assert ended_first(app, pool) == [("globex", "posted")]


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
