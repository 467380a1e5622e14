"""`why` names the first cause that the records show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.explain import why
from schedbot.errors import BadInput, NotFound
from schedbot.store.operations import heartbeats
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history

AT_NINE = "2026-12-01 09:00"  # an hour before NOW, in New York


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as made:
        yield made


def because(history: JobHistory, said: str = "") -> str:
    return " ".join(why.explain(history.session, "daily", said).because)


def run_tick(history: JobHistory, at: int) -> None:
    with history.db.writing():
        heartbeats.beat(history.db, "tick", "tick", at, at)


@pytest.mark.parametrize("said", ["", AT_NINE, "1h"])
def test_a_job_is_the_answer_where_there_is_one(history: JobHistory, said: str) -> None:
    history.add_job(history.add_schedule("daily"), "failed", HOUR, error="deadline")
    answer = why.explain(history.session, "daily", said)
    assert answer.because == ("Job 1 is failed: not posted, its grace was over before it could be posted.",)
    assert answer.steps == ("schedbot retry 1", "schedbot audit 1")


def test_no_tick_ran(history: JobHistory) -> None:
    history.add_schedule("daily")
    run_tick(history, NOW - 3 * HOUR)
    assert because(history).startswith("No tick has run since Tue 1 Dec 2026")


def test_a_tick_that_ran_leaves_no_reason_on_record(history: JobHistory) -> None:
    history.add_schedule("daily")
    run_tick(history, NOW)
    assert because(history) == "No reason is on record."


def test_a_suspended_schedule_says_why_and_what_helps(history: JobHistory) -> None:
    history.add_schedule("daily", state="suspended", reason="not_in_channel")
    answer = why.explain(history.session, "daily", "")
    assert answer.because == ("The schedule is suspended: the app is not in the channel (not_in_channel).",)
    assert answer.steps == ("schedbot resume daily",)


def test_a_removed_schedule_is_still_answered_for(history: JobHistory) -> None:
    history.add_schedule("daily", state="removed")
    assert because(history) == "The schedule is removed."


def test_a_schedule_that_holds_only_since_later(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    with history.db.writing():
        history.db.execute("UPDATE schedules SET effective_at = :at WHERE id = :id", {"at": NOW, "id": schedule})
    assert because(history, AT_NINE).startswith("It holds only since Tue 1 Dec 2026 10:00 EST")


def test_a_time_without_an_occurrence_names_the_ones_around_it(history: JobHistory) -> None:
    history.add_schedule("daily")
    told = because(history, "2026-11-30 17:00")
    assert "The occurrence before is Mon 30 Nov 2026 09:00 EST." in told
    assert "The occurrence after is Tue 1 Dec 2026 09:00 EST." in told


def test_an_occurrence_to_come_is_no_failure(history: JobHistory) -> None:
    history.add_schedule("daily")
    assert because(history, "2026-12-02 09:00") == "That is still to come, in 23 h."


def test_a_paused_workspace_holds_back_what_is_to_come(history: JobHistory) -> None:
    history.add_workspace("globex", paused="token_revoked")
    history.add_schedule("daily", workspace="globex")
    answer = why.explain(history.session, "daily", "2026-12-02 09:00")
    assert "But the workspace 'globex' is paused: the workspace's token was revoked" in answer.because[0]
    assert answer.steps == ("schedbot workspace resume globex",)


def test_the_reason_of_slack_is_told_in_words_too(history: JobHistory) -> None:
    history.add_job(
        history.add_schedule("daily", state="suspended", reason="is_archived"), "failed", HOUR, error="is_archived"
    )
    answer = why.explain(history.session, "daily", "")
    assert answer.because == (
        "Job 1 is failed: not posted, the channel is archived (is_archived).",
        "The schedule is suspended: the channel is archived (is_archived).",
    )
    assert sum("schedbot resume daily" in step for step in answer.steps) == 1


def test_a_name_or_time_that_means_nothing_is_refused(history: JobHistory) -> None:
    history.add_schedule("daily")
    with pytest.raises(NotFound, match="There is no schedule 'dayly'") as refused:
        why.explain(history.session, "dayly", "")
    assert refused.value.hint == "Did you mean 'daily'?"
    with pytest.raises(BadInput, match="'someday' is not a time"):
        why.explain(history.session, "daily", "someday")
