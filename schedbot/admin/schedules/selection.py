"""Schedules by names and globs. A name must exist; a glob may match nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from schedbot import text_input, times
from schedbot.admin.fields import parsers
from schedbot.errors import BadInput, NotFound
from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter


@dataclass(frozen=True, slots=True)
class Selection:
    """Schedules of some names and globs, each once, in the order of the names. `empty`: globs that match nothing."""

    schedules: list[Schedule]
    empty: list[str]


def is_glob(name: str) -> bool:
    """Does the name have a glob's characters?"""
    return bool(parsers.GLOB.search(name))


def to_sqlite_glob(pattern: str) -> str:
    """Return the glob as SQLite has it: `[^a]` for a shell's `[!a]`. Raises BadInput for one longer than any name."""
    if len(pattern) > parsers.MAX_NAME_LENGTH:
        problem = f"The glob {times.quote(pattern)} is longer than any name."
        raise BadInput(problem, f"Names have at most {parsers.MAX_NAME_LENGTH} characters.")
    return pattern.replace("[!", "[^")


def find_all(db: Database, names: Sequence[str]) -> Selection:
    """Return the schedules of the names and globs. Raises NotFound for a name that no schedule has."""
    by_id: dict[str, Schedule] = {}
    empty = []
    for name in map(text_input.clean, names):
        if not is_glob(name):
            schedule = find(db, name)
            by_id[schedule.id] = schedule
            continue
        matches = list(schedules.list_matching(db, ScheduleFilter(globs=(to_sqlite_glob(name),))))
        by_id.update((schedule.id, schedule) for schedule in matches)
        if not matches:
            empty.append(name)
    return Selection(list(by_id.values()), empty)


def find(db: Database, name: str) -> Schedule:
    """Return the schedule with this name. Raises NotFound, with the nearest name."""
    name = text_input.clean(name)
    schedule = schedules.by_name(db, name)
    if schedule:
        return schedule
    near = get_close_matches(name, schedules.similar_names(db, name), n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "'schedbot list' shows all schedules."
    raise NotFound(f"No schedule named {times.quote(name)} exists.", hint)
