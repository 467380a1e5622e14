"""`undo`: a change is taken back by a change of its own, or refused with the reason."""

from collections.abc import Callable

import pytest

from schedbot.admin.balance.balance import Balance
from schedbot.admin.schedules import pause_all, shared_calendars
from schedbot.admin.undo import undo
from schedbot.admin.workspaces import manage
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes
from tests.support.schedules import Schedules
from tests.support.sql import read_value

Change = Callable[[Schedules], object]


def undo_last(schedules: Schedules) -> None:
    undo.undo(schedules.session, changes.last_number(schedules.db))


def values(schedules: Schedules) -> tuple[str, str, str]:
    """Return the state, the next post and the text of the schedule."""
    schedule = schedules.get()
    return schedule.state.value, schedules.next(), schedule.terms.report.source


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.edit(cron="30 10 * * *", text="Other", account="42"),
        lambda s: s.edit(every="weekday at 10:00", grace="1h"),
        lambda s: s.edit(until="2026-12-24", tz="Europe/Berlin"),
        lambda s: s.edit(at="2026-12-24 09:00", report="", text="Once"),
        lambda s: s.pause(reason="moving"),
        lambda s: s.pause(until="2026-12-20 10:00"),
        lambda s: s.skip_next(),
        lambda s: s.remove(),
        lambda s: pause_all.pause(s.session, "moving", ""),
        lambda s: shared_calendars.set_calendar(s.session, None, "default", {"window": "mon-fri 12:00-13:00"}),
    ],
)
def test_undone_change_leaves_the_schedule_as_it_was(schedules: Schedules, change: Change) -> None:
    schedules.utc = "2026-12-01 08:59:30"
    schedules.add()
    before = values(schedules)
    change(schedules)
    undo_last(schedules)
    assert values(schedules) == before
    schedules.tick("2026-12-01 09:00:00")
    assert [job for job in schedules.jobs() if "cancelled" not in job] == ["2026-12-01 09:00 queued"]
    assert list(Balance(schedules.session, None, None, None).imbalances()) == []


@pytest.mark.parametrize("begin", [lambda s: s.pause(reason="moving"), lambda s: s.edit(cron="5 5 * * *")])
def test_undo_can_be_undone(schedules: Schedules, begin: Change) -> None:
    schedules.add()
    begin(schedules)
    after = values(schedules)
    undo_last(schedules)
    assert values(schedules) != after
    undo_last(schedules)
    assert values(schedules) == after
    number = changes.last_number(schedules.db)
    record = changes.by_number(schedules.db, number)
    assert record
    assert (record.change.command, record.change.undoes) == ("undo", number - 1)


def test_added_schedule_is_removed(schedules: Schedules) -> None:
    schedules.add()
    undo_last(schedules)
    assert read_value(schedules.db, "SELECT state FROM schedules") == "removed"


def test_extra_job_that_was_not_sent_is_skipped(schedules: Schedules) -> None:
    schedules.add(cron="0 12 * * *")
    schedules.run_now()
    undo_last(schedules)
    assert schedules.jobs() == ["2026-12-01 08:59 skipped skipped_by_hand"]


def test_workspace_is_paused_and_resumed_by_undo(schedules: Schedules) -> None:
    manage.pause(schedules.session, "default", "moving")
    undo_last(schedules)
    assert read_value(schedules.db, "SELECT paused_reason FROM workspaces") is None
    undo_last(schedules)
    assert read_value(schedules.db, "SELECT paused_reason FROM workspaces") == "moving"


def sent(schedules: Schedules) -> None:
    schedules.edit(text="Other")
    schedules.tick("2026-12-01 09:00:30")
    schedules.claim(sent=True)
    with schedules.db.writing():
        schedules.db.execute("UPDATE attempts SET version = 2")


def pause_and_undo(schedules: Schedules) -> None:
    schedules.pause()
    undo_last(schedules)


@pytest.mark.parametrize(
    ("change", "number", "why"),
    [
        (sent, 2, "1 post has been sent by it since"),
        (lambda s: (s.edit(text="B"), s.edit(text="C")), 2, "change 3 altered text since"),
        (lambda s: (s.edit(text="B"), s.remove()), 2, "'daily' is removed"),
        (lambda s: (s.remove(), s.add()), 2, "another schedule is named 'daily'"),
        (pause_and_undo, 2, "change 3 did so already"),
        (lambda s: (s.skip_next(), s.tick("2026-12-02 10:00:00")), 2, "the occurrence was due"),
        (lambda s: (s.edit(at="2026-12-01 09:30"), s.edit(cron="1 1 * * *"), s.tick("2026-12-01 12:00:00")), 3, "past"),
        (lambda s: s.edit(text="B"), 9, "No change 9 is on record"),
    ],
)
def test_change_that_cannot_be_undone_says_why(schedules: Schedules, change: Change, number: int, why: str) -> None:
    schedules.add()
    change(schedules)
    last = changes.last_number(schedules.db)
    with pytest.raises((BadInput, NotFound), match=why):
        undo.undo(schedules.session, number)
    assert changes.last_number(schedules.db) == last
