"""Instants as runs: whatever is packed, cut or taken out, it is the same instants as in a plain list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot.model import Recurrence
from schedbot.rules import instant_runs, recurrence
from tests.support.schedules import ms

INSTANTS = st.sets(st.integers(0, 60)).map(sorted)


@given(INSTANTS)
def test_nothing_is_lost_in_packing_and_writing(instants: list[int]) -> None:
    there = instant_runs.read(instant_runs.written(instant_runs.packed(instants)))
    assert list(instant_runs.unpacked(there)) == instants
    assert list(instant_runs.unpacked(there, newest_first=True)) == instants[::-1]
    assert instant_runs.total(there) == len(instants)


@given(INSTANTS, st.none() | st.integers(-1, 61), st.none() | st.integers(-1, 61))
def test_a_cut_holds_what_lies_between_its_bounds(instants: list[int], since: int | None, until: int | None) -> None:
    wanted = [one for one in instants if (since is None or one >= since) and (until is None or one <= until)]
    assert list(instant_runs.unpacked(instant_runs.within(instant_runs.packed(instants), since, until))) == wanted


@given(INSTANTS, INSTANTS)
def test_what_is_taken_out_is_gone_and_the_rest_stays(instants: list[int], gone: list[int]) -> None:
    packed = instant_runs.packed(instants)
    assert list(instant_runs.unpacked(instant_runs.without(packed, gone))) == [
        one for one in instants if one not in gone
    ]
    assert instant_runs.common(packed, gone) == [one for one in gone if one in instants]


@pytest.mark.parametrize(
    ("cron", "tz", "instants", "count"),
    [
        pytest.param("*/5 * * * *", "America/New_York", 4032, 1, id="a fortnight of every five minutes is one run"),
        pytest.param("*/5 9-16 * * 1-5", "UTC", 960, 10, id="business hours are a run a day"),
        pytest.param("0 9 * * *", "America/New_York", 14, 2, id="a day's time changes its step with the clocks"),
    ],
)
def test_a_rule_comes_to_few_runs(cron: str, tz: str, instants: int, count: int) -> None:
    start = ms("2026-10-25 00:00")  # clocks go back in New York on 1 November
    found = list(recurrence.between(Recurrence(tz, cron=cron), start, start + 14 * 86_400_000))
    assert (len(found), len(instant_runs.packed(found))) == (instants, count)
