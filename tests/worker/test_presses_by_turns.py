"""Templates that hang keep the presses from their own workspace's reports, and from nobody else's."""

from pathlib import Path

import pytest

from schedbot.worker.steps.lines import Lines
from tests.support.app import App, Program, now_ms, rfc3339, until
from tests.support.sql import read_rows
from tests.worker.test_departures import delivery
from tests.worker.test_lost_presses import FOR_EVER

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


def test_the_workspaces_take_turns_and_none_gets_more_than_its_share() -> None:
    lines = Lines()
    for number, workspace in enumerate("aaabbc"):
        lines.add(delivery(number, workspace))
    taken = [lines.take({}, 2) for _ in range(4)]
    assert [one.job.id for one in taken if one] == [0, 3, 5, 1]
    assert lines.ready({"a": 2}, 2) == 1
    assert [one.job.id for one in (lines.take({"a": 2}, 2), lines.take({"a": 1}, 2)) if one] == [4, 2]
    assert lines.take({}, 2) is None
