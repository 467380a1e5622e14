"""Jobs that wait for a paused workspace: which ones a resume sends, and which are past their grace."""

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import retry
from schedbot.admin.schedules import pause_all
from schedbot.admin.workspaces import lookup, manage
from schedbot.model import JobState, TokenSource
from schedbot.store.database import Database
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import claims, settlement
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows

HOURLY = "0 * * * *"
PAUSED = "2026-12-01 10:00:10"


def refuse_token(schedules: Schedules, at: str = PAUSED) -> None:
    """Pause the workspace `default` as a pool does whose token Slack refuses."""
    workspace = lookup.find(schedules.db, "default")
    with schedules.db.writing():
        settlement.pause_workspace(schedules.db, workspace.id, "token_revoked", ms(at), workspace.resumes)


def tick_until(schedules: Schedules, end: str) -> None:
    """Run a tick before each full hour up to `end`."""
    hour = (ms(schedules.utc) // 3_600_000 + 1) * 3_600_000
    while hour <= ms(end):
        schedules.tick(clock(hour - 60_000))
        hour += 3_600_000
    schedules.utc = end


def resume(schedules: Schedules) -> tuple[int, list[str]]:
    """Resume the workspace. Return the number of jobs that are sent, and due_at of those past their grace."""
    result = manage.resume(schedules.session, "default")
    return result.jobs.sent, [clock(due_at) for due_at in result.jobs.expired]


def explain(schedules: Schedules, at: str) -> str:
    """Return the first cause that `why` names for an occurrence of the schedule `daily`."""
    return why.explain(schedules.session, "daily", at).because[0]


def claimed(db: Database, now: int) -> list[str]:
    """Claim all jobs within the next minute. Return due_at of those that a pool may still post then."""
    with db.writing():
        jobs = claims.claim(db, claims.ClaimRequest(now + 60_000, 100, now + 60_000))
    return sorted(clock(job.due_at) for job in jobs if job.deadline_at > now + 60_000)


def test_refused_token_for_ten_hours_loses_no_job(schedules: Schedules) -> None:
    schedules.utc = PAUSED
    schedules.add(cron=HOURLY, misfire="all", grace="6h")
    refuse_token(schedules)
    tick_until(schedules, "2026-12-01 20:00:30")
    assert resume(schedules) == (10, [])
    assert len(claimed(schedules.db, ms("2026-12-01 20:00:30"))) == 10
    deadlines = read_rows(schedules.db, "SELECT DISTINCT deadline_at FROM jobs WHERE due_at > :at", {"at": ms(PAUSED)})
    assert {clock(deadline) for (deadline,) in deadlines} == {"2026-12-02 02:00"}


def test_pause_by_a_person_lets_the_grace_run(schedules: Schedules) -> None:
    schedules.utc = PAUSED
    schedules.add(cron=HOURLY, misfire="all", grace="6h")
    manage.pause(schedules.session, "default", "moving")
    tick_until(schedules, "2026-12-01 20:00:30")
    sent, expired = resume(schedules)
    assert (sent, expired) == (6, [f"2026-12-01 {hour}:00" for hour in (11, 12, 13, 14)])
    assert len(claimed(schedules.db, ms("2026-12-01 20:00:30"))) == 6
    assert schedules.jobs()[:4] == [f"{due} missed deadline" for due in expired]


@pytest.mark.parametrize(
    ("misfire", "sent"),
    [
        ("latest", ["2026-12-04 09:00"]),
        ("all", ["2026-12-02 09:00", "2026-12-03 09:00", "2026-12-04 09:00"]),
        ("skip", []),
    ],
)
def test_overdue_daily_posts_follow_the_misfire_policy(schedules: Schedules, misfire: str, sent: list[str]) -> None:
    schedules.utc = PAUSED
    schedules.add(misfire=misfire, grace="2h", starts="2026-12-02")
    refuse_token(schedules)
    tick_until(schedules, "2026-12-04 20:00:00")
    resumed, expired = resume(schedules)
    assert (resumed, len(expired)) == (len(sent), 3 - len(sent))
    assert claimed(schedules.db, ms("2026-12-04 20:00:00")) == sent


def test_newer_job_within_grace_replaces_the_overdue_ones(schedules: Schedules) -> None:
    schedules.utc = PAUSED
    schedules.add(cron=HOURLY, grace="2h")
    refuse_token(schedules)
    tick_until(schedules, "2026-12-01 14:00:30")
    assert resume(schedules) == (2, ["2026-12-01 11:00", "2026-12-01 12:00"])


def test_job_past_its_grace_before_the_pause_is_not_sent(schedules: Schedules) -> None:
    schedules.add(grace="30m")
    schedules.tick("2026-12-01 08:59:10")
    refuse_token(schedules)
    schedules.utc = "2026-12-01 10:30:00"
    assert resume(schedules) == (0, ["2026-12-01 09:00"])


def test_requested_job_is_sent_whatever_the_policy(schedules: Schedules) -> None:
    schedules.utc = PAUSED
    schedules.add(misfire="skip", grace="0s")
    schedules.run_now()
    refuse_token(schedules, schedules.utc)
    schedules.utc = "2026-12-02 08:00:00"
    assert resume(schedules) == (1, [])


def test_turn_after_the_grace_is_not_counted_as_sent(schedules: Schedules) -> None:
    for name in ("a", "b", "c"):
        schedules.add(name, grace="1s", misfire="all")
    refuse_token(schedules, "2026-12-01 08:59:00")
    schedules.tick("2026-12-01 08:59:10")
    schedules.utc = "2026-12-01 10:00:00"
    assert resume(schedules) == (2, ["2026-12-01 09:00"])
    assert sorted(row.split()[2] for row in schedules.jobs()) == ["missed", "queued", "queued"]


def test_job_moved_to_another_workspace_keeps_its_grace(schedules: Schedules) -> None:
    manage.add(schedules.session, "new", TokenSource("env", "NO_SUCH_TOKEN_VARIABLE"))
    schedules.add(grace="2h")
    schedules.tick("2026-12-01 08:59:10")
    refuse_token(schedules, schedules.utc)
    schedules.utc = "2026-12-01 19:00:00"
    schedules.edit(workspace="new")
    assert claimed(schedules.db, ms(schedules.utc)) == ["2026-12-01 09:00"]


def test_why_names_the_grace_of_a_waiting_job(schedules: Schedules) -> None:
    schedules.add(grace="2h")
    schedules.tick("2026-12-01 08:59:10")
    manage.pause(schedules.session, "default", "moving")
    assert "Its grace ends Tue 1 Dec 11:00 UTC" in explain(schedules, "2026-12-01 09:00")
    schedules.utc = "2026-12-01 12:00:00"
    assert "Its grace is over" in explain(schedules, "2026-12-01 09:00")
    manage.resume(schedules.session, "default")
    refuse_token(schedules, "2026-12-01 12:00:00")
    schedules.run_now()
    assert "Its grace counts from the resume." in explain(schedules, "2026-12-01 12:00")


def test_post_of_unknown_outcome_gets_its_grace_again(schedules: Schedules) -> None:
    schedules.add(grace="2h", misfire="skip")
    schedules.claim(sent=True)
    refuse_token(schedules, schedules.utc)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'unknown', token = NULL, lease_until = NULL")
    schedules.utc = "2026-12-01 19:00:00"
    manage.resume(schedules.session, "default")
    assert [clock(at) for (at,) in read_rows(schedules.db, "SELECT deadline_at FROM jobs")] == ["2026-12-01 21:00"]


def test_jobs_that_a_pause_of_all_called_off_are_counted(schedules: Schedules) -> None:
    schedules.utc = PAUSED
    schedules.add(cron=HOURLY, grace="6h")
    refuse_token(schedules)
    tick_until(schedules, "2026-12-01 13:30:00")  # 11:00, 12:00 and 13:00 wait
    pause_all.pause(schedules.session, "", "")
    schedules.utc = "2026-12-01 20:30:00"
    called_off = pause_all.resume(schedules.session).called_off
    assert (called_off.jobs, clock(called_off.first_due_at), clock(called_off.last_due_at)) == (
        3,
        "2026-12-01 11:00",
        "2026-12-01 13:00",
    )
    assert manage.resume(schedules.session, "default").called_off == called_off
    plan = retry.plan(schedules.session, Filter(states=(JobState.CANCELLED,)), stale=False)
    assert len(plan.ready) == 3  # their grace did not run while the token was refused


def test_pause_of_all_that_calls_off_no_waiting_job(schedules: Schedules) -> None:
    schedules.add(cron=HOURLY)  # at 08:59: 09:00 is queued
    pause_all.pause(schedules.session, "", "")
    schedules.utc = "2026-12-01 10:30:00"
    assert pause_all.resume(schedules.session).called_off.jobs == 0


def test_edit_says_how_many_waiting_jobs_it_releases(schedules: Schedules) -> None:
    schedules.utc = PAUSED
    manage.add(schedules.session, "other", TokenSource("env", "NO_SUCH_TOKEN_VARIABLE"))
    schedules.add(cron=HOURLY, misfire="all")
    refuse_token(schedules)
    tick_until(schedules, "2026-12-01 12:30:00")
    assert schedules.edit(workspace="other").released == 2
    assert schedules.edit(workspace="default").released == 0
