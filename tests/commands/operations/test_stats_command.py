"""`schedbot stats` counts results by time and by key, as the jobs are now, and after they are gone."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.operations.figures import closed_rollups, rollup_batches, stats
from schedbot.presentation import output
from schedbot.presentation import stats as presentation
from tests.support.app import App
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history
from tests.support.sql import read_value

DAY = 24 * HOUR
MANY_POSTS = """
INSERT INTO results (schedule_id, due_at, measure, ms, step)
SELECT schedule_id, due_at + e.value, 'posts', 40, 1 FROM jobs, json_each(:numbers) e
"""


@pytest.fixture
def history(tmp_path: Path) -> Any:
    with new_job_history(tmp_path) as history:
        yield history


def write_results(history: JobHistory) -> None:
    """Write five posts, two of them after a retry, one failure and one missed occurrence, of two accounts."""
    acme = history.add_schedule("acme", account="Acme", channel="C0000000001")
    globex = history.add_schedule("globex", account="Globex", channel="C0000000002")
    for number in range(5):
        job = history.add_job(acme, "queued", ago_ms=(number + 1) * DAY)
        if number < 2:
            history.add_attempt(job, 1, outcome="not_posted", error="request_timeout")
        history.add_attempt(job, 2 if number < 2 else 1, outcome="posted", ts="1.0")
        history._write("UPDATE jobs SET state = 'succeeded', ts = '1.0', lateness_ms = 40 WHERE id = :id", id=job)
    job = history.add_job(globex, "failed", ago_ms=DAY, error="is_archived")
    history.add_job(globex, "missed", ago_ms=2 * DAY, error="no_tick")


def counts(history: JobHistory, by: str, since: int = 0) -> dict[str, tuple[int, int, int, int]]:
    rows = stats.compute(history.session, by, since)
    return {row.key: (row.posts, row.failed, row.retried, row.missed) for row in rows}


def test_results_are_counted_by_each_key(history: JobHistory) -> None:
    write_results(history)
    assert counts(history, "account") == {"Acme": (5, 0, 2, 0), "Globex": (0, 1, 0, 1)}
    assert counts(history, "schedule") == {"acme": (5, 0, 2, 0), "globex": (0, 1, 0, 1)}
    assert counts(history, "channel") == {"C0000000001": (5, 0, 2, 0), "C0000000002": (0, 1, 0, 1)}
    assert counts(history, "workspace") == {"acme": (5, 1, 2, 1)}
    assert counts(history, "report") == {"text": (5, 1, 2, 1)}
    assert counts(history, "error") == {
        "is_archived": (0, 1, 0, 0),
        "no_tick": (0, 0, 0, 1),
        "request_timeout": (0, 0, 2, 0),
    }
    assert len(counts(history, "day")) == 5
    assert sum(posts for posts, *_ in counts(history, "hour").values()) == 5
    row = stats.compute(history.session, "account", 0)[0]
    assert (row.lateness_p50_ms, row.lateness_p99_ms) == (42, 44)


@pytest.mark.parametrize("by", ["account", "error", "hour"])
def test_counts_since_an_instant_are_those_of_its_jobs(history: JobHistory, by: str) -> None:
    write_results(history)
    since = NOW - 2 * DAY - HOUR
    recent = counts(history, by, since).values()
    assert sum(row[1] + row[3] for row in recent) == 2
    assert sum(row[2] for row in recent) == 2
    if by != "error":
        assert sum(row[0] for row in recent) == 2


def test_retry_of_a_failure_takes_its_count_back(history: JobHistory) -> None:
    write_results(history)
    history._write("UPDATE jobs SET state = 'queued', error = NULL WHERE state = 'failed'")
    assert "is_archived" not in counts(history, "error")
    assert counts(history, "account")["Globex"] == (0, 0, 0, 1)


def test_counts_stay_when_their_span_is_closed(history: JobHistory) -> None:
    write_results(history)
    old = history.add_job(history.add_schedule("old"), "failed", ago_ms=100 * DAY, error="is_archived")
    questions = [(by, since) for by in stats.BY for since in (0, NOW - 101 * DAY, NOW - 99 * DAY, NOW - 3 * DAY)]
    before = [stats.compute(history.session, *question) for question in questions]
    rollup_batches.add_results(history.session, within_ms=5_000, least=1)
    assert closed_rollups.close_spans(history.session, within_ms=5_000) > 0
    assert [stats.compute(history.session, *question) for question in questions] == before
    history._write("UPDATE jobs SET state = 'queued', error = NULL WHERE id = :id", id=old)
    for _ in range(2):  # the late change is counted, and then moved to the others
        assert "old" not in counts(history, "schedule")
        assert "old" not in counts(history, "schedule", NOW - 150 * DAY)
        rollup_batches.add_results(history.session, within_ms=5_000, least=1)
        closed_rollups.close_spans(history.session, within_ms=5_000)


@pytest.mark.parametrize("by", stats.BY)
@pytest.mark.parametrize("width", [80, 120])
def test_bars_and_formats_show_the_same(
    history: JobHistory, by: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "width", lambda: width)
    write_results(history)
    rows = stats.compute(history.session, by, 0)
    presentation.print_table(rows)
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split()[0] == by.upper()
    assert len(lines) == len(rows)
    assert max(map(len, lines)) <= width
    results = [row.posts + row.failed + row.missed for row in rows]
    assert ["█" in line for line in lines] == [count > 0 for count in results]
    assert [re.sub(r"█|…| (?=m?s\b)", "", line).split()[-8:][:4] for line in lines] == [
        [str(count) for count in (row.posts, row.failed, row.retried, row.missed)] for row in rows
    ]


def test_formats_have_the_keys_of_the_contract(app: App) -> None:
    app.add_due_jobs(2, account="Acme")
    app.work()
    keys = [
        "by",
        "key",
        "posts",
        "failed",
        "retried",
        "missed",
        "lateness_p50_ms",
        "lateness_p95_ms",
        "lateness_p99_ms",
        "render_p95_ms",
    ]
    row = json.loads(app.run("stats", "--by", "account", "--json").stdout)
    assert list(row) == keys
    assert (row["by"], row["key"], row["posts"]) == ("account", "Acme", 2)
    assert row["lateness_p50_ms"] > 0
    (line,) = csv.DictReader(io.StringIO(app.run("stats", "--by", "report", "--csv", "--since", "1d").stdout))
    assert (line["key"], line["posts"]) == ("text", "2")
    for by in ("hour", "workspace"):
        objects = map(json.loads, app.run("stats", "--by", by, "--json").stdout.splitlines())
        texts = [{key: "" if value is None else str(value) for key, value in row.items()} for row in objects]
        assert list(csv.DictReader(io.StringIO(app.run("stats", "--by", by, "--csv").stdout))) == texts
    table = app.run("stats", "--by", "hour").stdout
    assert "HOUR" in table
    page = app.run("stats", "--html", "page.html")
    assert page.returncode == 0, page.stderr
    assert "2 posts, 0 failed" in (app.folder / "page.html").read_text()


@pytest.mark.slow
def test_tick_with_nothing_due_adds_many_results(app: App) -> None:
    app.add_due_jobs(1)
    app.work()
    with app.db.writing():
        app.db.execute(MANY_POSTS, {"numbers": json.dumps([0] * 2_500)})
    assert app.run("tick").returncode == 0
    assert read_value(app.db, "SELECT count(*) FROM rollups WHERE kind = 'schedule'") == 0
    assert json.loads(app.run("stats", "--by", "schedule", "--json").stdout)["posts"] == 2_501
    with app.db.writing():
        app.db.execute(MANY_POSTS, {"numbers": json.dumps([0] * 3_000)})
    assert app.run("tick").returncode == 0
    assert read_value(app.db, "SELECT count(*) FROM results") == 0
    assert json.loads(app.run("stats", "--by", "schedule", "--json").stdout)["posts"] == 5_501


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--by", "moon"), "unknown key 'moon'"),
        (("--json", "--csv"), "Only one of"),
        (("--since", "soon"), "not a time"),
    ],
)
def test_wrong_use_is_refused(app: App, words: tuple[str, ...], problem: str) -> None:
    result = app.run("stats", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert problem in result.stderr
