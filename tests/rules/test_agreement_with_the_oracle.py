"""The product's instants against a second, independent statement of the rule, over drawn questions."""

from itertools import islice
from random import Random

import pytest

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support import cron_oracle
from tests.support.random_cron import DAY, CronCase, draw_case

FIRES = 60
QUESTIONS = 20
LONGEST = 61 * DAY


@pytest.mark.parametrize("seed", range(10))
def test_the_product_and_the_oracle_name_the_same_instants(seed: int) -> None:
    times.zone_data_version()
    random = Random(seed)
    for _ in range(QUESTIONS):
        asked = draw_case(random)
        expected = list(islice(cron_oracle.fire_times(*asked, asked.start + LONGEST), FIRES))
        assert ours(asked, expected) == expected, asked


def ours(asked: CronCase, expected: list[int]) -> list[int]:
    """As many instants as the oracle named; where it found fewer than it may name, all there are in that time."""
    until = expected[-1] if len(expected) == FIRES else asked.start + LONGEST - 1
    instants = recurrence.between(Recurrence(asked.zone, asked.cron), asked.start * 1000, until * 1000)
    return [instant // 1000 for instant in instants]
