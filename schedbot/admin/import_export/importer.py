"""Import schedules from a file, all or nothing: every line is checked before one transaction writes all schedules.

A name that somebody else takes between the check and the transaction undoes the whole import.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export.csv_reader import read_csv
from schedbot.admin.import_export.formats import Format, Record, decode, detect_format
from schedbot.admin.import_export.import_plan import (
    ImportChecker,
    ImportPlan,
    NewStage,
    NoStage,
    PlannedChange,
    Progress,
    refuse_bad_lines,
)
from schedbot.admin.import_export.jsonl_reader import read_json_lines
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.admin.import_export.new_schedules import LARGE, NewSchedules
from schedbot.admin.schedules.writer import ScheduleWriter, name_in_use
from schedbot.admin.workspaces import user_zones
from schedbot.errors import BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.reports import trial
from schedbot.session import Session
from schedbot.store.fanout import enqueue_due
from schedbot.store.history import changes

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
    lines = source.raw.count(b"\n") + 1
    writer = ScheduleWriter(session.db, ChangeContext.begin(session, "import"))
    last_change = changes.last_number(session.db)

    def check(stage: NewStage) -> tuple[ImportChecker, int]:
        errors = LineErrors()
        checker = ImportChecker(session, writer, source.update, stage)
        with trial.limit_trials(MOST_TRIALS) as limit:
            checker.check_all(read_records(source, errors), errors, lambda done: progress(done, 2 * lines))
        refuse_bad_lines(errors, source.name)
        return checker, limit.left_out

    if dry_run:
        checker, not_rendered = check(NoStage())
        return to_result(checker.plan, len(checker.plan.changes), not_rendered)
    with NewSchedules(writer, last_change, lines > LARGE) as new:
        checker, not_rendered = check(new)
        new.end_staging()
        progress(lines, 2 * lines)
        with session.db.writing(is_large=new.count > LARGE, only_adds=not checker.plan.changes):
            changed = write(writer, new, checker.plan)
            user_zones.learn(session.db, checker.zones, writer.context.now)
    session.db.wake()
    return to_result(checker.plan, changed, not_rendered)


def to_result(plan: ImportPlan, changed: int, not_rendered: int) -> ImportResult:
    """Return the numbers of a plan, where `changed` of its changes were made."""
    unchanged = plan.unchanged + len(plan.changes) - changed
    return ImportResult(plan.added, changed, unchanged, plan.direct_messages, not_rendered)


def read_records(source: Source, errors: LineErrors) -> Iterator[Record]:
    """Return the records of a file, with an error for each line that cannot be read. Raises BadInput."""
    text = decode(source.raw, source.name)
    form = source.form or detect_format(source.name, text)
    return read_csv(text, errors) if form is Format.CSV else read_json_lines(text, errors)


def write(writer: ScheduleWriter, new: NewSchedules, plan: ImportPlan) -> int:
    """Write new and changed schedules, with the occurrences within the look-ahead. Inside a transaction.

    Returns the number of those that changed. Raises BadInput where a name was taken since the check.
    """
    for in_use in new.list_names_in_use():
        refuse_line(in_use.line, name_in_use(in_use.name))
    new.write()
    written = [(change.before, update(writer, change.before, change)) for change in plan.changes]
    enqueue(writer, [after for _, after in written])
    return sum(before != after for before, after in written)


def enqueue(writer: ScheduleWriter, written: Sequence[Schedule]) -> None:
    """Enqueue the occurrences within the look-ahead, once for each recurrence of the active schedules."""
    rules = {schedule.recurrence for schedule in written if schedule.state is ScheduleState.ACTIVE}
    for recurrence_id in sorted(map(writer.recurrence_id, rules)):
        enqueue_due.enqueue_upcoming(writer.db, None, recurrence_id, writer.context.now)


def update(writer: ScheduleWriter, before: Schedule, change: PlannedChange) -> Schedule:
    """Change a schedule. Raises BadInput where it was changed since the check."""
    try:
        return writer.update(before, change.fields).after
    except BadField as error:
        refuse_line(change.line, error)


def refuse_line(line: int, error: BadField) -> NoReturn:
    raise BadInput(f"line {line}: {error.column}: {error}", error.hint) from None
