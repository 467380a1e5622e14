"""An import is all or nothing: every line is read and checked before one transaction writes them all.

Rule: what is wrong is listed line by line, and nothing is changed. Checking stands outside the transaction, so that
pools wait only for the writing; a name that was taken meanwhile undoes the whole.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn, TypeVar

from schedbot import times
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export import cell_errors, exporter, user_zones
from schedbot.admin.import_export.formats import Format, decoded, format_of, records
from schedbot.admin.import_export.records import SHOWN, Complaints, Record
from schedbot.admin.schedules import add, edit
from schedbot.admin.schedules.add import Wanted
from schedbot.admin.schedules.change_context import Facts
from schedbot.admin.workspaces import user_zones as zone_lookup
from schedbot.admin.workspaces.user_zones import Zones
from schedbot.errors import BadFile, BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.slack.people import is_person
from schedbot.store.database import Database
from schedbot.store.fanout import advance, occurrence_count
from schedbot.store.schedules import lookup

STEP = 500
JUDGED_ALONE = ("tz", "workspace", "skip_holidays")

Moved = Callable[[int, int], None]
One = TypeVar("One")


class Change(NamedTuple):
    """A schedule that is wanted, and what stands under its name; None: it is new."""

    line: int
    wanted: Wanted
    before: Schedule | None


@dataclass(slots=True)
class Plan:
    """What an import comes to."""

    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    lines: dict[str, int] = field(default_factory=dict)  # where each name stands
    refused: dict[tuple[str, str], BadField] = field(default_factory=dict)
    zones: Zones = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many schedules were added, changed, and left as they are."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Source:
    """What is imported: the file's name and content, how it is written (None: look), and may it change what exists?"""

    name: str
    raw: bytes
    form: Format | None = None
    update: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """What was read of the file, and the zones of whom it names."""

    source: Source
    found: list[Record]
    complaints: Complaints
    zones: Zones


def silently(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def import_file(session: Session, source: Source, moved: Moved = silently, dry_run: bool = False) -> Imported:
    """Add (and with `update` change) all schedules of a file. `moved` is told how far it is.

    Raises BadFile, which lists every bad line, and BadInput for a file that cannot be read; nothing is changed then.
    """
    lines = read(session, source)
    facts = Facts(session.actor, "import", session.now())
    plan = planned(session.db, lines, facts, moved)
    if dry_run:
        added = sum(change.before is None for change in plan.changes)
        return Imported(added, len(plan.changes) - added, plan.unchanged)
    with session.db.writing():
        imported = write(session.db, plan, facts, moved)
    session.db.wake()
    return imported


def read(session: Session, source: Source) -> Lines:
    """Read the file, and ask Slack for the people that it names."""
    text = decoded(source.raw, source.name)
    complaints = Complaints()
    found = list(records(text, source.form or format_of(source.name, text), complaints))
    return Lines(source, found, complaints, user_zones.asked(session, found, source.update))


def planned(db: Database, lines: Lines, facts: Facts, moved: Moved) -> Plan:
    """Check every line. Raises BadFile."""
    source, found, complaints = lines.source, lines.found, lines.complaints
    plan = Plan(zones=lines.zones)
    for number, some in enumerate(steps(found)):
        moved(number * STEP, 2 * len(found))
        standing = lookup.by_names(db, [name_of(record) for record in some])
        for record in some:
            try:
                refuse_again(record, plan)
                refuse_twice(record, plan)
                before = allowed(standing.get(name_of(record)), source.update)
                plan_one(db, record, before, facts, plan)
            except BadField as error:
                remember(record, error, plan)
                complain(db, lines, record, error, facts)
    if complaints.count:
        bad = "1 line is" if len(complaints.bad) == 1 else f"{len(complaints.bad):,} lines are"
        told = complaints.in_order()
        raise BadFile(f"{bad} wrong in '{source.name}'. Nothing was changed.", "Mend them, then import again.", told)
    return plan


def complain(db: Database, lines: Lines, record: Record, first: BadField, facts: Facts) -> None:
    """Take down what is wrong in a line. Where its complaint would only be counted, the first is enough."""
    complaints = lines.complaints
    complaints.add(record.line, first.column, first)
    if complaints.count >= SHOWN:
        return
    standing = lookup.by_names(db, [name_of(record)]).get(name_of(record)) if lines.source.update else None
    base = add.as_wanted(standing) if standing else None
    told = {first.column}
    for error in cell_errors.others(db, record.fields, base, facts, lines.zones):
        if error.column not in told:
            complaints.add(record.line, error.column, error)
        told.add(error.column)


def steps(whole: Sequence[One]) -> Iterator[Sequence[One]]:
    """The sequence in pieces of STEP."""
    return (whole[start : start + STEP] for start in range(0, len(whole), STEP))


def name_of(record: Record) -> str:
    return record.fields.get("name", "")


def remember(record: Record, error: BadField, plan: Plan) -> None:
    """Keep a verdict that holds for the value wherever it stands: to look for the nearest name takes long."""
    value = record.fields.get(error.column, "")
    if error.column in JUDGED_ALONE and value and not is_person(value):
        plan.refused[error.column, value] = error


def refuse_again(record: Record, plan: Plan) -> None:
    """Raises the BadField of a value that was refused before."""
    for column in JUDGED_ALONE if plan.refused else ():
        known = plan.refused.get((column, record.fields.get(column, "")))
        if known is not None:
            raise BadField(column, str(known), known.hint)


def refuse_twice(record: Record, plan: Plan) -> None:
    name = name_of(record)
    first = plan.lines.setdefault(name, record.line)
    if name and first != record.line:
        problem = f"{times.quote(name)} stands in line {first} too."
        raise BadField("name", problem, "A name belongs to one schedule: rename one of them.")


def allowed(before: Schedule | None, update: bool) -> Schedule | None:
    """What stands under a name, if it may be changed. Raises BadField."""
    if before is not None and not update:
        hint = "Say --update to change it, or choose another name."
        raise BadField("name", f"A schedule is called {times.quote(before.name)} already.", hint)
    return before


def plan_one(db: Database, record: Record, before: Schedule | None, facts: Facts, plan: Plan) -> None:
    """Check one line and plan for it. Raises BadField."""
    if before is None:
        new = add.wanted(record.fields, facts.now, zones=plan.zones)
    else:
        different = differences(record, before)
        if not different:
            plan.unchanged += 1
            return
        made = occurrence_count.made(db, before, facts.now)
        new = add.wanted(different, facts.now, add.as_wanted(before, made), plan.zones)
    add.shared_hours(db, new, facts)
    plan.changes.append(Change(record.line, new, before))


def differences(record: Record, before: Schedule) -> dict[str, str]:
    """The fields that say something else than stands: a past start that is repeated is no new one."""
    stands = exporter.cells(before)
    return {column: text for column, text in record.fields.items() if text != stands[column]}


def write(db: Database, plan: Plan, facts: Facts, moved: Moved) -> Imported:
    """Write what is planned, with the occurrences of the look-ahead once for each recurrence. Inside a transaction."""
    new = [change for change in plan.changes if change.before is None]
    other = [change for change in plan.changes if change.before is not None]
    written: list[Schedule] = []
    for number, some in enumerate(steps(new)):
        moved(len(plan.changes) + number * STEP, 2 * len(plan.changes))
        refuse_taken(db, some)
        written += add.write_all(db, [change.wanted for change in some], facts)
    changed = [(change.before, rewrite(db, change, facts)) for change in other]
    written += [after for _, after in changed]
    active = [one for one in written if one.state is ScheduleState.ACTIVE]
    for recurrence_id in sorted({facts.recurrence_id(db, one.recurrence) for one in active}):
        advance.enqueue_upcoming(db, None, recurrence_id, facts.now)
    zone_lookup.learn(db, plan.zones, facts.now)
    really = sum(before != after for before, after in changed)
    return Imported(len(new), really, plan.unchanged + len(other) - really)


def refuse_taken(db: Database, new: Sequence[Change]) -> None:
    """Raises BadInput where a name was taken since it was checked."""
    now_taken = lookup.by_names(db, [change.wanted.name for change in new])
    for change in new if now_taken else ():
        if change.wanted.name in now_taken:
            refuse(change, add.taken(change.wanted.name))


def rewrite(db: Database, change: Change, facts: Facts) -> Schedule:
    """Change what stands. Raises BadInput where it was changed since it was checked."""
    assert change.before is not None
    try:
        return edit.write(db, change.before, change.wanted, facts).after
    except BadField as error:
        refuse(change, error)


def refuse(change: Change, error: BadField) -> NoReturn:
    raise BadInput(f"line {change.line}: {error.column}: {error}", error.hint) from None
