"""Speed of the recurrence rules, compared with croniter and cronsim: `python -m bench.recurrence`.

Fires a second: a long series of instants, as in a catch-up or a simulation. First fire: from the text to the first
instant, with empty caches. Next fire: a single instant, as in a tick. Last, the time to check an arbitrary expression.
"""

import random
import string
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.rules.recurrence import cron_expression, cron_normalization, utc_offsets

ZONE = "America/New_York"
START = datetime(2026, 1, 5, 12, tzinfo=UTC)
EXPRESSIONS = ["*/5 * * * *", "0 9 * * 1-5", "30 2 * * *", "0 9 1 * *", "0 16 * * L5", "0 0 29 2 *"]
SECONDS = 0.3
RANDOM_EXPRESSIONS = 20_000

Start = Callable[[str], Iterator[object]]


def schedbot_fires(cron: str) -> Iterator[int]:
    start = round(START.timestamp() * 1000)
    return recurrence.between(Recurrence(ZONE, cron), start, start + 100 * 366 * 86_400_000)


def croniter_fires(cron: str) -> Iterator[object]:
    schedule = croniter(cron, START.astimezone(ZoneInfo(ZONE)), max_years_between_matches=50)
    while True:
        yield schedule.get_next(datetime)


def cronsim_fires(cron: str) -> Iterator[datetime]:
    return CronSim(cron.replace("L5", "5L"), START.astimezone(ZoneInfo(ZONE)))


def fires_per_second(start: Start, cron: str) -> float:
    """Return the instants per second, counted in blocks, so that reading the clock costs nothing."""
    fires, count, started = start(cron), 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        block = sum(1 for _ in islice(fires, 20))
        count += block
        if block < 20:
            fires = start(cron)
    return count / (time.perf_counter() - started)


def microseconds(function: Callable[[], object]) -> float:
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        function()
        count += 1
    return (time.perf_counter() - started) / count * 1e6


def clear_caches() -> None:
    """Clear the caches, except the zone's clock changes, which a process computes only once."""
    for function in (cron_expression.parse_cron, cron_expression.days_of_month, cron_normalization.normalize):
        function.cache_clear()


def first_fire(start: Start, cron: str) -> None:
    clear_caches()
    next(start(cron))


def time_checks() -> Iterator[tuple[float, str]]:
    """Yield the milliseconds to check each of many expressions, mostly invalid, with the expression."""
    rng = random.Random(1)
    fields = ["*", "*/7", "1-5", "9", "mon", "L5", "1#2", "31", "2", "5/15", "22-2", "R", "?", "9" * 50]
    for _ in range(RANDOM_EXPRESSIONS):
        if rng.random() < 0.5:
            expression = " ".join(rng.choices(fields, k=5))
        else:
            expression = "".join(rng.choices(string.printable, k=rng.choice([10, 40, 200, 20_000])))
        started = time.thread_time()  # without the time of other processes
        with suppress(BadInput):
            recurrence.check_cron(expression, "UTC")
        yield (time.thread_time() - started) * 1000, expression[:40]


def main() -> None:
    print(f"{'':14}{'fires a second':^36}{'first fire, µs':^27}{'next fire, µs':>15}")
    print(
        f"{'':14}{'schedbot':>12}{'croniter':>12}{'cronsim':>12}{'schedbot':>9}{'croniter':>9}{'cronsim':>9}{'schedbot':>15}"
    )
    for cron in EXPRESSIONS:
        rates = "".join(
            f"{fires_per_second(start, cron):12,.0f}" for start in (schedbot_fires, croniter_fires, cronsim_fires)
        )
        firsts = "".join(
            f"{microseconds(lambda start=start, cron=cron: first_fire(start, cron)):9,.0f}"  # type: ignore[misc]
            for start in (schedbot_fires, croniter_fires, cronsim_fires)
        )
        rule, after = Recurrence(ZONE, cron), round(START.timestamp() * 1000)
        alone = microseconds(lambda rule=rule, after=after: recurrence.next_after(rule, after))  # type: ignore[misc]
        print(f"{cron:14}{rates}{firsts}{alone:15,.1f}")
    utc_offsets.transitions.cache_clear()
    started = time.perf_counter()
    for year in range(2026, 2036):
        utc_offsets.transitions(ZONE, year)
    print(f"\nclock changes of a zone, computed once: {(time.perf_counter() - started) * 100:.2f} ms a year")
    slowest, expression = max(time_checks())
    print(
        f"{RANDOM_EXPRESSIONS:,} expressions checked, mostly invalid; the slowest took {slowest:.2f} ms: {expression!r}"
    )


if __name__ == "__main__":
    main()
