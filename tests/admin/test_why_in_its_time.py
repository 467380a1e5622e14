"""`why` names only occurrences that are a schedule's own: after its start and its last change, up to its end."""

from schedbot.admin.explain import why
from tests.support.schedules import Schedules


def because(schedules: Schedules, at: str = "") -> list[str]:
    """The sentences, at most those behind the rule in words."""
    return [told for told in why.explain(schedules.session, "daily", at).because if not told.startswith("Nothing ")]


def test_before_its_start_no_occurrence_is_named_but_the_first(schedules: Schedules) -> None:
    schedules.add(starts="2026-12-20")
    told = ["It starts later, on Sun 20 Dec 2026 00:00 UTC.", "The occurrence after is Sun 20 Dec 2026 09:00 UTC."]
    assert because(schedules, "2026-12-05 11:00") == told


def test_after_its_end_no_occurrence_is_named_but_the_last(schedules: Schedules) -> None:
    schedules.add(until="2026-12-05")
    schedules.tick("2026-12-10 12:00:00")
    told = ["It was over by then: its end is Sat 5 Dec 2026 23:59:59 UTC."]
    assert because(schedules, "2026-12-20 11:00") == [*told, "The occurrence before is Sat 5 Dec 2026 09:00 UTC."]


def test_before_an_edit_no_occurrence_of_the_new_rule_is_named(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-03 12:00:00"
    schedules.edit(cron="0 10 * * *")
    around = ["The occurrence before is Wed 2 Dec 2026 09:00 UTC.", "The occurrence after is Fri 4 Dec 2026 10:00 UTC."]
    assert because(schedules, "2026-12-02 11:00") == around
    assert because(schedules, "2026-12-02 10:00")[0].startswith("It has this rule only since Thu 3 Dec 2026 12:00 UTC")


def test_what_was_never_due_is_told_with_its_first(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *")
    answer = why.explain(schedules.session, "daily", "").because
    assert answer == ("Nothing has been due yet: at 18:00 every day, UTC.", "The first is Tue 1 Dec 2026 18:00 UTC.")


def test_of_what_is_to_come_first_it_is_said_that_its_window_leaves_it_out(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *", window="mon-fri 09:00-17:00", outside="skip")
    [first] = because(schedules)
    assert "18:00 UTC. It will be left out: outside window: mon-fri 09:00-17:00." in first


def test_what_fell_into_a_pause_is_told_by_the_pause(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(reason="moving")
    schedules.edit(text="Hello")
    schedules.tick("2026-12-03 12:00:00")
    assert because(schedules) == ["The schedule is paused since Tue 1 Dec 2026 08:59 UTC (tester@host): moving."]
    schedules.resume()
    [told] = because(schedules, "2026-12-02 09:00")
    assert told.startswith("It was off until Thu 3 Dec 2026 12:00 UTC (tester@host)")


def test_after_its_removal_nothing_is_to_come(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-03 12:00:00"
    schedules.remove()
    for at in ("2026-12-05 09:00", "2026-12-05 11:00"):
        assert because(schedules, at) == ["The schedule was removed on Thu 3 Dec 2026 12:00 UTC (tester@host)."]
