"""What else is wrong in a bad line of an import: each cell is read alone, so that one look mends them all.

Limit: what cells say together (an end before a start, a report with its parameters) is told once each is right. Where
the zone is wrong, times are read in UTC, and only for how they are written.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from schedbot.admin.fields import parsers, terms
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.recurrence import WAYS, rule
from schedbot.admin.schedules import add
from schedbot.admin.schedules.add import Wanted
from schedbot.admin.schedules.change_context import Facts
from schedbot.admin.workspaces.user_zones import Zones, zone_of
from schedbot.store.database import Database

Fields = Mapping[str, str]
Check = Callable[[], object]
STAND_IN = "UTC"
READERS: dict[str, Callable[[str], object]] = {
    "account": parsers.account,
    "channel": terms.channel,
    "count": terms.COUNT,
    "misfire": terms.MISFIRE,
    "grace": parsers.span,
    "max_attempts": terms.MAX_ATTEMPTS,
    "priority": terms.PRIORITY,
    "on_unknown": terms.ON_UNKNOWN,
    "jitter": parsers.span,
    "skip_holidays": terms.region,
    "holiday_policy": terms.HOLIDAY_POLICY,
    "paused": parsers.yes_or_no,
    "window": parsers.window,
    "outside": terms.OUTSIDE,
    "blackout": parsers.blackout,
    "params": parsers.params,
}


def others(db: Database, said: Fields, base: Wanted | None, facts: Facts, zones: Zones) -> Iterator[BadField]:
    """A fault for each cell that is wrong by itself. `base` is what the line would change; None: it is new."""
    try:
        tz = zone(said, base, zones)
    except BadField as error:
        yield error
        tz = ""
    for check in (*whole(db, said, base, facts), *timed(said, base, facts.now, tz), *alone(said)):
        try:
            check()
        except BadField as error:
            yield error


def zone(said: Fields, base: Wanted | None, zones: Zones) -> str:
    """The zone that the line is read in. Raises BadField."""
    whose = add.person(said, base)
    tz = zone_of(zones, whose) if whose else said.get("tz") or (base.recurrence.tz if base else "")
    return rule({"tz": tz, "cron": "* * * * *"}, 0).tz


def whole(db: Database, said: Fields, base: Wanted | None, facts: Facts) -> Iterator[Check]:
    """What every schedule has."""
    yield lambda: add.kept(said, "name", base.name if base else None)
    yield lambda: facts.workspace_id(db, add.workspace_of(said, base))
    yield lambda: terms.report(said, base.terms.report if base else None)
    if not base:
        yield lambda: terms.channel(said.get("channel", ""))


def timed(said: Fields, base: Wanted | None, now: int, tz: str) -> Iterator[Check]:
    """What is read in a zone. Whether an instant is past is asked only where the zone is known."""
    known = tz or STAND_IN
    if not tz and said.get("at"):
        yield lambda: parsers.read("at", lambda text: parsers.instant(text, STAND_IN, now), said["at"])
    elif not base or any(said.get(way) for way in WAYS):
        yield lambda: rule({**said, "tz": known}, now, base.recurrence if base else None)
    yield partial(read, said, "starts", lambda text: parsers.beginning(text, known, now))
    yield partial(read, said, "until", lambda text: parsers.end(text, known, now))


def alone(said: Fields) -> Iterator[Check]:
    """What is read by itself."""
    for column, reader in READERS.items():
        yield partial(read, said, column, reader)


def read(said: Fields, column: str, reader: Callable[[str], object]) -> None:
    """Read one cell; what is left out, empty or `none` is the default. Raises BadField."""
    terms.given(said, column, reader, None, None)
