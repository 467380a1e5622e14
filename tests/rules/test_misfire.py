"""Occurrences to run and to record as missed, by policy, in minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot.model import MisfirePolicy
from schedbot.rules.misfire import ON_TIME_MS, split_by_policy

MINUTE = 60_000
NOW = 100 * MINUTE
CASES = [
    # policy, due (minutes; now is 100), grace, run, missed
    pytest.param("latest", [], 60, [], [], id="nothing due"),
    pytest.param("skip", [100], 60, [100], [], id="an occurrence on time runs"),
    pytest.param("skip", [99], 60, [99], [], id="a minute late is on time"),
    pytest.param("skip", [101], 0, [101], [], id="a future occurrence runs"),
    pytest.param("latest", [80], 60, [80], [], id="a single misfire runs late"),
    pytest.param("latest", [70, 80, 90], 60, [90], [70, 80], id="the newest misfire runs"),
    pytest.param("latest", [90, 70, 80], 60, [90], [70, 80], id="in any order"),
    pytest.param("latest", [20, 30], 60, [], [20, 30], id="no misfire within grace"),
    pytest.param("latest", [40], 60, [40], [], id="just within grace"),
    pytest.param("latest", [80, 90, 100], 60, [100], [80, 90], id="the occurrence on time is the newest"),
    pytest.param("latest", [80, 90, 101], 60, [90, 101], [80], id="a future occurrence is not the newest"),
    pytest.param("all", [20, 80, 90, 100], 60, [80, 90, 100], [20], id="all within grace run"),
    pytest.param("skip", [20, 80, 98, 100], 60, [100], [20, 80, 98], id="no misfire runs"),
    pytest.param("all", [98, 99], 0, [99], [98], id="a minute late is on time even without grace"),
]


@pytest.mark.parametrize(("policy", "due", "grace", "run", "missed"), CASES)
def test_policy_splits_late_occurrences(
    policy: str, due: list[int], grace: int, run: list[int], missed: list[int]
) -> None:
    split = split_by_policy([at * MINUTE for at in due], NOW, MisfirePolicy(policy), grace * MINUTE)
    assert [at // MINUTE for at in split.run] == run
    assert [at // MINUTE for at in split.missed] == missed


def test_fourteen_days_of_downtime_run_one_occurrence() -> None:
    due = [NOW - 2 * MINUTE - n * 5 * MINUTE for n in range(4_032)]
    split = split_by_policy(due, NOW, MisfirePolicy.LATEST, 6 * 60 * MINUTE)
    assert (split.run, len(split.missed)) == ([NOW - 2 * MINUTE], 4_031)


@given(st.sets(st.integers(0, 2 * NOW)), st.sampled_from(list(MisfirePolicy)), st.integers(0, NOW))
def test_each_occurrence_either_runs_or_is_missed(due: set[int], policy: MisfirePolicy, grace: int) -> None:
    run, missed = split_by_policy(list(due), NOW, policy, grace)
    assert sorted(run + missed) == sorted(due)
    assert (run, missed) == (sorted(run), sorted(missed))
    assert all(at < NOW - ON_TIME_MS for at in missed)
    assert all(at >= NOW - max(grace, ON_TIME_MS) for at in run)
