"""`why` names the first cause on record, and only occurrences between start, last change and end of a schedule."""

import pytest

from schedbot.admin.explain import why
from schedbot.admin.undo import undo
from schedbot.errors import BadInput, NotFound
from schedbot.store.operations import alerts, heartbeats
from tests.support.job_history import HOUR, NOW, JobHistory
from tests.support.schedules import Schedules, clock

AT_NINE = "2026-12-01 09:00"  # an hour before NOW, in New York


def because(history: JobHistory, at: str = "") -> str:
    return " ".join(why.explain(history.session, "daily", at).because)


def run_tick(history: JobHistory, at: int) -> None:
    with history.db.writing():
        heartbeats.beat(history.db, "tick", "tick", at, at)


@pytest.mark.parametrize("at", ["", AT_NINE, "1h"])
def test_job_explains_its_occurrence(history: JobHistory, at: str) -> None:
    history.add_job(history.add_schedule("daily"), "failed", HOUR, error="deadline")
    explanation = why.explain(history.session, "daily", at)
    assert explanation.because == ("Job 1 failed: it was not posted within its grace.",)
    assert explanation.steps == ("schedbot retry 1", "schedbot audit 1")


def test_time_of_the_last_tick_is_named(history: JobHistory) -> None:
    history.add_schedule("daily")
    run_tick(history, NOW - 3 * HOUR)
    assert because(history).startswith("No tick has run since Tue 1 Dec 2026")


def test_no_reason_is_on_record_after_a_tick(history: JobHistory) -> None:
    history.add_schedule("daily")
    run_tick(history, NOW)
    assert because(history) == "No reason is on record."


def test_suspended_schedule_has_reason_and_remedy(history: JobHistory) -> None:
    history.add_schedule("daily", state="suspended", reason="not_in_channel")
    explanation = why.explain(history.session, "daily", "")
    assert explanation.because == ("The schedule is suspended: the app is not in the channel (not_in_channel).",)
    assert explanation.steps == ("schedbot resume daily",)


def test_removed_schedule_is_explained(history: JobHistory) -> None:
    history.add_schedule("daily", state="removed")
    assert because(history) == "The schedule is removed."


def test_occurrence_before_the_present_rule(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    with history.db.writing():
        history.db.execute("UPDATE schedules SET effective_at = :at WHERE id = :id", {"at": NOW, "id": schedule})
    assert because(history, AT_NINE).startswith("The schedule is in effect since Tue 1 Dec 2026 10:00 EST")


def test_time_without_occurrence_names_the_nearest(history: JobHistory) -> None:
    history.add_schedule("daily")
    text = because(history, "2026-11-30 17:00")
    assert "Previous occurrence: Mon 30 Nov 2026 09:00 EST." in text
    assert "Next occurrence: Tue 1 Dec 2026 09:00 EST." in text


def test_future_occurrence_is_not_due_yet(history: JobHistory) -> None:
    history.add_schedule("daily")
    assert because(history, "2026-12-02 09:00") == "It is not due yet: in 23 h."


def test_paused_workspace_blocks_a_future_occurrence(history: JobHistory) -> None:
    history.add_workspace("globex", paused="token_revoked")
    history.add_schedule("daily", workspace="globex")
    explanation = why.explain(history.session, "daily", "2026-12-02 09:00")
    assert "Workspace 'globex' is paused: the workspace's token was revoked" in explanation.because[0]
    assert explanation.steps == ("schedbot workspace resume globex",)


def test_slack_error_is_explained_in_words(history: JobHistory) -> None:
    history.add_job(
        history.add_schedule("daily", state="suspended", reason="is_archived"), "failed", HOUR, error="is_archived"
    )
    explanation = why.explain(history.session, "daily", "")
    assert explanation.because == (
        "Job 1 failed: the channel is archived (is_archived).",
        "The schedule is suspended: the channel is archived (is_archived).",
    )
    assert sum("schedbot resume daily" in step for step in explanation.steps) == 1


def test_unknown_name_or_time_is_refused(history: JobHistory) -> None:
    history.add_schedule("daily")
    with pytest.raises(NotFound, match="No schedule named 'dayly' exists") as refused:
        why.explain(history.session, "dayly", "")
    assert refused.value.hint == "Did you mean 'daily'?"
    with pytest.raises(BadInput, match="'someday' is not a time"):
        why.explain(history.session, "daily", "someday")


def details(schedules: Schedules, at: str = "") -> list[str]:
    """Return the sentences except the one with the rule in words."""
    sentences = why.explain(schedules.session, "daily", at).because
    return [sentence for sentence in sentences if not sentence.startswith("Nothing ")]


def test_time_before_the_start_names_the_first_occurrence(schedules: Schedules) -> None:
    schedules.add(starts="2026-12-20")
    assert details(schedules, "2026-12-05 11:00") == [
        "The schedule starts later, on Sun 20 Dec 2026 00:00 UTC.",
        "Next occurrence: Sun 20 Dec 2026 09:00 UTC.",
    ]


def test_time_after_the_end_names_the_last_occurrence(schedules: Schedules) -> None:
    schedules.add(until="2026-12-05")
    schedules.tick("2026-12-10 12:00:00")
    assert details(schedules, "2026-12-20 11:00") == [
        "The schedule had ended, on Sat 5 Dec 2026 23:59:59 UTC.",
        "Previous occurrence: Sat 5 Dec 2026 09:00 UTC.",
    ]


def test_new_rule_has_no_occurrence_before_the_edit(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-03 12:00:00"
    schedules.edit(cron="0 10 * * *")
    assert details(schedules, "2026-12-02 11:00") == [
        "Previous occurrence: Wed 2 Dec 2026 09:00 UTC.",
        "Next occurrence: Fri 4 Dec 2026 10:00 UTC.",
    ]
    assert details(schedules, "2026-12-02 10:00")[0].startswith(
        "The schedule has this rule since Thu 3 Dec 2026 12:00 UTC"
    )


def test_schedule_never_due_names_the_first_occurrence(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *")
    assert why.explain(schedules.session, "daily", "").because == (
        "Nothing has been due yet: at 18:00 every day, UTC.",
        "First occurrence: Tue 1 Dec 2026 18:00 UTC.",
    )


def test_first_occurrence_outside_the_window_is_marked(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *", window="mon-fri 09:00-17:00", outside="skip")
    [first] = details(schedules)
    assert "18:00 UTC. It will be skipped: outside window: mon-fri 09:00-17:00." in first


def test_occurrence_during_a_pause_names_the_pause(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(reason="moving")
    schedules.edit(text="Hello")
    schedules.tick("2026-12-03 12:00:00")
    assert details(schedules) == ["The schedule is paused since Tue 1 Dec 2026 08:59 UTC (tester@host): moving."]
    schedules.resume()
    [sentence] = details(schedules, "2026-12-02 09:00")
    assert sentence.startswith("The schedule was off until Thu 3 Dec 2026 12:00 UTC (tester@host)")


def test_removed_schedule_has_no_next_occurrence(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-03 12:00:00"
    schedules.remove()
    for at in ("2026-12-05 09:00", "2026-12-05 11:00"):
        assert details(schedules, at) == ["The schedule was removed on Thu 3 Dec 2026 12:00 UTC (tester@host)."]


def test_day_explains_each_of_its_occurrences(schedules: Schedules) -> None:
    schedules.utc = "2026-11-29 08:00:00"
    schedules.add(cron="0 9,17 * * *", tz="America/New_York", misfire="all", grace="1d")
    schedules.tick("2026-11-30 22:00:30")  # Monday 17:00 in New York
    schedules.utc = "2026-12-01 04:30:00"  # still Monday in New York
    explanations = why.explain_each(schedules.session, "daily", "monday").shown
    assert [clock(explanation.due_at or 0) for explanation in explanations] == ["2026-11-30 14:00", "2026-11-30 22:00"]
    [nine] = why.explain_each(schedules.session, "daily", "monday 9am").shown
    assert (clock(nine.due_at or 0), nine.state) == ("2026-11-30 14:00", "queued")


def test_day_without_an_occurrence_says_so(history: JobHistory) -> None:
    history.add_schedule("daily")
    with history.db.writing():
        history.db.execute("UPDATE recurrences SET expression = '0 9 * * mon'")
    [explanation] = why.explain_each(history.session, "daily", "sunday").shown
    assert explanation.due_at is None


def test_today_explains_what_was_due_so_far(schedules: Schedules) -> None:
    schedules.utc = "2026-11-30 23:00:00"
    schedules.add(cron="0 * * * *", misfire="all", grace="1d")
    schedules.tick("2026-12-01 02:00:30")
    explanations = why.explain_each(schedules.session, "daily", "today").shown
    assert [clock(explanation.due_at or 0)[11:] for explanation in explanations] == ["00:00", "01:00", "02:00"]


def test_day_of_many_occurrences_counts_those_left_out(schedules: Schedules) -> None:
    schedules.utc = "2026-11-29 08:00:00"
    schedules.add(cron="0 * * * *", misfire="all", grace="2d")
    schedules.tick("2026-12-01 02:00:30")
    shown, left_out = why.explain_each(schedules.session, "daily", "monday")
    assert (clock(shown[0].due_at or 0)[11:], len(shown), left_out) == ("14:00", 10, 14)


def test_alert_about_a_failed_job_is_named(history: JobHistory) -> None:
    history.add_job(history.add_schedule("daily"), "failed", HOUR, error="channel_not_found")
    with history.db.writing():
        alerts.save_seen(history.db, {"failed:channel_not_found": "1 job failed."}, NOW)
        message = alerts.add_message(history.db, {}, ["command"], NOW)
        alerts.announce(history.db, message, ["failed:channel_not_found"], [])
    assert "An alert about this went out on " in because(history)


def test_rule_after_an_undo_is_named(schedules: Schedules) -> None:
    schedules.add()
    schedules.edit(cron="0 10 * * *")
    schedules.utc = "2026-12-01 12:00:00"
    undo.undo(schedules.session, 2)
    explained = " ".join(why.explain(schedules.session, "daily", "2026-11-30 09:00").because)
    assert "A change of the schedule was undone on Tue 1 Dec 2026 12:00 UTC" in explained
