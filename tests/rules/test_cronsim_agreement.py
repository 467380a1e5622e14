"""Instants compared with cronsim's, for cases in which cronsim has no known bug."""

from itertools import islice
from random import Random

import pytest

from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support import cronsim_faults
from tests.support.random_cron import CronCase, draw_case

pytestmark = pytest.mark.slow

CASES = 200
FIRES = 60
HORIZON = 4 * 366 * 86_400


def test_cronsim_agrees_where_it_has_no_known_bug() -> None:
    random = Random(2)
    compared = 0
    for _ in range(CASES):
        case = draw_case(random)
        expected = our_instants(case)
        if cronsim_faults.known_fault(case, expected[-1]) is None:
            assert cronsim_faults.fire_times(case, len(expected)) == expected, case
            compared += 1
    assert compared > CASES / 2


def our_instants(case: CronCase) -> list[int]:
    start = case.start * 1000
    fires = recurrence.between(Recurrence(case.zone, case.cron), start, start + HORIZON * 1000)
    return [fire // 1000 for fire in islice(fires, FIRES)]
