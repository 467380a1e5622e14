"""Instants compared with an independent implementation of the rule, for random cases."""

from itertools import islice
from random import Random

import pytest

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support import cron_oracle
from tests.support.random_cron import DAY, CronCase, draw_case

pytestmark = pytest.mark.slow

FIRES = 60
CASES = 20
HORIZON = 61 * DAY


@pytest.mark.parametrize("seed", range(10))
def test_oracle_computes_the_same_instants(seed: int) -> None:
    times.zone_data_version()
    random = Random(seed)
    for _ in range(CASES):
        case = draw_case(random)
        expected = list(islice(cron_oracle.fire_times(*case, case.start + HORIZON), FIRES))
        assert our_instants(case, expected) == expected, case


def our_instants(case: CronCase, expected: list[int]) -> list[int]:
    """Return as many instants as the oracle, or all up to the horizon if the oracle has fewer than its maximum."""
    until = expected[-1] if len(expected) == FIRES else case.start + HORIZON - 1
    instants = recurrence.between(Recurrence(case.zone, case.cron), case.start * 1000, until * 1000)
    return [instant // 1000 for instant in instants]
