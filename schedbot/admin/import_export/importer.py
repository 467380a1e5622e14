"""Import schedules from a file, all or nothing: every line is checked before one transaction writes all schedules.

A name that somebody else takes between the check and the transaction undoes the whole import.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export.csv_reader import read_csv
from schedbot.admin.import_export.formats import Format, Record, decode, detect_format
from schedbot.admin.import_export.import_plan import (
    ImportChecker,
    ImportPlan,
    PlannedChange,
    Progress,
    ask_zones,
    batches,
    refuse_bad_lines,
)
from schedbot.admin.import_export.jsonl_reader import read_json_lines
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.admin.schedules.writer import ScheduleWriter, name_in_use
from schedbot.admin.workspaces import user_zones
from schedbot.errors import BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.reports import definitions, trial
from schedbot.session import Session
from schedbot.slack import channel_ids
from schedbot.store.fanout import enqueue_due
from schedbot.store.schedules import lookup

MOST_TRIALS = 1_000  # of one template, for different values: each takes about a millisecond


@dataclass(frozen=True, slots=True)
class Source:
    """File to import. `form` None: detect the format. `update`: schedules that exist may be changed."""

    name: str
    raw: bytes
    form: Format | None = None
    update: bool = False


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Number of schedules that were added, changed, and left unchanged; of the first two, `direct_messages` post to a
    person, and the reports of `not_rendered` were not tried."""

    added: int
    changed: int
    unchanged: int
    direct_messages: int = 0
    not_rendered: int = 0


def ignore_progress(done: int, total: int) -> None:
    """Report no progress."""


def import_file(
    session: Session, source: Source, progress: Progress = ignore_progress, dry_run: bool = False
) -> ImportResult:
    """Add all schedules of a file, and with `update` change those that exist.

    Raises BadFile, which lists every bad line, and BadInput for a file that cannot be read; nothing is changed then.
    """
    errors = LineErrors()
    records = read_records(source, errors)
    zones = ask_zones(session, records, source.update)
    writer = ScheduleWriter(session.db, ChangeContext.begin(session, "import"))
    checker = ImportChecker(writer, source.update, zones, definitions.load(session.settings))
    with trial.limit_trials(MOST_TRIALS) as limit:
        checker.check_all(records, errors, progress)
    refuse_bad_lines(errors, source.name)
    plan = checker.plan
    if dry_run:
        added = sum(change.before is None for change in plan.changes)
        changed = len(plan.changes) - added
        return ImportResult(added, changed, plan.unchanged, count_direct_messages(plan), limit.left_out)
    with session.db.writing():
        result = write(writer, plan, progress)
        user_zones.learn(session.db, zones, writer.context.now)
    session.db.wake()
    return replace(result, not_rendered=limit.left_out)


def read_records(source: Source, errors: LineErrors) -> list[Record]:
    """Return the records of a file, with an error for each line that cannot be read. Raises BadInput."""
    text = decode(source.raw, source.name)
    form = source.form or detect_format(source.name, text)
    return list(read_csv(text, errors) if form is Format.CSV else read_json_lines(text, errors))


def write(writer: ScheduleWriter, plan: ImportPlan, progress: Progress) -> ImportResult:
    """Write the planned schedules and the occurrences within the look-ahead. Inside a transaction."""
    new = [change for change in plan.changes if change.before is None]
    written: list[Schedule] = []
    for done, batch in batches(new):
        progress(len(plan.changes) + done, 2 * len(plan.changes))
        refuse_names_in_use(writer, batch)
        written += writer.insert_all([change.fields for change in batch])
    changed = 0
    for change in plan.changes:
        if change.before is not None:
            after = update(writer, change.before, change)
            changed += change.before != after
            written.append(after)
    enqueue(writer, written)
    unchanged = plan.unchanged + len(plan.changes) - len(new) - changed
    return ImportResult(len(new), changed, unchanged, count_direct_messages(plan))


def count_direct_messages(plan: ImportPlan) -> int:
    """Return the number of planned schedules that post to a person, not to a channel."""
    channels = [change.fields.terms.channel for change in plan.changes]
    return sum(bool(channel_ids.describe_direct_message(channel)) for channel in channels)


def enqueue(writer: ScheduleWriter, written: Sequence[Schedule]) -> None:
    """Enqueue the occurrences within the look-ahead, once for each recurrence of the active schedules."""
    rules = {schedule.recurrence for schedule in written if schedule.state is ScheduleState.ACTIVE}
    for recurrence_id in sorted(map(writer.recurrence_id, rules)):
        enqueue_due.enqueue_upcoming(writer.db, None, recurrence_id, writer.context.now)


def refuse_names_in_use(writer: ScheduleWriter, new: Sequence[PlannedChange]) -> None:
    """Raise BadInput where a name was taken since the check."""
    existing = lookup.by_names(writer.db, [change.fields.name for change in new])
    for change in new if existing else ():
        if change.fields.name in existing:
            refuse_line(change, name_in_use(change.fields.name))


def update(writer: ScheduleWriter, before: Schedule, change: PlannedChange) -> Schedule:
    """Change a schedule. Raises BadInput where it was changed since the check."""
    try:
        return writer.update(before, change.fields).after
    except BadField as error:
        refuse_line(change, error)


def refuse_line(change: PlannedChange, error: BadField) -> NoReturn:
    raise BadInput(f"line {change.line}: {error.column}: {error}", error.hint) from None
