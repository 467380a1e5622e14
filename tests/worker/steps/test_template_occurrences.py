"""Values of the occurrence in a schedule's template: its period, and the post before it, also in a late retry."""

import pytest

from tests.support.app import App, now_ms, rfc3339

pytestmark = pytest.mark.slow
SOURCE = """{"text": "{{ workspace }} {{ channel }} {{ attempt }} {{ is_preview }} {{ previous and previous.tzname() }}
 {{ period.start.strftime('%d %H') }} {{ period.end.strftime('%d %H') }}"}"""
MINUTE_MS = 60_000


@pytest.fixture
def report(app: App) -> str:
    file = app.folder / "report.json.j2"
    file.write_text(SOURCE)
    return str(file)


def test_template_has_the_values_of_its_occurrence(app: App, report: str) -> None:
    terms = {"tz": "Asia/Tokyo", "report": report, "text": "", "channel": "C0000000001"}
    due_at = now_ms() // 1000 * 1000  # a time of day has no milliseconds: a later one is the next second
    app.add_schedule("daily", as_of=due_at - MINUTE_MS, at=rfc3339(due_at), **terms)
    app.tick()
    preview = app.run("preview", "daily").stdout.split()
    app.work()
    first = app.posts()[0]["text"].split()
    assert preview[:5] == ["default", "C0000000001", "1", "True", "None"]
    assert first == ["default", "C0000000001", "1", "False", "None", *preview[5:]]
    assert [first[6], first[8]] == ["00", "00"]
    assert app.run("run-now", "daily").returncode == 0
    app.work()
    assert app.posts()[1]["text"].split()[4] == "JST"


def test_retry_of_an_old_job_sees_no_later_post(app: App, report: str) -> None:
    app.slack.order("error", code="invalid_blocks")
    since = now_ms() // MINUTE_MS * MINUTE_MS - 2 * MINUTE_MS
    app.add_schedule("minutely", as_of=since - 1, cron="* * * * *", misfire="all", report=report, text="")
    app.tick(since + MINUTE_MS)
    app.work()
    later = len(app.posts())
    assert app.run("retry", "--state", "failed", "--yes").returncode == 0
    app.work()
    (late,) = app.posts()[later:]
    assert (later > 0, late["text"].split()[4]) == (True, "None")
