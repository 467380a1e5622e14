"""Compares the recurrence rules with an oracle and with cronsim, in random cases.

    python -m bench.recurrence_agreement [N] [SEED]

A case is an expression, a zone and a start; the results are the next 60 instants. Exits with 1 if schedbot differs from
the oracle, or from cronsim without a known fault of cronsim.
"""

import sys
import time
from collections import Counter
from itertools import islice
from multiprocessing import Pool
from random import Random

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support import cron_oracle, cronsim_faults
from tests.support.random_cron import DAY, HOUR, CronCase, clock_change_hours, draw_case

FIRES = 60
MAX_PERIOD = 150 * DAY
BLOCK = 25


def compare(seed: str) -> Counter[str]:
    """Compare a block of cases and count the results by name."""
    times.zone_data_version()
    random, counts = Random(seed), Counter[str]()
    for _ in range(BLOCK):
        case = draw_case(random)
        expected = list(islice(cron_oracle.fire_times(*case, case.start + MAX_PERIOD), FIRES))
        if len(expected) < FIRES:
            counts["skipped: fewer than 60 instants in 150 days"] += 1
            continue
        counts["compared with the oracle"] += 1
        counts["... across a clock change"] += any(
            case.start < at + HOUR < expected[-1] for at in clock_change_hours(case.zone)
        )
        if schedbot_fires(case) != expected:
            counts["... DIFFERENT"] += 1
            print("differs from the oracle:", case, flush=True)
        counts.update(compare_with_cronsim(case, expected))
    return counts


def compare_with_cronsim(case: CronCase, expected: list[int]) -> Counter[str]:
    fault = cronsim_faults.known_fault(case, expected[-1])
    if cronsim_faults.fire_times(case, FIRES) == expected:
        return Counter({"same as cronsim": 1})
    if fault is None:
        print("differs from cronsim:", case, flush=True)
    return Counter({f"cronsim differs: {fault or 'UNKNOWN'}": 1})


def schedbot_fires(case: CronCase) -> list[int]:
    start = case.start * 1000
    fires = recurrence.between(Recurrence(case.zone, case.cron), start, start + 2 * MAX_PERIOD * 1000)
    return [fire // 1000 for fire in islice(fires, FIRES)]


def main() -> int:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    started, total = time.monotonic(), Counter[str]()
    with Pool(2) as pool:
        for counts in pool.imap_unordered(compare, (f"{seed}/{n}" for n in range(-(-cases // BLOCK)))):
            total.update(counts)
    for name, count in sorted(total.items()):
        print(f"{count:8,}  {name}")
    print(f"{time.monotonic() - started:8.0f}  seconds, zone data {' of the '.join(times.zone_data_version())}")
    return 1 if total["... DIFFERENT"] or total["cronsim differs: UNKNOWN"] else 0


if __name__ == "__main__":
    sys.exit(main())
