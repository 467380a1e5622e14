"""The product's instants against cronsim's, where cronsim has no known fault."""

from itertools import islice
from random import Random

from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support import cronsim_faults
from tests.support.random_cron import CronCase, draw_case

QUESTIONS = 200
FIRES = 60
HORIZON = 4 * 366 * 86_400


def test_cronsim_names_the_same_instants_where_it_has_no_known_fault() -> None:
    random = Random(2)
    compared = 0
    for _ in range(QUESTIONS):
        asked = draw_case(random)
        expected = ours(asked)
        if cronsim_faults.known_fault(asked, expected[-1]) is None:
            assert cronsim_faults.fire_times(asked, len(expected)) == expected, asked
            compared += 1
    assert compared > QUESTIONS / 2


def ours(asked: CronCase) -> list[int]:
    start = asked.start * 1000
    fires = recurrence.between(Recurrence(asked.zone, asked.cron), start, start + HORIZON * 1000)
    return [fire // 1000 for fire in islice(fires, FIRES)]
