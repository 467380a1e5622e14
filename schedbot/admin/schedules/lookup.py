"""Names and globs to schedules: a name that is typed out must be there, a glob may find nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from schedbot import times
from schedbot.admin.fields import parsers
from schedbot.errors import NotFound
from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import Filters


@dataclass(frozen=True, slots=True)
class Selection:
    """The schedules that were meant, each once, in the order of the names; and the globs that found none."""

    schedules: list[Schedule]
    empty: list[str]


def is_glob(name: str) -> bool:
    """Does it stand for many names?"""
    return bool(parsers.GLOB.search(name))


def to_sqlite_glob(pattern: str) -> str:
    """The pattern as the store reads it: `[!a]` is a shell's, `[^a]` its own."""
    return pattern.replace("[!", "[^")


def find_all(db: Database, names: Sequence[str]) -> Selection:
    """The schedules that `names` mean. Raises NotFound for a name that is typed out and not there."""
    found: dict[str, Schedule] = {}
    empty = []
    for name in names:
        if not is_glob(name):
            one = find(db, name)
            found[one.id] = one
            continue
        many = list(schedules.named_like(db, Filters(globs=(to_sqlite_glob(name),))))
        found.update((one.id, one) for one in many)
        if not many:
            empty.append(name)
    return Selection(list(found.values()), empty)


def find(db: Database, name: str) -> Schedule:
    """The schedule of that name. Raises NotFound, with the nearest name."""
    one = schedules.by_name(db, name)
    if one:
        return one
    near = get_close_matches(name, schedules.names_near(db, name), n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "'schedbot list' shows them all."
    raise NotFound(f"No schedule is called {times.quote(name)}.", hint)
