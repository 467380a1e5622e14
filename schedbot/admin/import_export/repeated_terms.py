"""RepeatedTerms: values of earlier lines with the same cells, so that a line parses only what is its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

from schedbot.admin.fields import report_fields
from schedbot.admin.fields.parsers import Fields
from schedbot.admin.fields.report_fields import Trial, try_report
from schedbot.admin.fields.schedule_fields import (
    OWN_COLUMNS,
    ScheduleFields,
    Zones,
    parse_account,
    parse_channel,
    parse_name,
)
from schedbot.model import Report
from schedbot.reports.definitions import Definitions

MOST = 20_000  # combinations

Select = Callable[[Fields], object]


class NewSchedule(NamedTuple):
    """Checked values of a new schedule: its own ones, and `shared`, which has all others."""

    name: str
    account: str
    channel: str
    report: Report
    shared: ScheduleFields

    @property
    def fields(self) -> ScheduleFields:
        """All values."""
        terms = replace(self.shared.terms, channel=self.channel, report=self.report)
        return replace(self.shared, name=self.name, account=self.account, terms=terms)


class RepeatedTerms:
    """Parser of new lines: rule and terms of a line are those of an earlier one with the same cells for them.

    `check` raises BadField for cells that a new line must not have; no cell of OWN_COLUMNS matters to it.
    """

    def __init__(
        self,
        now: int,
        zones: Zones,
        definitions: Definitions,
        trial: Trial = try_report,
        check: Callable[[Fields], None] | None = None,
    ) -> None:
        self.now = now
        self.zones = zones
        self.definitions = definitions
        self.trial = trial
        self.check = check
        self.known: dict[object, ScheduleFields] = {}
        self.selects: dict[tuple[str, ...], Select] = {}

    def parse(self, fields: Fields) -> NewSchedule:
        """Return the values of a new schedule. The cells are cleaned. Raises BadField for the first bad cell."""
        columns = tuple(fields)
        select = self.selects.get(columns) or self.add_select(columns)
        shared_cells = select(fields)
        shared = self.known.get(shared_cells)
        return self.parse_first(fields, shared_cells) if shared is None else self.parse_own(fields, shared)

    def find_known(self, lines: Sequence[Fields]) -> list[ScheduleFields | None]:
        """Return the shared values of lines with the same columns; None for a line that has to be parsed."""
        columns = tuple(lines[0])
        return list(map(self.known.get, map(self.selects.get(columns) or self.add_select(columns), lines)))

    def parse_first(self, fields: Fields, shared_cells: object) -> NewSchedule:
        """Return the values of the first line with these cells, which are kept for the next one."""
        if self.check:
            self.check(fields)
        parsed = ScheduleFields.parse(
            fields, self.now, zones=self.zones, definitions=self.definitions, trial=self.trial
        )
        if len(self.known) >= MOST:
            self.known.clear()
        self.known[shared_cells] = parsed
        return NewSchedule(parsed.name, parsed.account, parsed.terms.channel, parsed.terms.report, parsed)

    def parse_own(self, fields: Fields, shared: ScheduleFields) -> NewSchedule:
        """Return the values of a line. Errors are those of `ScheduleFields.parse`, in its order."""
        name = parse_name(fields)
        account = parse_account(fields.get("account") or "")
        channel = parse_channel(fields.get("channel") or "")
        report = report_fields.parse_report(fields, None, self.definitions)
        new = NewSchedule(name, account, channel, report, shared)
        if report.kind != "text":  # a text was checked when it was parsed
            self.trial(new.fields, self.now, self.definitions)
        return new

    def add_select(self, columns: tuple[str, ...]) -> Select:
        """Return the function that takes the shared cells, with their columns, from a line with these columns."""
        shared = tuple(column for column in columns if column not in OWN_COLUMNS)
        cells: Select = itemgetter(*shared) if shared else lambda _: ()
        self.selects[columns] = select = lambda fields: (shared, cells(fields))
        return select
