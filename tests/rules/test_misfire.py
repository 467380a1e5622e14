"""Which occurrences run and which are on record as missed, by policy, as literal cases in minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot.model import MisfirePolicy
from schedbot.rules.misfire import ON_TIME_MS, split_by_policy

MINUTE = 60_000
NOW = 100 * MINUTE
CASES = [
    # policy, due (minutes; now is 100), grace, run, missed
    pytest.param("latest", [], 60, [], [], id="nothing is due"),
    pytest.param("skip", [100], 60, [100], [], id="on time always runs"),
    pytest.param("skip", [99], 60, [99], [], id="a minute late is on time"),
    pytest.param("skip", [101], 0, [101], [], id="what is to come runs"),
    pytest.param("latest", [80], 60, [80], [], id="one misfire is run late"),
    pytest.param("latest", [70, 80, 90], 60, [90], [70, 80], id="the newest misfire runs"),
    pytest.param("latest", [90, 70, 80], 60, [90], [70, 80], id="in any order"),
    pytest.param("latest", [20, 30], 60, [], [20, 30], id="none is within grace"),
    pytest.param("latest", [40], 60, [40], [], id="just within grace"),
    pytest.param("latest", [80, 90, 100], 60, [100], [80, 90], id="what is on time is the newest"),
    pytest.param("latest", [80, 90, 101], 60, [90, 101], [80], id="what is to come is not yet the newest"),
    pytest.param("all", [20, 80, 90, 100], 60, [80, 90, 100], [20], id="all within grace run"),
    pytest.param("skip", [20, 80, 98, 100], 60, [100], [20, 80, 98], id="no misfire runs"),
    pytest.param("all", [98, 99], 0, [99], [98], id="no grace, and a minute late is still on time"),
]


@pytest.mark.parametrize(("policy", "due", "grace", "run", "missed"), CASES)
def test_the_policy_decides_on_what_is_late(
    policy: str, due: list[int], grace: int, run: list[int], missed: list[int]
) -> None:
    found = split_by_policy([at * MINUTE for at in due], NOW, MisfirePolicy(policy), grace * MINUTE)
    assert [at // MINUTE for at in found.run] == run
    assert [at // MINUTE for at in found.missed] == missed


def test_fourteen_days_off_give_one_post_and_4031_missed() -> None:
    due = [NOW - 2 * MINUTE - n * 5 * MINUTE for n in range(4_032)]
    found = split_by_policy(due, NOW, MisfirePolicy.LATEST, 6 * 60 * MINUTE)
    assert (found.run, len(found.missed)) == ([NOW - 2 * MINUTE], 4_031)


@given(st.sets(st.integers(0, 2 * NOW)), st.sampled_from(list(MisfirePolicy)), st.integers(0, NOW))
def test_each_occurrence_is_run_or_missed_and_never_both(due: set[int], policy: MisfirePolicy, grace: int) -> None:
    run, missed = split_by_policy(list(due), NOW, policy, grace)
    assert sorted(run + missed) == sorted(due)
    assert (run, missed) == (sorted(run), sorted(missed))
    assert all(at < NOW - ON_TIME_MS for at in missed)
    assert all(at >= NOW - max(grace, ON_TIME_MS) for at in run)
